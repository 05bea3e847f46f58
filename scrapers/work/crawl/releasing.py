"""What was put aside, taken in after all: the whole capture, read with today's reader at its own time.

`paidforby quarantine release` calls it: after a reader was mended or a person vouched for a piece of a
file, or when a person accepts a batch. What a person accepts passes no gate.
"""

import io

from sqlalchemy import Engine

from archive.errors import ArchiveError
from archive.ingest.close_run import accept_vanished, close_run
from archive.models import Capture, QuarantinedPiece, Run
from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.records import Unreadable
from archive.runs.lease import Counts, begin_run
from archive.runs.quarantine import read_piece, settle_piece
from archive.runs.quarantined_batches import (
    check_settlement,
    name_batch,
    read_quarantined_batch,
    settle_batch,
)
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.outages import Patience
from config.settings import Settings
from scrapers.intake.pages import Clock, Intake
from scrapers.readers.files import SourceFile
from scrapers.sources.spider import page_readings, read_delivery
from scrapers.spiders import find_spiders


def release_piece(
    settings: Settings, engine: Engine, piece_id: int, by: str, clock: Clock
) -> Intake:
    """Read the piece's capture again and settle the piece as released.

    Raises:
        ArchiveError: if it was settled before, has no capture, or still cannot be read.
        NotFoundError: if there is no such piece.
    """
    piece, capture, run = _find_evidence(engine, piece_id)
    intake = _read_again(settings, engine, capture, run, clock)
    still = next((p for p in intake.unreadable if _is_same(p, piece)), None)
    with write(engine) as session:
        now = clock()
        reason = f"piece {piece_id} read again for {by}"
        outcome = Outcome.ATTENTION if still else Outcome.DONE
        close_run(session, intake.lease, outcome, now, reason=reason)
        if still is None:
            settle_piece(session, piece_id, PieceStatus.RELEASED, by, now)
    if still is not None:
        raise ArchiveError(f"piece {piece_id} still cannot be read: {still.reason}")
    return intake


def release_batch(
    settings: Settings, engine: Engine, batch_id: int, by: str, because: str, clock: Clock
) -> Counts:
    """Take in a batch that a person accepts, and settle it as released.

    A page: its whole capture is read again without the gate. A shrink: what that run no longer
    found has vanished then.

    Raises:
        ArchiveError: if it was settled before, has no capture, or nobody or no reason is named.
        NotFoundError: if there is no such batch.
    """
    check_settlement(by, because)
    with read(engine) as session:
        batch = read_quarantined_batch(session, batch_id)
        capture = session.get(Capture, batch.capture_id) if batch.capture_id else None
        run = session.get_one(Run, batch.run_id)
        session.expunge_all()
    if batch.cause == QuarantineReason.SHRINK:
        with write(engine) as session:
            accepted = accept_vanished(session, batch_id, by, because, clock())
            return Counts(vanished=accepted.vanished)
    if capture is None:
        raise ArchiveError(f"the evidence of {name_batch(batch_id)} is not in this archive")
    intake = _read_again(settings, engine, capture, run, clock)
    with write(engine) as session:
        now = clock()
        settle_batch(session, batch_id, PieceStatus.RELEASED, by, because, now)
        outcome = Outcome.ATTENTION if intake.unreadable else Outcome.DONE
        reason = f"{name_batch(batch_id)} read again: accepted by {by} because: {because}"
        close_run(session, intake.lease, outcome, now, reason=reason)
    return intake.counts


def _read_again(
    settings: Settings, engine: Engine, capture: Capture, run: Run, clock: Clock
) -> Intake:
    """A run that took in what a capture says; the caller closes it."""
    with write(engine) as session:
        lease = begin_run(
            session,
            capture.source,
            capture.partition,
            RunKind.IMPORT,
            clock(),
            observed_on=run.observed_at,
        )
    patience = Patience(settings.database_patience_seconds)
    intake = Intake(engine, BlobStore(settings.blobs_dir), lease, clock, patience)
    try:
        _take_capture(settings, intake, capture)
    except BaseException as error:
        intake.end_as_failed(error)
        raise
    return intake


def _take_capture(settings: Settings, intake: Intake, capture: Capture) -> None:
    reader = find_spiders()[capture.source].reader_of(settings, capture.partition)
    name = capture.url.split("?")[0].rsplit("/", 1)[-1]
    file = SourceFile(name, lambda: io.BytesIO(intake.blobs.read(capture.sha256)))
    for page in page_readings(read_delivery(reader, file), capture.id):
        intake.take_page(page.readings, capture)


def _find_evidence(engine: Engine, piece_id: int) -> tuple[QuarantinedPiece, Capture, Run]:
    with read(engine) as session:
        piece = read_piece(session, piece_id)
        capture = session.get(Capture, piece.capture_id) if piece.capture_id else None
        run = session.get(Run, piece.run_id)
        if piece.status != PieceStatus.QUARANTINED:
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
