"""Filed payments that the newest complete file of their partition no longer has: kept, and counted no more.

`archive.ingest.close_run` calls it at the end of a complete sweep, `archive.ingest.pages` where a run
comes later than such a sweep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlmodel import Session, col, select

from archive.ingest.corrections import Figures, withdraw_filing, write_corrections
from archive.ingest.rows import Stamp
from archive.ingest.spending.filed_versions import MARKED, mark_rows, name_row
from archive.ingest.values import Values, read_values
from archive.models import Disclosure, DisclosureVersion, Run
from archive.models.changes import ChangeKind
from archive.runs.lease import RunLease
from archive.runs.sightings import (
    find_complete_after,
    find_first_after,
    find_run_before,
    read_seen_ids,
)
from archive.store.bulk import table_of

KIND = ChangeKind.DISCLOSURE


@dataclass(frozen=True)
class Unfiled:
    """Rows of a partition that a complete run did not meet."""

    rows: list[Values]
    """By rising id; what a later filing replaced is among them."""
    present: int
    """Rows of the partition that were there before the run."""

    @property
    def counted(self) -> list[Values]:
        """Those that counted until now."""
        return [row for row in self.rows if not row["is_superseded"]]


def find_unfiled(session: Session, lease: RunLease) -> Unfiled:
    """What lived in the run's partition and the run did not meet, nor any later one."""
    ids = _list_known(session, lease)
    met = read_seen_ids(session, lease.run_id, KIND)
    met |= read_seen_ids(session, lease.run_id, ChangeKind.DISCLOSURE_REFUSED)
    missed = ids - met
    later = find_first_after(session, lease.source, KIND, missed, lease.observed_at)
    rows = _read_rows(session, lease, sorted(missed - later.keys()))
    return Unfiled(rows, len(ids & met) + len(rows))


def withdraw_rows(session: Session, stamp: Stamp, unfiled: Unfiled) -> int:
    """Say that the source has these rows no more; gives how many of them counted."""
    corrections = [
        withdraw_filing(name_row(stamp, row), stamp, Figures(row, row["observed_at"]))
        for row in unfiled.counted
    ]
    write_corrections(session, corrections)
    _mark_withdrawn(session, stamp, unfiled.rows)
    return len(unfiled.counted)


def withdraw_unfiled_since(session: Session, stamp: Stamp, refs: Sequence[str]) -> None:
    """Withdraw those of the rows that a newer complete run of the partition missed."""
    missed_by = find_complete_after(session, stamp.lease)
    if missed_by is None:
        return
    filed = table_of(Disclosure).c
    of_run = (filed.source == stamp.lease.source, filed.observed_at == stamp.lease.observed_at)
    ids = [row["id"] for row in read_values(session, [filed.id], filed.ref, refs, *of_run)]
    seen = find_first_after(session, stamp.lease.source, KIND, ids, stamp.lease.observed_at)
    rows = _read_rows(session, missed_by, sorted(set(ids) - seen.keys()))
    # Nothing was published of what this run brought, so nothing is corrected.
    _mark_withdrawn(session, Stamp(missed_by, None, stamp.now), rows)


def _mark_withdrawn(session: Session, stamp: Stamp, rows: Sequence[Values]) -> None:
    mark_rows(session, stamp, [row | {"is_withdrawn": True} for row in rows])


def _list_known(session: Session, lease: RunLease) -> set[int]:
    """Ids that runs of the partition brought, and those that its newest complete run met."""
    brought = (
        select(DisclosureVersion.disclosure_id)
        .join(Run, col(Run.id) == col(DisclosureVersion.run_id))
        .where(Run.source == lease.source, Run.partition == lease.partition)
    )
    before = find_run_before(session, lease, col(Run.complete).is_(True))
    met = read_seen_ids(session, before.id, KIND) if before and before.id else set()
    return met | {*session.exec(brought)}


def _read_rows(session: Session, lease: RunLease, ids: Sequence[int]) -> list[Values]:
    """Those of the rows that are not withdrawn and not newer than the run, by rising id."""
    filed = table_of(Disclosure).c
    is_there = (filed.is_withdrawn.is_(False), filed.observed_at <= lease.observed_at)
    found = read_values(session, [filed[name] for name in MARKED], filed.id, ids, *is_there)
    return sorted(found, key=itemgetter("id"))
