"""Quarantined pieces read again: the whole capture, with today's reader, at its own observation time.

`paidforby quarantine release` calls it after a reader was mended or a person vouched for a file.
"""

import io

from sqlalchemy import Engine

from archive.blobs import BlobStore
from archive.database import read, write
from archive.errors import ArchiveError
from archive.models import Capture, QuarantinedPiece, Run
from archive.models.collecting import Outcome, PieceStatus, RunKind
from archive.quarantine import read_piece, settle_piece
from archive.records import Unreadable
from archive.runs import begin_run, end_run
from config.settings import Settings
from scrapers.files import SourceFile
from scrapers.intake import Clock, Intake
from scrapers.spider import find_spiders, page_readings, read_delivery


def release_piece(
    settings: Settings, engine: Engine, piece_id: int, by: str, clock: Clock
) -> Intake:
    """Read the piece's capture again and settle the piece as released.

    Raises:
        ArchiveError: if it was settled before, has no capture, or still cannot be read.
        NotFoundError: if there is no such piece.
    """
    piece, capture, run = _find_evidence(engine, piece_id)
    spider = find_spiders()[piece.source]
    with write(engine) as session:
        look = begin_run(
            session,
            piece.source,
            capture.partition,
            RunKind.IMPORT,
            clock(),
            observed_on=run.observed_at,
        )
    blobs = BlobStore(settings.blobs_dir)
    intake = Intake(engine, blobs, look, clock)
    name = capture.url.split("?")[0].rsplit("/", 1)[-1]
    file = SourceFile(name, lambda: io.BytesIO(blobs.read(capture.sha256)))
    for page in page_readings(read_delivery(spider, file), capture.id):
        intake.take_page(page.readings, capture)
    still = next((p for p in intake.unreadable if _is_same(p, piece)), None)
    with write(engine) as session:
        now = clock()
        reason = f"piece {piece_id} read again for {by}"
        end_run(session, look, Outcome.ATTENTION if still else Outcome.DONE, now, reason=reason)
        if still is None:
            settle_piece(session, piece_id, PieceStatus.RELEASED, by, now)
    if still is not None:
        raise ArchiveError(f"piece {piece_id} still cannot be read: {still.reason}")
    return intake


def _find_evidence(engine: Engine, piece_id: int) -> tuple[QuarantinedPiece, Capture, Run]:
    with read(engine) as session:
        piece = read_piece(session, piece_id)
        capture = session.get(Capture, piece.capture_id) if piece.capture_id else None
        run = session.get(Run, piece.run_id)
        if piece.status != PieceStatus.HELD:
            raise ArchiveError(f"piece {piece_id} was {piece.status} by {piece.settled_by} before")
        if capture is None or run is None:
            raise ArchiveError(f"the evidence of piece {piece_id} is not in this archive")
        session.expunge_all()
    return piece, capture, run


def _is_same(unreadable: Unreadable, piece: QuarantinedPiece) -> bool:
    return (unreadable.file, unreadable.line, unreadable.field) == (
        piece.file,
        piece.line,
        piece.field,
    )
