"""Statements of whole lives that the newest file of their data set does not have.

Only a complete file says that a statement is gone; of all others the sums tell how many they may count
although their source has dropped them, or restates them under another id.
"""

from collections import defaultdict
from collections.abc import Iterator, Set

from sqlmodel import Session, col, select

from archive.models import AdvertiserSpend, Run
from archive.models.changes import ChangeKind
from archive.models.runs import ENDED_WELL
from archive.reading.as_of.moment import Moment
from archive.records import Grain
from archive.runs.sightings import read_seen_ids

UNDATED = (Grain.LIFETIME, Grain.REGION)


def find_not_in_newest(
    session: Session, stated: type[AdvertiserSpend], moment: Moment
) -> frozenset[int]:
    """Ids of the statements that the newest run which met any of their data set did not meet."""
    rows = select(stated.id, stated.source, stated.dataset).where(col(stated.grain).in_(UNDATED))
    by_source: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row_id, source, dataset in session.exec(rows):
        by_source[source][dataset].add(row_id or 0)
    missed: set[int] = set()
    for source, open_sets in by_source.items():
        for seen in _read_newest_first(session, source, moment):
            for dataset in [name for name, ids in open_sets.items() if ids & seen]:
                missed |= open_sets.pop(dataset) - seen
            if not open_sets:
                break
    return frozenset(missed)


def _read_newest_first(session: Session, source: str, moment: Moment) -> Iterator[Set[int]]:
    """What the runs of a source saw that count at a moment, run by run."""
    runs = select(Run.id).where(
        Run.source == source,
        col(Run.outcome).in_(ENDED_WELL),
        *moment.limit_clocks(col(Run.ended_at), col(Run.observed_at)),
    )
    for run_id in session.exec(runs.order_by(col(Run.observed_at).desc(), col(Run.id).desc())):
        if seen := read_seen_ids(session, run_id or 0, ChangeKind.ADVERTISER_SPEND):
            yield seen
