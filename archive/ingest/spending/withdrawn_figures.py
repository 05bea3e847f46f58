"""Statements that a source no longer makes: a further row without amounts, and a correction.

`archive.ingest.close_run.close_run` calls it at the end of a complete sweep, ingest where a run comes later
than such a sweep. Only one can say that a series is gone, and only of series that lived in its partition.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from archive.ingest.corrections import Figures, withdraw_statement, write_corrections
from archive.ingest.rows import Stamp
from archive.ingest.spending.nothing_stated import state_nothing
from archive.ingest.spending.statements import name_subject, write_statements
from archive.ingest.values import read_values
from archive.models import AdvertiserSpend, Run
from archive.models.changes import ChangeKind
from archive.runs.lease import RunLease
from archive.runs.sightings import (
    find_complete_after,
    find_first_after,
    find_run_before,
    has_seen,
    lay_out_seen,
    read_seen_ids,
)
from archive.store.batches import cut_batches
from archive.store.bulk import table_of

KIND = ChangeKind.ADVERTISER_SPEND

SAME = ("source", "advertiser_id", "dataset", "grain")
"""What statements of one advertiser's payers share, besides the days."""


def withdraw_missing(session: Session, lease: RunLease, now: datetime) -> int:
    """Close a complete sweep: series of its partition that it did not meet are withdrawn.

    Returns how many. Series observed later than this run, or seen by a newer one, are left alone.
    """
    gone = find_unstated(session, lease)
    _withdraw_statements(session, gone, Stamp(lease, None, now))
    return len(gone)


def withdraw_unnamed(session: Session, lease: RunLease, now: datetime) -> int:
    """Close a run: payers that it no longer found beside an advertiser it did find are withdrawn.

    A report that names an advertiser's payers names all of them, so a name it lacks was changed, and the
    amount stands under another. Returns how many.
    """
    gone = find_unnamed_payers(session, lease)
    _withdraw_statements(session, gone, Stamp(lease, None, now))
    return len(gone)


def find_unnamed_payers(session: Session, lease: RunLease) -> list[int]:
    """Current statements of payers that the run did not meet, beside statements of the same that it met."""
    if not has_seen(session, lease.run_id, KIND):
        return []
    seen = lay_out_seen(session, lease.run_id, KIND)
    met, other = aliased(AdvertiserSpend), aliased(AdvertiserSpend)
    is_same = [getattr(met, name) == getattr(other, name) for name in SAME]
    start = (col(met.period_start_on), col(other.period_start_on))
    query = (
        select(other.id)
        .distinct()
        .where(
            col(met.id).in_(select(seen.c.id)),
            *is_same,
            start[0].is_not_distinct_from(start[1]),
            or_(col(met.payer_name).is_not(None), col(other.payer_name).is_not(None)),
            col(other.is_current).is_(True),
            col(other.is_withdrawn).is_(False),
            col(other.observed_at) <= lease.observed_at,
            col(other.id).not_in(select(seen.c.id)),
        )
        .order_by(col(other.id))
    )
    return [row_id for row_id in session.exec(query) if row_id]


def withdraw_missed_since(session: Session, lease: RunLease, now: datetime) -> None:
    """Withdraw what this run made current although a newer complete run of its partition missed it."""
    missed_by = find_complete_after(session, lease)
    if missed_by is None:
        return
    brought = select(AdvertiserSpend.id).where(
        AdvertiserSpend.run_id == lease.run_id,
        col(AdvertiserSpend.is_current).is_(True),
        col(AdvertiserSpend.observed_at) == lease.observed_at,
    )
    ids = [row_id for row_id in session.exec(brought.order_by(col(AdvertiserSpend.id))) if row_id]
    _withdraw_statements(session, ids, Stamp(missed_by, None, now))


def _withdraw_statements(session: Session, ids: Sequence[int], stamp: Stamp) -> None:
    next_id = (session.exec(select(func.max(AdvertiserSpend.id))).one() or 0) + 1
    for some in cut_batches(ids):
        columns = table_of(AdvertiserSpend).c
        statements = sorted(read_values(session, columns, columns.id, some), key=itemgetter("id"))
        rows = [
            state_nothing(row) | stamp.columns | {"id": next_id + i, "is_current": True}
            for i, row in enumerate(statements)
        ]
        write_statements(session, stamp, rows)
        write_corrections(
            session,
            [
                withdraw_statement(name_subject(row), stamp, Figures(row, row["observed_at"]))
                for row in statements
            ],
        )
        next_id += len(rows)


def find_unstated(session: Session, lease: RunLease) -> list[int]:
    """Current statements of the run's partition that it did not meet, by rising id."""
    current = (
        select(AdvertiserSpend.id, Run.partition)
        .join(Run, col(Run.id) == col(AdvertiserSpend.run_id))
        .where(
            AdvertiserSpend.source == lease.source,
            col(AdvertiserSpend.is_current).is_(True),
            col(AdvertiserSpend.is_withdrawn).is_(False),
            col(AdvertiserSpend.observed_at) <= lease.observed_at,
        )
        .order_by(col(AdvertiserSpend.id))
    )
    met = read_seen_ids(session, lease.run_id, KIND)
    met_before = _read_met_before(session, lease)
    missed = [
        row_id
        for row_id, partition in session.exec(current)
        if row_id is not None
        and row_id not in met
        and (partition == lease.partition or row_id in met_before)
    ]
    later = find_first_after(session, lease.source, KIND, missed, lease.observed_at)
    return [row_id for row_id in missed if row_id not in later]


def _read_met_before(session: Session, lease: RunLease) -> set[int]:
    """What the newest complete run before this one met: an import may have brought its row."""
    before = find_run_before(session, lease, col(Run.complete).is_(True))
    return read_seen_ids(session, before.id, KIND) if before and before.id else set()
