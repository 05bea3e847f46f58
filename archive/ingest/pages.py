"""Pages of records into the archive: new, changed or unchanged, keys and hashes first.

The crawl pipeline and `import` call `ingest_page` inside one write transaction, so that data,
checkpoint, ledger leaves and change sequence stand or fall together. It reads no files and calls no
engine.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlmodel import Session

from archive.ingest.ads.asked_countries import find_asked_country
from archive.ingest.ads.moved_ids import ingest_moves
from archive.ingest.ads.take_ads import ingest_ads
from archive.ingest.rows import Stamp
from archive.ingest.source_totals import ingest_totals
from archive.ingest.spending.filings import ingest_committees, ingest_disclosures
from archive.ingest.spending.statements import ingest_advertiser_spend
from archive.ingest.spending.withdrawn_figures import withdraw_missed_since
from archive.ingest.spending.withdrawn_filings import withdraw_unfiled_since
from archive.privacy.shown import read_shown_fields
from archive.records import (
    AdRecord,
    AdvertiserMove,
    AdvertiserSpendRecord,
    AnyRecord,
    CommitteeRecord,
    DisclosureRecord,
    SourceTotalRecord,
)
from archive.runs.fence import take_each
from archive.runs.lease import Counts, RunLease, has_newer_run, hold_lease, note_progress
from archive.runs.plausibility import Gate

AnyKind = TypeVar(
    "AnyKind",
    AdRecord,
    AdvertiserSpendRecord,
    DisclosureRecord,
    CommitteeRecord,
    SourceTotalRecord,
    AdvertiserMove,
)


def ingest_page(
    session: Session,
    lease: RunLease,
    records: Sequence[AnyRecord],
    capture_id: int | None,
    now: datetime,
    *,
    cursor: str | None = None,
    quarantined: int = 0,
    gate: Gate | None = None,
    row_hashes: Mapping[str, bytes] | None = None,
) -> Counts:
    """Take one page of records in, and move the checkpoint to `cursor`.

    A record whose key repeats in the page counts as seen again, in the order of the page. Without a
    `gate` everything is accepted. `row_hashes`: by ref the hash of the row that an ad was read from, where
    it stands in one row of the page alone.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
        ImplausibleBatchError: if the page is implausible.
    """
    hold_lease(session, lease, now, cursor=cursor)
    counts = Counts(quarantined=quarantined)
    stamp = stamp_page(session, lease, capture_id, now, row_hashes or {})
    counts.add(ingest_records(session, stamp, records, gate))
    note_progress(session, lease, counts, now, cursor)
    return counts


def stamp_page(
    session: Session,
    lease: RunLease,
    capture_id: int | None,
    now: datetime,
    row_hashes: Mapping[str, bytes],
) -> Stamp:
    """What the rows of a page share."""
    shown = read_shown_fields(session, lease.source)
    is_late = has_newer_run(session, lease)
    asked_country = find_asked_country(session, lease.source, lease.partition)
    return Stamp(lease, capture_id, now, is_late, row_hashes, shown, asked_country)


class IngestedRecords(NamedTuple):
    """What came of some records: counts, what the gate has weighed since, and the records that failed."""

    counts: Counts
    gate: Gate | None
    failed: list[tuple[AnyRecord, Exception]]


def ingest_each(
    session: Session, stamp: Stamp, records: Sequence[AnyRecord], gate: Gate | None
) -> IngestedRecords:
    """Take records in, without the checkpoint and without those that cannot be; the gate stays as it is.

    Raises:
        ImplausibleBatchError: if they are implausible.
    """
    weighed = [gate]

    def ingest_some(some: Sequence[AnyRecord]) -> Counts:
        # What a try weighed that failed does not count.
        trial = deepcopy(weighed[-1])
        counts = ingest_records(session, stamp, some, trial)
        weighed.append(trial)
        return counts

    done, failed = take_each(records, ingest_some, session)
    counts = Counts()
    for each in done:
        counts.add(each)
    return IngestedRecords(counts, weighed[-1], failed)


def ingest_records(
    session: Session, stamp: Stamp, records: Sequence[AnyRecord], gate: Gate | None
) -> Counts:
    """Take records in, without the checkpoint.

    Raises:
        ImplausibleBatchError: if they are implausible.
    """
    counts = Counts()
    if gate is not None:
        gate.weigh_amounts(records)
    counts.add(ingest_ads(session, stamp, _of_kind(records, AdRecord), gate))
    statements = _of_kind(records, AdvertiserSpendRecord)
    counts.add(ingest_advertiser_spend(session, stamp, statements, gate))
    # Of evidence read again each newer capture says itself what it holds.
    if stamp.is_late and statements and not stamp.lease.is_reread:
        withdraw_missed_since(session, stamp.lease, stamp.now)
    filed = _of_kind(records, DisclosureRecord)
    counts.add(ingest_disclosures(session, stamp, filed, gate))
    if stamp.is_late and filed:
        withdraw_unfiled_since(session, stamp, [record.ref for record in filed])
    counts.add(ingest_committees(session, stamp, _of_kind(records, CommitteeRecord)))
    counts.add(ingest_totals(session, stamp, _of_kind(records, SourceTotalRecord)))
    counts.add(ingest_moves(session, stamp, _of_kind(records, AdvertiserMove)))
    return counts


def _of_kind(records: Sequence[AnyRecord], kind: type[AnyKind]) -> list[AnyKind]:
    return [record for record in records if isinstance(record, kind)]
