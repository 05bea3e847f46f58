"""Recomputes every leaf of the ledger from the row it stands for, and its root.

`paidforby verify`, backup and restore call it: a row that was rewritten past the archive no longer gives its
leaf. Nothing here writes.
"""

import json
from collections import Counter

from sqlalchemy import Row, Select, and_, false, func, literal, select
from sqlmodel import Session, col

from archive.errors import EvidenceError
from archive.models import LedgerLeaf
from archive.models.changes import LeafKind
from archive.records.canonical import canonical_json, hash_bytes
from archive.records.shown_fields import restore_content
from archive.store.checking import UNREADABLE, ArchiveCheck, TellDone
from archive.store.ledger.kept_head import KeptHead
from archive.store.ledger.leaves import hash_leaf
from archive.store.ledger.root import BLOCK_LEAVES, read_block_roots, read_ledger_head
from archive.store.ledger.statements import LEAF_ROWS, LeafRows, Statement
from config.counts import write_count

LEAVES_AT_ONCE = 1_000
BESIDE = ("leaf_id", "leaf_sha256", "leaf_text", "leaf_withheld", "leaf_redacted")
"""What is selected beside the fields of a statement."""


def check_ledger(session: Session, kept: KeptHead | None, tell: TellDone) -> ArchiveCheck:
    """Compare each leaf with its row, each row's words with their hash, and the root with the kept one."""
    check = ArchiveCheck(name="ledger")
    withheld = 0
    known = [kind.value for kind in LEAF_ROWS]
    strange = select(col(LedgerLeaf.kind)).where(col(LedgerLeaf.kind).not_in(known)).distinct()
    for name in session.connection().scalars(strange):
        check.note_bad(f"leaves of kind {name!r}: this program knows no rows for them")
    for kind, rows in LEAF_ROWS.items():
        withheld += _check_kind(session, kind, rows, check, tell)
        _find_single(session, kind, rows, check)
    _check_root(session, kept, check)
    if withheld:
        versions = write_count(withheld, "version holds", "versions hold")
        check.detail = f"{versions} withheld fields, so their words have no hash"
    return check


def _check_kind(
    session: Session, kind: LeafKind, rows: LeafRows, check: ArchiveCheck, tell: TellDone
) -> int:
    """Compare the leaves of a kind with their rows; gives how many rows hold something withheld."""
    withheld, unstated = 0, Counter[int]()
    with session.connection().execute(
        _join_leaves(kind, rows), execution_options={"yield_per": LEAVES_AT_ONCE}
    ) as found:
        for block in found.partitions():
            for row in block:
                statements = _check_row(kind, rows, row, check)
                withheld += is_partly_kept(row.leaf_withheld)
                if len(statements) > 1:
                    unstated[row.leaf_id] += 1 if row.leaf_id in unstated else 1 - len(statements)
            check.checked += len(block)
            tell(len(block))
    for id_ in (id_ for id_, lacking in unstated.items() if lacking):
        check.note_bad(f"{kind} {id_}: not each of its steps has a leaf")
    return withheld


def _join_leaves(kind: LeafKind, rows: LeafRows) -> Select[tuple[object, ...]]:
    return rows.query.add_columns(
        rows.key.label("leaf_id"),
        col(LedgerLeaf.leaf_sha256).label("leaf_sha256"),
        (literal(None) if rows.text is None else rows.text).label("leaf_text"),
        (literal(None) if rows.withheld is None else rows.withheld).label("leaf_withheld"),
        (false() if rows.is_redacted is None else rows.is_redacted).label("leaf_redacted"),
    ).join(
        LedgerLeaf, and_(col(LedgerLeaf.subject_id) == rows.key, col(LedgerLeaf.kind) == kind.value)
    )


