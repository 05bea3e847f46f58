"""The end of a look at a source: what has vanished, and the run's row with its outcome.

The import and the crawl call `close_look` in one write transaction; nothing of a look is written after.
"""

from datetime import datetime
from typing import TypedDict, Unpack

from sqlmodel import Session

from archive.absences import mark_vanished
from archive.countries_seen import write_run_countries
from archive.models.collecting import Outcome
from archive.runs import Counts, Look, end_run
from archive.sightings import repeat_sightings


class Ending(TypedDict, total=False):
    """What else a run's row says about its end."""

    reason: str
    not_read: list[str]
    not_before_at: datetime | None


def close_look(
    session: Session,
    look: Look,
    outcome: Outcome,
    now: datetime,
    *,
    covered: bool = False,
    is_unchanged: bool = False,
    **ending: Unpack[Ending],
) -> Counts:
    """End a look; one that covered its whole partition says which ads have vanished.

    `is_unchanged`: the source gave the very bytes of the last complete look, so it showed what that
    one saw. Returns what the end added to the look's counts.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
    """
    if is_unchanged:
        repeat_sightings(session, look)
    vanished = mark_vanished(session, look, now) if covered and not is_unchanged else 0
    write_run_countries(session, look)
    end_run(session, look, outcome, now, complete=covered, vanished=vanished, **ending)
    return Counts(vanished=vanished)
