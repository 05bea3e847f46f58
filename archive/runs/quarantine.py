"""What was put aside for a person: pieces that could not be read, batches that were implausible.

Spiders' readers name a piece, the import and the crawl pipeline put it here with its bytes; nothing is
dropped. `archive.runs.quarantined_batches` holds batches. Both are listed and settled here, once and for a
reason; what is released is taken in by `scrapers.work.crawl.releasing`.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import Capture, QuarantinedBatch, QuarantinedPiece
from archive.models.runs import PieceStatus
from archive.records import Unreadable
from archive.records.escaping import escape_text
from archive.runs.lease import RunLease
from archive.store.blobs import BlobStore

Quarantined = QuarantinedPiece | QuarantinedBatch
NAME = re.compile(r"(?:batch-)?(?P<number>[0-9]{1,18})")
"""How people name what was put aside: a piece by its number, a batch as `batch-7`."""


def quarantine_pieces(
    session: Session,
    blobs: BlobStore,
    lease: RunLease,
    pieces: Iterable[Unreadable],
    capture: Capture,
    now: datetime,
) -> int:
    """Put pieces aside; the same piece of the same file is kept once. Returns how many are new.

    A piece without bytes of its own stands for its whole capture.
    """
    new = 0
    for piece in pieces:
        sha256 = blobs.put_bytes(piece.raw).sha256 if piece.raw else capture.sha256
        if _find_piece(session, lease.source, piece, sha256):
            continue
        session.add(
            QuarantinedPiece(
                run_id=lease.run_id,
                capture_id=capture.id,
                source=lease.source,
                sha256=sha256,
                quarantined_at=now,
                **piece.model_dump(exclude={"raw"}),
            )
        )
        new += 1
    session.flush()
    return new


def _find_piece(
    session: Session, source: str, piece: Unreadable, sha256: str
) -> QuarantinedPiece | None:
    query = select(QuarantinedPiece).where(
        QuarantinedPiece.source == source,
        QuarantinedPiece.sha256 == sha256,
        QuarantinedPiece.file == piece.file,
        QuarantinedPiece.field == piece.field,
    )
    return session.exec(query.limit(1)).first()


def list_quarantined(session: Session, status: PieceStatus | None, limit: int) -> list[Quarantined]:
    """Batches, then pieces, each newest first and at most `limit` of them."""
    batches = select(QuarantinedBatch).order_by(col(QuarantinedBatch.id).desc()).limit(limit)
    pieces = select(QuarantinedPiece).order_by(col(QuarantinedPiece.id).desc()).limit(limit)
    if status is not None:
        batches = batches.where(QuarantinedBatch.status == status)
        pieces = pieces.where(QuarantinedPiece.status == status)
    return [*session.exec(batches), *session.exec(pieces)]


def read_quarantined(session: Session, name: str) -> Quarantined:
    """The piece or the batch of that name.

    Raises:
        NotFoundError: if there is none.
    """
    match = NAME.fullmatch(name)
    number = int(match["number"]) if match else 0
    is_batch = name.startswith("batch-")
    found = (
        session.get(QuarantinedBatch, number) if is_batch else session.get(QuarantinedPiece, number)
    )
    if found is None:
        raise NotFoundError("quarantined batch" if is_batch else "quarantined piece", name)
    return found


def read_unsettled(session: Session, name: str) -> Quarantined:
    """The piece or the batch of that name, which nobody has settled yet.

    Raises:
        ArchiveError: if it was settled before.
        NotFoundError: if there is none.
    """
    found = read_quarantined(session, name)
    if found.status != PieceStatus.QUARANTINED:
        raise ArchiveError(tell_settled(found))
    return found


def settle(
    session: Session, name: str, status: PieceStatus, by: str, because: str, now: datetime
) -> Quarantined:
    """Note what a person decided about a piece or a batch, and why: released (taken in) or rejected.

    Raises:
        ArchiveError: if it was settled before, or nobody or no reason is named.
        NotFoundError: if there is none of that name.
    """
    check_settlement(by, because)
    held = read_unsettled(session, name)
    held.status, held.settled_at = status, now
    held.settled_by, held.settled_because = by.strip(), because.strip()
    session.add(held)
    session.flush()
    return held


def check_settlement(by: str, because: str) -> None:
    """Refuse to settle anything for nobody or for no reason.

    Raises:
        ArchiveError: if either is blank.
    """
    if not by.strip() or not because.strip():
        raise ArchiveError("who settles what was put aside, and why, must be said")


def name_quarantined(held: Quarantined) -> str:
    """The name by which people settle it: a piece's number, or `batch-7`."""
    return f"batch-{held.id}" if isinstance(held, QuarantinedBatch) else str(held.id)


def tell_name(held: Quarantined) -> str:
    """What it is called in a sentence: `batch-7`, `piece 7 of ads.csv`."""
    if isinstance(held, QuarantinedBatch):
        return name_quarantined(held)
    return f"piece {held.id} of {escape_text(held.file)}"


def tell_settled(held: Quarantined) -> str:
    """Who settled it, how and why."""
    because = held.settled_because or "no reason was kept"
    return f"{tell_name(held)} was {held.status} by {held.settled_by} before, because: {because}"


def tell_piece(piece: QuarantinedPiece | Unreadable) -> str:
    """Where a piece stands and what is wrong with it, on one line that is safe on a terminal."""
    where = f"{piece.file}, line {piece.line}" if piece.line else piece.file
    field = f", {piece.field}" if piece.field else ""
    return escape_text(f"quarantined: {where}{field}: {piece.reason}")
