"""After data came in: evaluate the rules on what changed, then bring search copy and mirror up to date.

The worker and the commands call it. Neither a broken rule file nor a search engine that is down undoes
what was taken in. The mirror follows the worker only: whoever waits for one import wants to find its ads,
and the mirror, which states up to which change it tells, begins with a copy of the whole archive.
"""

from sqlalchemy import Engine

from config.settings import Settings
from scrapers.intake.pages import Clock


def follow_changes(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    *,
    evaluate: bool = True,
    index: bool = True,
    mirror: bool = False,
) -> None:
    """Let the readers of the change sequence catch up; says on standard error what stays behind."""
    if not (evaluate or index or mirror):
        return
    # Rules and search take half a second to import, and a crawl's child follows nothing.
    from scrapers.work.dispatch.consumers import evaluate_rules, sync_search, write_mirror  # noqa: PLC0415

    if evaluate:
        evaluate_rules(settings, engine, clock)
    if index:
        sync_search(settings, engine, clock)
    if mirror:
        write_mirror(settings, engine, clock)
