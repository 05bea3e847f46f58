"""After data came in: evaluate the rules on what changed, then bring search copy and mirror up to date.

The worker and the commands call it. Neither a broken rule file nor a search engine that is down undoes
what was taken in. Mirror and copies of ads follow the worker only: whoever waits for one import wants to find
its ads, and both, which state up to which change they tell, begin with the whole archive.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Engine

from archive.records import QuarantineStage
from archive.runs.fence import run_fenced
from archive.terminal import ReachStage, reach_no_stage
from config.counts import write_count
from config.settings import Settings
from scrapers.intake.pages import Clock

RULES, SEARCH_COPY = "ads held against the rules", "ads in the search copy"
MIRROR = "tables in the mirror"
COPIES = "ads compared with others"
CREATIVES = "creatives in the search copy"
WHOLE_STEP = "all of it"
"""The subject of a step that failed as a whole."""


@contextmanager
def naming_kept(records: int) -> Iterator[None]:
    """Whoever is stopped while readers of the changes catch up hears how many records came in and stay."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if not records:
            raise
        kept = write_count(records, "record is", "records are")
        raise KeyboardInterrupt(
            f"stopped: {kept} kept, rules or search copy do not know all of them yet; the same command "
            "goes on"
        ) from stop


def follow_changes(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    *,
    evaluate: bool = True,
    index: bool = True,
    mirror: bool = False,
    copies: bool = False,
    reach: ReachStage = reach_no_stage,
) -> int:
    """Let the readers of the change sequence catch up; says on standard error what stays behind.

    A step that fails unforeseen is put aside as a whole, and the next one goes on. Gives how much was put
    aside.
    """
    if not (evaluate or index or mirror or copies):
        return 0
    # Rules and search take half a second to import, and a crawl's child follows nothing.
    from scrapers.work.dispatch.consumers import (  # noqa: PLC0415
        evaluate_rules,
        find_copies,
        sync_search,
        write_mirror,
    )

    steps = [
        (evaluate, QuarantineStage.EVALUATION, evaluate_rules, RULES),
        (index, QuarantineStage.SEARCH, sync_search, SEARCH_COPY),
        (copies, QuarantineStage.COPIES, find_copies, COPIES),
        (copies and index, QuarantineStage.SEARCH, sync_search, CREATIVES),
        (mirror, QuarantineStage.MIRROR, write_mirror, MIRROR),
    ]
    put_aside = 0
    for is_wanted, stage, follow, name in steps:
        if is_wanted:
            work = partial(follow, settings, engine, clock, partial(reach, name))
            failed = run_fenced(engine, stage, "", WHOLE_STEP, clock, work)
            put_aside += 1 if failed is None else failed
            if failed is not None:
                reach(name, 1, 1)
    return put_aside
