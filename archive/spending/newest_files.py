"""Statements of whole lives, and filed payments, that the newest file of their data set does not have.

Only a complete file says that one is gone; of all others the sums tell how many they may count although
their source has dropped them, or restates them under another id.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import Session, col, select

from archive.models import AdvertiserSpend, Disclosure, Run, Sighting
from archive.models.changes import ChangeKind
from archive.models.runs import ENDED_WELL
from archive.reading.as_of.moment import Moment
from archive.records import Grain
from archive.runs.sightings import read_seen_ids

UNDATED = (Grain.LIFETIME, Grain.REGION)

Listed = Iterable[tuple[int, str, str]]
"""Our id of each figure, its source and its data set."""


def list_statements_of_lives(session: Session, stated: type[AdvertiserSpend]) -> Listed:
    """The statements that one file states all of."""
    columns = (col(stated.id), col(stated.source), col(stated.dataset))
    query = select(*columns).where(col(stated.grain).in_(UNDATED))
    return [(row_id or 0, source, dataset) for row_id, source, dataset in session.exec(query)]


def list_filed(session: Session, filed: type[Disclosure]) -> Listed:
    """Filed payments; those of one year stand in one file."""
    columns = (col(filed.id), col(filed.source), cast(col(filed.report_year), String))
    return session.exec(select(*columns)).all()


def find_not_in_newest(
    session: Session, kind: ChangeKind, listed: Listed, moment: Moment
) -> list[int]:
    """Rising ids of the figures that the newest run which met any of their data set did not meet."""
    by_source: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row_id, source, dataset in listed:
        by_source[source][dataset].add(row_id)
    missed: set[int] = set()
    for source, open_sets in by_source.items():
        for seen in _read_newest_first(session, source, kind, moment):
            for dataset in [name for name, ids in open_sets.items() if ids & seen]:
                missed |= open_sets.pop(dataset) - seen
            if not open_sets:
                break
    return sorted(missed)


def has_incomplete_file(session: Session, kind: ChangeKind, moment: Moment) -> bool:
    """Whether the newest run of any partition that met such figures was not complete."""
    columns = (col(Run.source), col(Run.partition), col(Run.complete))
    saw = select(Sighting.run_id).where(Sighting.kind == kind, Sighting.block == 0)
    newest: dict[tuple[str, str], bool] = {}
    query = select(*columns).where(col(Run.id).in_(saw), *_count_runs(moment))
    for source, partition, is_complete in session.exec(query.order_by(*NEWEST_FIRST)):
        newest.setdefault((source, partition), is_complete)
    return not all(newest.values())


NEWEST_FIRST = (col(Run.observed_at).desc(), col(Run.id).desc())


def _count_runs(moment: Moment) -> list[ColumnElement[bool]]:
    limits = moment.limit_clocks(col(Run.ended_at), col(Run.observed_at))
    return [col(Run.outcome).in_(ENDED_WELL), *limits]


def _read_newest_first(
    session: Session, source: str, kind: ChangeKind, moment: Moment
) -> Iterator[Set[int]]:
    """What the runs of a source saw that count at a moment, run by run."""
    runs = select(Run.id).where(Run.source == source, *_count_runs(moment))
    for run_id in session.exec(runs.order_by(*NEWEST_FIRST)):
        if seen := read_seen_ids(session, run_id or 0, kind):
            yield seen
