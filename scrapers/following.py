"""After data came in: evaluate the rules on what changed, then bring the search copy up to date.

The worker and the commands call it; each reader keeps its own mark and can be killed at any point.
"""

from sqlalchemy import Engine

from config.settings import Settings
from scrapers.intake import Clock


def follow_changes(
    settings: Settings, engine: Engine, clock: Clock, *, evaluate: bool = True, index: bool = True
) -> None:
    """Let the readers of the change sequence catch up."""
