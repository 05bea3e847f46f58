"""What each run saw, kept as blocks of ids: it tells when something unchanged was last seen.

Ingest notes what it met; vanished ads and late history ask. An unchanged ad costs about a byte a run
and no row of its own.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import accumulate, chain, pairwise

import zstandard
from sqlalchemy import ColumnElement, Table, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from archive.models import Run, Sighting
from archive.models.changes import ChangeKind
from archive.models.runs import RunKind
from archive.runs.lease import RunLease
from archive.store.bulk import ID_COLUMN, insert_rows, make_scratch

Blocks = Select[datetime, bytes]
Conditions = Sequence[ColumnElement[bool]]


def note_sightings(session: Session, lease: RunLease, kind: ChangeKind, ids: Iterable[int]) -> None:
    """Keep which of our ids a run saw; the same id twice counts once."""
    ordered = sorted(set(ids))
    if not ordered:
        return
    of_run = (Sighting.run_id == lease.run_id, Sighting.kind == kind)
    newest = session.exec(select(func.max(Sighting.block)).where(*of_run)).one()
    session.add(
        Sighting(
            run_id=lease.run_id,
            kind=kind,
            block=0 if newest is None else newest + 1,
            first_id=ordered[0],
            last_id=ordered[-1],
            ids=pack_ids(ordered),
        )
    )
    session.flush()


def repeat_sightings(session: Session, lease: RunLease) -> None:
    """Note that a run saw what the newest complete run of its partition had seen."""
    newest = find_run_before(session, lease, col(Run.complete).is_(True))
    if newest is None:
        return
    for block in session.exec(select(Sighting).where(Sighting.run_id == newest.id)).all():
        session.add(Sighting(**block.model_dump() | {"run_id": lease.run_id}))
    session.flush()


def find_run_before(
    session: Session, lease: RunLease, *conditions: ColumnElement[bool]
) -> Run | None:
    """The newest run of the same partition up to this one, of those that meet the conditions."""
    query = select(Run).where(
        Run.source == lease.source,
        Run.partition == lease.partition,
        Run.id != lease.run_id,
        col(Run.observed_at) <= lease.observed_at,
        *conditions,
    )
    return session.exec(query.order_by(col(Run.observed_at).desc(), col(Run.id).desc())).first()


def find_complete_after(session: Session, lease: RunLease) -> RunLease | None:
    """The first complete run of the same partition after this one, as this one's lease would name it."""
    query = select(Run).where(
        Run.source == lease.source,
        Run.partition == lease.partition,
        col(Run.complete).is_(True),
        col(Run.observed_at) > lease.observed_at,
    )
    run = session.exec(query.order_by(col(Run.observed_at), col(Run.id)).limit(1)).first()
    if run is None or run.id is None:
        return None
    return replace(lease, run_id=run.id, observed_at=run.observed_at)


def has_seen(session: Session, run_id: int, kind: ChangeKind) -> bool:
    """Whether a run saw anything of a kind."""
    query = select(Sighting.run_id).where(Sighting.run_id == run_id, Sighting.kind == kind)
    return session.exec(query.limit(1)).first() is not None


def read_seen_ids(session: Session, run_id: int, kind: ChangeKind) -> set[int]:
    """The ids a run saw."""
    return set(chain.from_iterable(read_seen(session, run_id, kind)))


def read_seen(session: Session, run_id: int, kind: ChangeKind) -> Iterator[list[int]]:
    """The ids a run saw, block by block, each block in rising order; blocks may share ids."""
    query = select(Sighting.ids).where(Sighting.run_id == run_id, Sighting.kind == kind)
    for packed in session.exec(query.order_by(col(Sighting.block)).execution_options(yield_per=8)):
        yield unpack_ids(packed)


def lay_out_seen(session: Session, run_id: int, *kinds: ChangeKind) -> Table:
    """A table of this connection alone with the ids a run saw (`id`), some perhaps twice."""
    seen = make_scratch(session, "seen", [ID_COLUMN])
    for kind in kinds:
        for ids in read_seen(session, run_id, kind):
            insert_rows(session, seen, ("id",), [(one,) for one in ids])
    return seen


