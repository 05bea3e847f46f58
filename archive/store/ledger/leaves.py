"""The append-only log over ad versions, captures, rule versions and decisions (RFC 6962 leaves).

Whoever writes one of these appends its leaf in the same transaction. Proofs and signed checkpoints
are reckoned from the leaves and change none of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, select

from archive.models import LedgerLeaf
from archive.models.changes import LeafKind
from archive.records.canonical import canonical_json, hash_bytes
from archive.store.bulk import find_storing, insert_rows, table_of

LEAF_NAMES = ("leaf_index", "kind", "subject_id", "leaf_sha256", "recorded_at")


def append_leaves(
    session: Session,
    kind: LeafKind,
    leaves: Sequence[tuple[int, Mapping[str, Any]]],
    now: datetime,
) -> None:
    """Add a leaf for each `(our id, what it stands for)`, in order, without a gap."""
    if not leaves:
        return
    first = session.exec(select(func.coalesce(func.max(LedgerLeaf.leaf_index), -1))).one() + 1
    name, recorded_at = kind.value, find_storing(session).time(now)
    rows = (
        (index, name, subject_id, hash_leaf(name, statement), recorded_at)
        for index, (subject_id, statement) in enumerate(leaves, first)
    )
    insert_rows(session, table_of(LedgerLeaf), LEAF_NAMES, rows)


def hash_leaf(kind: str, statement: Mapping[str, Any]) -> str:
    """Leaf hash of a statement: SHA-256 over 0x00 and its canonical JSON (RFC 6962 section 2.1)."""
    return hash_bytes(b"\x00" + canonical_json({"kind": kind, **statement}))
