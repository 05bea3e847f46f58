"""Pages of records into the archive: new, changed or unchanged, keys and hashes first.

The crawl pipeline and `import` call `ingest_page` inside one write transaction, so that data,
checkpoint, ledger leaves and change sequence stand or fall together. It reads no files and calls no
engine.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from archive.ingest.ads.moved_ids import ingest_moves
from archive.ingest.ads.take_ads import ingest_ads
from archive.ingest.rows import Stamp
from archive.ingest.source_totals import ingest_totals
from archive.ingest.spending.filings import ingest_committees, ingest_disclosures
from archive.ingest.spending.statements import ingest_advertiser_spend
from archive.ingest.spending.withdrawn_figures import withdraw_missed_since
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
    shown = read_shown_fields(session, lease.source)
    is_late = has_newer_run(session, lease)
    stamp = Stamp(lease, capture_id, now, is_late, row_hashes or {}, shown)
    counts = Counts(quarantined=quarantined)
    if gate is not None:
        gate.weigh_amounts(records)
    counts.add(ingest_ads(session, stamp, _of_kind(records, AdRecord), gate))
    statements = _of_kind(records, AdvertiserSpendRecord)
    counts.add(ingest_advertiser_spend(session, stamp, statements, gate))
    if stamp.is_late and statements:
        withdraw_missed_since(session, lease, now)
    counts.add(ingest_disclosures(session, stamp, _of_kind(records, DisclosureRecord)))
    counts.add(ingest_committees(session, stamp, _of_kind(records, CommitteeRecord)))
    counts.add(ingest_totals(session, stamp, _of_kind(records, SourceTotalRecord)))
    counts.add(ingest_moves(session, stamp, _of_kind(records, AdvertiserMove)))
    note_progress(session, lease, counts, now, cursor)
    return counts


def _of_kind(records: Sequence[AnyRecord], kind: type[AnyKind]) -> list[AnyKind]:
    return [record for record in records if isinstance(record, kind)]
