"""The texts that rules rest on, kept word for word by hash, never changed; each a leaf of the ledger."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from archive.errors import ArchiveError
from archive.models import ReferenceVersion
from archive.models.changes import LeafKind
from archive.models.oversight import ReferenceKind
from archive.records.canonical import hash_bytes
from archive.store.ledger.leaves import append_leaves


def list_kept_hashes(session: Session) -> set[tuple[str, str, str]]:
    """Kind, name and hash of every text held."""
    row = ReferenceVersion
    return set(session.exec(select(row.kind, row.name, row.sha256)).all())


def list_reference_texts(
    session: Session, kind: ReferenceKind, as_of: datetime | None = None
) -> Sequence[ReferenceVersion]:
    """Every text of a kind held, or held at a time, in the order they came."""
    query = select(ReferenceVersion).where(ReferenceVersion.kind == kind)
    if as_of is not None:
        query = query.where(col(ReferenceVersion.recorded_at) <= as_of)
    return session.exec(query.order_by(col(ReferenceVersion.id))).all()


def check_has_come(day: date, now: datetime) -> None:
    """Refuse a list that says it is of a day to come.

    Raises:
        ArchiveError: with the day.
    """
    # Somewhere it may be tomorrow already.
    if day > (now + timedelta(hours=14)).date():
        raise ArchiveError(f"{day} has not come: --on is the day the list says it is of")


def keep_reference_text(
    session: Session,
    kind: ReferenceKind,
    name: str,
    text: str,
    said: tuple[str, str],
    now: datetime,
) -> tuple[ReferenceVersion, bool]:
    """Keep a text if it is new; `said` is who brings it and why. Gives its row, and whether it is new.

    Raises:
        ArchiveError: if a name or reason is missing.
    """
    by, because = (each.strip() for each in said)
    if not by or not because:
        raise ArchiveError("say who brings it and why: --by NAME --because TEXT")
    row = ReferenceVersion(
        kind=kind,
        name=name,
        sha256=hash_bytes(text.encode()),
        text=text,
        by_name=by,
        because=because,
        recorded_at=now,
    )
    same = (ReferenceVersion.kind == kind, ReferenceVersion.name == name)
    held = select(ReferenceVersion).where(*same, ReferenceVersion.sha256 == row.sha256)
    if known := session.exec(held).first():
        return known, False
    session.add(row)
    session.flush()
    leaf = {"of": kind, "name": name, "sha256": row.sha256, "by_name": by, "because": because}
    append_leaves(session, LeafKind.REFERENCE, [(row.id or 0, leaf)], now)
    return row, True
