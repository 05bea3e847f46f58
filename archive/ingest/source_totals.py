"""How many ads a source says it holds, into the archive: kept beside our own count.

Called by `archive.ingest.pages` only. What a source states for advertisers has a count of its own
(`advertiser_spend.ads_count`) and is not kept a second time here.
"""

from collections.abc import Sequence

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from archive.ingest.rows import Stamp
from archive.models import SourceTotal
from archive.records import SourceTotalRecord
from archive.runs.lease import Counts
from archive.store.batches import cut_batches

Key = tuple[str, str, str | None]
"""What a total counts: data set, subject, country."""


def ingest_totals(session: Session, stamp: Stamp, records: Sequence[SourceTotalRecord]) -> Counts:
    """Take a source's own counts in.

    A run's first statement of each total is a row even where the number is the old one: only so can
    be told that the source still said it then. Said again in the same run, it writes nothing.
    """
    counts = Counts(seen=len(records))
    stated = _read_stated(session, stamp, records)
    rows = []
    for record in records:
        key = (record.dataset, record.subject, record.country)
        before = stated.get(key)
        counts.new += before is None
        counts.changed += before is not None and before[1] != record.ads_count
        counts.unchanged += before is not None and before[1] == record.ads_count
        now = (stamp.lease.run_id, record.ads_count)
        if before != now:
            stated[key] = now
            rows.append(record.model_dump() | stamp.columns | _locate(stamp))
    if rows:
        session.connection().execute(insert(SourceTotal), rows)
    return counts


def _locate(stamp: Stamp) -> dict[str, str]:
    return {"source": stamp.lease.source, "partition": stamp.lease.partition}


def _read_stated(
    session: Session, stamp: Stamp, records: Sequence[SourceTotalRecord]
) -> dict[Key, tuple[int, int]]:
    """For each total the run that stated it last, and its number then."""
    found: dict[Key, tuple[int, int]] = {}
    for subjects in cut_batches(sorted({record.subject for record in records})):
        newest = (
            select(func.max(SourceTotal.id))
            .where(SourceTotal.source == stamp.lease.source, col(SourceTotal.subject).in_(subjects))
            .group_by(SourceTotal.dataset, SourceTotal.subject, col(SourceTotal.country))
        )
        for row in session.exec(select(SourceTotal).where(col(SourceTotal.id).in_(newest))):
            found[row.dataset, row.subject, row.country] = (row.run_id, row.ads_count)
    return found
