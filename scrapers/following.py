"""After data came in: evaluate the rules on what changed, then bring the search copy up to date.

The worker and the commands call it. Neither a broken rule file nor a search engine that is down undoes
what was taken in.
"""

from sqlalchemy import Engine

from config.settings import Settings
from scrapers.intake import Clock


def follow_changes(
    settings: Settings, engine: Engine, clock: Clock, *, evaluate: bool = True, index: bool = True
) -> None:
    """Let the readers of the change sequence catch up; says on standard error what stays behind."""
    if not (evaluate or index):
        return
    # Rules and search take half a second to import, and a crawl's child follows nothing.
    from scrapers.consumers import evaluate_rules, sync_search  # noqa: PLC0415

    if evaluate:
        evaluate_rules(settings, engine, clock)
    if index:
        sync_search(settings, engine, clock)
