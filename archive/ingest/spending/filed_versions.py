"""Rows of filings and their versions, as they are written: each version with its leaf and its change.

Called by the other modules of this room; which rows and versions, they decide.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import bindparam, func, update
from sqlmodel import Session, col, select

from archive.ingest.corrections import Subject
from archive.ingest.rows import Stamp
from archive.ingest.values import Values, insert_values, read_values
from archive.models import Committee, Disclosure, DisclosureVersion
from archive.models.changes import ChangeKind, LeafKind
from archive.models.corrections import SpendMeasure
from archive.records import DisclosureRecord
from archive.records.identity import public_id
from archive.store.bulk import table_of
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

Stated = TypeVar("Stated", Disclosure, Committee)

STANDING = ("is_superseded", "is_withdrawn")
"""What keeps a filed row from being counted."""

MARKED = (
    *DisclosureRecord.model_fields,
    *("id", "withheld", "row_sha256", "versions", "observed_at"),
    *STANDING,
)
"""What must be known of a row to say anew how it stands."""


def update_rows(session: Session, table: type[Stated], rows: Sequence[Values]) -> None:
    """Set every given column of rows found by their id; all rows give the same columns."""
    if not rows:
        return
    # A bound value may not have the name of a column that the statement sets.
    values: Values = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(table).where(col(table.id) == bindparam("new_id")).values(**values)
    bound = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    session.connection().execute(statement, bound)


def make_version(row: Values, stamp: Stamp) -> Values:
    """A version without its id, of a row that is current."""
    return stamp.columns | {
        "disclosure_id": row["id"],
        "ref": row["ref"],
        "seq": row["versions"],
        "row_sha256": row["row_sha256"],
        "content": spell_filing(row),
        "withheld": row["withheld"],
        "is_superseded": row["is_superseded"],
        "is_withdrawn": row["is_withdrawn"],
    }


def write_versions(session: Session, stamp: Stamp, versions: Sequence[Values]) -> None:
    """Add versions, each with its leaf and its place in the change sequence."""
    if not versions:
        return
    first = (session.exec(select(func.max(DisclosureVersion.id))).one() or 0) + 1
    leaves = [(first + i, _state_leaf(v, stamp)) for i, v in enumerate(versions)]
    rows = [
        {name: value for name, value in version.items() if name != "ref"} | {"id": first + i}
        for i, version in enumerate(versions)
    ]
    insert_values(session, DisclosureVersion, rows)
    append_leaves(session, LeafKind.DISCLOSURE_VERSION, leaves, stamp.now)
    changed = dict.fromkeys(version["disclosure_id"] for version in versions)
    append_changes(session, ChangeKind.DISCLOSURE, changed, stamp.now)


def _state_leaf(version: Values, stamp: Stamp) -> Values:
    return {
        "source": stamp.lease.source,
        "ref": version["ref"],
        "seq": version["seq"],
        "row_sha256": version["row_sha256"],
        "observed_at": version["observed_at"].isoformat(),
    }


def spell_filing(row: Values) -> Values:
    """What was filed, field by field, as a version keeps it."""
    fields = {name: row[name] for name in DisclosureRecord.model_fields}
    return DisclosureRecord.model_construct(**fields).model_dump(mode="json")


def name_row(stamp: Stamp, row: Values) -> Subject:
    """A filed row as the subject of corrections."""
    return Subject(SpendMeasure.DISCLOSED, public_id(stamp.lease.source, row["ref"]))


def read_runs(session: Session, ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """The run that brought each version of these filings, by filing and number."""
    columns = table_of(DisclosureVersion).c
    told = (columns.disclosure_id, columns.seq, columns.run_id)
    rows = read_values(session, told, columns.disclosure_id, ids)
    return {(row["disclosure_id"], row["seq"]): row["run_id"] for row in rows}


def mark_rows(session: Session, stamp: Stamp, rows: Sequence[Values]) -> None:
    """Write how rows stand from now on, each by `MARKED` and with its new standing, as further versions."""
    marked = [
        {name: row[name] for name in ("id", "row_sha256", *STANDING)}
        | {
            "versions": row["versions"] + 1,
            "observed_at": max(row["observed_at"], stamp.lease.observed_at),
            "recorded_at": stamp.now,
        }
        for row in rows
    ]
    update_rows(session, Disclosure, marked)
    versions = [
        make_version(row | new, stamp) | {"observed_at": new["observed_at"]}
        for row, new in zip(rows, marked, strict=True)
    ]
    write_versions(session, stamp, versions)