def find_first_after(
    session: Session, source: str, kind: ChangeKind, ids: Collection[int], after: datetime
) -> dict[int, datetime]:
    """For each id that a run saw after a time: the earliest such run's observation time."""
    query = _blocks_of(source, kind, ids).where(col(Run.observed_at) > after)
    return _first_times(session, query.order_by(col(Run.observed_at)), ids)


def find_last_before(
    session: Session, source: str, kind: ChangeKind, ids: Collection[int], before: datetime
) -> dict[int, datetime]:
    """For each id that a run saw before a time: the latest such run's observation time."""
    query = _blocks_of(source, kind, ids).where(col(Run.observed_at) < before)
    return _first_times(session, query.order_by(col(Run.observed_at).desc()), ids)


Spans = dict[int, list[tuple[datetime, datetime | None]]]
"""For each of our ids, times from one (included) to another (not included, or open), in order."""


def find_last_within(
    session: Session, source: str, kind: ChangeKind, spans: Spans, limits: Conditions
) -> dict[tuple[int, datetime], datetime]:
    """For each id and the start of each of its spans: the last run within it that saw the id.

    Only ended runs of a known observation time count, and of them those that meet `limits`. A span in
    which no run saw its id has no entry.
    """
    wanted = {one: list(of_one) for one, of_one in spans.items() if of_one}
    if not wanted:
        return {}
    found: dict[tuple[int, datetime], datetime] = {}
    dated = (col(Run.ended_at).is_not(None), col(Run.observed_how) != RunKind.IMPORT, *limits)
    query = _blocks_of(source, kind, spans).where(*dated).order_by(col(Run.observed_at).desc())
    with closing(session.exec(query)) as blocks:
        for observed_at, packed in blocks:
            for one in wanted.keys() & unpack_ids(packed):
                if since := _take_span(wanted, one, observed_at):
                    found[one, since] = observed_at
            if not wanted:
                break
    return found


def _take_span(wanted: Spans, one: int, at: datetime) -> datetime | None:
    """Start of the newest span that holds the time; it and those after it are wanted no more."""
    spans = wanted[one]
    while spans and spans[-1][0] > at:
        spans.pop()
    since, until = spans[-1] if spans else (None, None)
    is_within = since is not None and (until is None or at < until)
    if is_within:
        spans.pop()
    if not spans:
        del wanted[one]
    return since if is_within else None


def _blocks_of(source: str, kind: ChangeKind, ids: Collection[int]) -> Blocks:
    return (
        select(Run.observed_at, Sighting.ids)
        .join(Sighting, col(Sighting.run_id) == col(Run.id))
        .where(
            Run.source == source,
            Sighting.kind == kind,
            col(Sighting.first_id) <= max(ids, default=0),
            col(Sighting.last_id) >= min(ids, default=0),
        )
        .execution_options(yield_per=8)
    )


def _first_times(session: Session, query: Blocks, ids: Collection[int]) -> dict[int, datetime]:
    """The observation time of the first block that holds each id; reads no further than needed."""
    wanted, found = set(ids), dict[int, datetime]()
    if not wanted:
        return found
    with closing(session.exec(query)) as blocks:
        for observed_at, packed in blocks:
            met = wanted.intersection(unpack_ids(packed))
            found |= dict.fromkeys(met, observed_at)
            wanted -= met
            if not wanted:
                break
    return found


def pack_ids(ordered: list[int]) -> bytes:
    """Rising ids as compressed differences."""
    steps = array("Q", [ordered[0], *(after - before for before, after in pairwise(ordered))])
    return zstandard.compress(steps.tobytes(), 1)


def unpack_ids(packed: bytes) -> list[int]:
    """The ids that `pack_ids` took, in the same order."""
    steps = array("Q")
    steps.frombytes(zstandard.decompress(packed))
    return list(accumulate(steps))