def _check_row(
    kind: LeafKind, rows: LeafRows, row: Row[tuple[object, ...]], check: ArchiveCheck
) -> list[Statement]:
    fields = {name: value for name, value in row._mapping.items() if name not in BESIDE}  # noqa: SLF001 (its public name)
    statements = rows.state(fields)
    if row.leaf_sha256 not in {hash_leaf(kind, statement) for statement in statements}:
        check.note_bad(f"{kind} {row.leaf_id}: its row is not what the ledger holds")
    elif row.leaf_redacted and is_partly_kept(row.leaf_withheld):
        return statements
    elif not _is_hash_of(fields.get(rows.text_sha256), row.leaf_text, row.leaf_withheld):
        check.note_bad(f"{kind} {row.leaf_id}: its words are not those of its hash")
    return statements


def is_partly_kept(withheld: str | None) -> bool:
    """Whether something withheld of a row is kept in the evidence only, so that its hash cannot be told."""
    parts = json.loads(withheld) if withheld else None
    return isinstance(parts, dict) and None in parts.values()


def _is_hash_of(sha256: str | None, text: str | None, withheld: str | None) -> bool:
    """Whether a text, or the JSON that it is, has this hash; without either there is nothing to tell.

    What is withheld of the JSON is put back first.
    """
    if sha256 is None or text is None:
        return sha256 is None
    if hash_bytes(text.encode()) == sha256:
        return True
    try:
        values, parts = json.loads(text), json.loads(withheld) if withheld else None
        whole = restore_content(values, parts) if parts else values
        return hash_bytes(canonical_json(whole)) == sha256
    except UNREADABLE:
        return False


def _find_single(session: Session, kind: LeafKind, rows: LeafRows, check: ArchiveCheck) -> None:
    """Name rows without a leaf, and leaves without a row."""
    ids = rows.query.with_only_columns(rows.key, maintain_column_froms=True)
    named = select(col(LedgerLeaf.subject_id)).where(col(LedgerLeaf.kind) == kind.value)
    if rows.has_older:
        ids = ids.where(
            rows.key >= select(func.min(named.subquery().c.subject_id)).scalar_subquery()
        )
    for id_ in session.connection().scalars(ids.except_(named)):
        check.note_bad(f"{kind} {id_}: its row has no leaf in the ledger")
    for id_ in session.connection().scalars(named.except_(ids)):
        check.note_bad(f"{kind} {id_}: its leaf has no row")


def _check_root(session: Session, kept: KeptHead | None, check: ArchiveCheck) -> None:
    """Name a gap between leaves, and a root that is not the one kept of so many leaves."""
    first = kept.ledger.size if kept else 0
    try:
        # Of no leaves at least their order is looked at.
        found = read_ledger_head(session, first or None)
    except EvidenceError as error:
        check.note_bad(str(error))
        return
    if kept and first and found != kept.ledger:
        check.note_bad(
            f"the root over the first {write_count(first, 'leaf', 'leaves')} is no longer the one kept on "
            f"{kept.kept_at:%Y-%m-%d}: {kept.ledger.root_sha256}{_tell_block(session, kept)}"
        )


def _tell_block(session: Session, kept: KeptHead) -> str:
    """The first leaves that are not those that were kept, and which rows they stand for now."""
    found = read_block_roots(session, kept.ledger.size)
    differing = (n for n, root in enumerate(kept.blocks) if found[n : n + 1] != [root])
    if (block := next(differing, None)) is None:
        return ""
    first = block * BLOCK_LEAVES
    last = min(first + BLOCK_LEAVES, kept.ledger.size) - 1
    subject = col(LedgerLeaf.subject_id)
    rows = (
        select(col(LedgerLeaf.kind), func.min(subject), func.max(subject))
        .where(col(LedgerLeaf.leaf_index).between(first, last))
        .group_by(col(LedgerLeaf.kind))
        .order_by(col(LedgerLeaf.kind))
    )
    named = [f"{kind} {low} to {high}" for kind, low, high in session.connection().execute(rows)]
    return f"; the first that differs is among leaves {first:,} to {last:,}: {', '.join(named)}"
