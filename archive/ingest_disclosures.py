"""Filed expenditures and registered organisations into the archive.

Called by `archive.ingest` only.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, insert, update
from sqlmodel import Session, col, select

from archive.ad_rows import Stamp, Values
from archive.batches import cut_batches
from archive.canonical import hash_json
from archive.changes import append_changes
from archive.ledger import append_leaves
from archive.models import Committee, Disclosure, DisclosureVersion
from archive.models.changes import ChangeKind, LeafKind
from archive.records import CommitteeRecord, DisclosureRecord
from archive.runs import Counts

Stated = TypeVar("Stated", Disclosure, Committee)


def ingest_disclosures(
    session: Session, stamp: Stamp, records: Sequence[DisclosureRecord]
) -> Counts:
    """Take filed expenditures in; what changed becomes a further version."""
    counts = Counts(seen=len(records))
    rows = _write_changed(session, Disclosure, stamp, records, counts)
    if not rows:
        return counts
    first = (session.exec(select(func.max(DisclosureVersion.id))).one() or 0) + 1
    versions = [_version_of(row, stamp, first + i) for i, row in enumerate(rows)]
    session.connection().execute(insert(DisclosureVersion), versions)
    leaves = [(v["id"], _statement_of(row, stamp)) for row, v in zip(rows, versions, strict=True)]
    append_leaves(session, LeafKind.DISCLOSURE_VERSION, leaves, stamp.now)
    append_changes(session, ChangeKind.DISCLOSURE, [row["id"] for row in rows], stamp.now)
    return counts


def ingest_committees(session: Session, stamp: Stamp, records: Sequence[CommitteeRecord]) -> Counts:
    """Take registered organisations in, as last described."""
    counts = Counts(seen=len(records))
    _write_changed(session, Committee, stamp, records, counts)
    return counts


def _write_changed(
    session: Session,
    table: type[Stated],
    stamp: Stamp,
    records: Sequence[DisclosureRecord | CommitteeRecord],
    counts: Counts,
) -> list[Values]:
    """Insert or update what the archive did not know so; returns those rows, in order."""
    known = _known_rows(session, table, stamp, [record.ref for record in records])
    next_id = (session.exec(select(func.max(table.id))).one() or 0) + 1
    written: list[Values] = []
    for record in records:
        before = known.get(record.ref)
        row_sha256 = hash_json(record.model_dump(mode="json"))
        if before and before["row_sha256"] == row_sha256:
            counts.unchanged += 1
            continue
        row = record.model_dump() | {
            "id": before["id"] if before else next_id + counts.new,
            "source": stamp.look.source,
            "row_sha256": row_sha256,
            "versions": before["versions"] + 1 if before else 1,
            "observed_at": stamp.look.observed_at,
            "recorded_at": stamp.now,
        }
        _write_row(session, table, row, before)
        known[record.ref] = row
        written.append(row)
        counts.new += before is None
        counts.changed += before is not None
    return written


def _known_rows(
    session: Session, table: type[Stated], stamp: Stamp, refs: Sequence[str]
) -> dict[str, Values]:
    known: dict[str, Values] = {}
    for some in cut_batches(refs):
        query = select(table).where(table.source == stamp.look.source, col(table.ref).in_(some))
        known |= {row.ref: row.model_dump() for row in session.exec(query)}
    session.expunge_all()
    return known


def _write_row(session: Session, table: type[Stated], row: Values, before: Values | None) -> None:
    if before is None:
        session.connection().execute(insert(table), [row])
    else:
        session.connection().execute(update(table).where(col(table.id) == row["id"]).values(**row))


def _version_of(row: Values, stamp: Stamp, version_id: int) -> Values:
    statement = DisclosureRecord.model_construct(
        **{name: row[name] for name in DisclosureRecord.model_fields}
    )
    return stamp.columns | {
        "id": version_id,
        "disclosure_id": row["id"],
        "seq": row["versions"],
        "row_sha256": row["row_sha256"],
        "content": statement.model_dump(mode="json"),
    }


def _statement_of(row: Values, stamp: Stamp) -> Values:
    return {
        "source": stamp.look.source,
        "ref": row["ref"],
        "seq": row["versions"],
        "row_sha256": row["row_sha256"],
        "observed_at": stamp.look.observed_at.isoformat(),
    }
