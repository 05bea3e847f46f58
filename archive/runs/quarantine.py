"""Pieces of sources that could not be read or was implausible: kept with their bytes, settled by a person.

Spiders' readers name the piece, the import and the crawl pipeline put it here; nothing is dropped.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import Capture, QuarantinedPiece
from archive.models.runs import PieceStatus
from archive.records import Unreadable
from archive.records.escaping import escape_text
from archive.runs.lease import RunLease
from archive.store.blobs import BlobStore


def quarantine_pieces(
    session: Session,
    blobs: BlobStore,
    lease: RunLease,
    pieces: Iterable[Unreadable],
    capture: Capture,
    now: datetime,
) -> int:
    """Put pieces aside; the same piece of the same file is held once. Returns how many are new.

    A piece without bytes of its own stands for its whole capture.
    """
    held = 0
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
        held += 1
    session.flush()
    return held


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


def list_pieces(session: Session, status: PieceStatus | None, limit: int) -> list[QuarantinedPiece]:
    """Quarantined pieces, newest first."""
    query = select(QuarantinedPiece).order_by(col(QuarantinedPiece.id).desc()).limit(limit)
    if status is not None:
        query = query.where(QuarantinedPiece.status == status)
    return list(session.exec(query))


def read_piece(session: Session, piece_id: int) -> QuarantinedPiece:
    """One quarantined piece.

    Raises:
        NotFoundError: if there is none with this id.
    """
    piece = session.get(QuarantinedPiece, piece_id)
    if piece is None:
        raise NotFoundError("quarantined piece", str(piece_id))
    return piece


def settle_piece(
    session: Session, piece_id: int, status: PieceStatus, by: str, now: datetime
) -> QuarantinedPiece:
    """Note what a person decided about a piece: released (read again) or rejected.

    Raises:
        ArchiveError: if it was settled before.
        NotFoundError: if there is none with this id.
    """
    piece = read_piece(session, piece_id)
    if piece.status != PieceStatus.QUARANTINED:
        raise ArchiveError(f"piece {piece_id} was {piece.status} by {piece.settled_by} before")
    piece.status = status
    piece.settled_at = now
    piece.settled_by = by
    session.add(piece)
    session.flush()
    return piece


def tell_piece(piece: QuarantinedPiece | Unreadable) -> str:
    """Where a piece stands and what is wrong with it, on one line that is safe on a terminal."""
    where = f"{piece.file}, line {piece.line}" if piece.line else piece.file
    field = f", {piece.field}" if piece.field else ""
    return escape_text(f"quarantined: {where}{field}: {piece.reason}")
