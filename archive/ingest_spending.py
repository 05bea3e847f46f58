"""What sources state for advertisers, into the archive: every observation is kept.

Called by `archive.ingest` only.
"""

from collections.abc import Sequence

from sqlalchemy import func, insert, update
from sqlmodel import Session, col, select

from archive.ad_rows import Stamp, Values
from archive.advertisers import note_advertisers
from archive.batches import cut_batches
from archive.canonical import hash_json
from archive.changes import append_changes
from archive.identity import advertiser_id
from archive.models import AdvertiserSpend
from archive.models.changes import ChangeKind
from archive.records import AdvertiserSpendRecord
from archive.runs import Counts


def ingest_advertiser_spend(
    session: Session, stamp: Stamp, records: Sequence[AdvertiserSpendRecord]
) -> Counts:
    """Take statements in; one that says what the newest of its series said writes nothing."""
    counts = Counts(seen=len(records))
    if not records:
        return counts
    note_advertisers(session, stamp.look, records, stamp.now)
    current = _current_statements(session, stamp, [name_series(r) for r in records])
    next_id = (session.exec(select(func.max(AdvertiserSpend.id))).one() or 0) + 1
    rows: list[Values] = []
    for record in records:
        row = _statement_row(record, stamp, next_id + len(rows))
        before = current.get(row["series"])
        if before and before["row_sha256"] == row["row_sha256"]:
            counts.unchanged += 1
            continue
        counts.new += before is None
        counts.changed += before is not None
        if before and before["observed_at"] > row["observed_at"]:
            row["is_current"] = False
        else:
            current[row["series"]] = row
        rows.append(row)
    _write_statements(session, stamp, rows)
    return counts


def _write_statements(session: Session, stamp: Stamp, rows: list[Values]) -> None:
    """Add statements; each current one replaces what was current of its series."""
    if not rows:
        return
    newest = {row["series"]: row["id"] for row in rows if row["is_current"]}
    for row in rows:
        row["is_current"] = newest.get(row["series"]) == row["id"]
    _retire(session, stamp, list(newest))
    session.connection().execute(insert(AdvertiserSpend), rows)
    append_changes(session, ChangeKind.ADVERTISER_SPEND, [r["id"] for r in rows], stamp.now)


def name_series(record: AdvertiserSpendRecord) -> str:
    """What a later statement is compared with: data set, advertiser, grain and period."""
    who = record.advertiser_ref or record.advertiser_name or ""
    return "|".join((record.dataset, who, record.grain, str(record.period_start_on or "")))


def _current_statements(session: Session, stamp: Stamp, series: Sequence[str]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for some in cut_batches(series):
        query = select(AdvertiserSpend).where(
            AdvertiserSpend.source == stamp.look.source,
            col(AdvertiserSpend.is_current).is_(True),
            col(AdvertiserSpend.series).in_(some),
        )
        found |= {row.series: row.model_dump() for row in session.exec(query)}
    session.expunge_all()
    return found


def _statement_row(record: AdvertiserSpendRecord, stamp: Stamp, row_id: int) -> Values:
    source = stamp.look.source
    return (
        record.model_dump()
        | stamp.columns
        | {
            "id": row_id,
            "source": source,
            "series": name_series(record),
            "is_current": True,
            "advertiser_id": advertiser_id(source, record.advertiser_ref, record.advertiser_name),
            "row_sha256": hash_json(record.model_dump(mode="json")),
        }
    )


def _retire(session: Session, stamp: Stamp, series: list[str]) -> None:
    for some in cut_batches(series):
        replaced = update(AdvertiserSpend).where(
            col(AdvertiserSpend.source) == stamp.look.source,
            col(AdvertiserSpend.series).in_(some),
            col(AdvertiserSpend.is_current).is_(True),
        )
        session.connection().execute(replaced.values(is_current=False))
