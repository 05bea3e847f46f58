"""What was put aside, taken in after all: the whole capture, read with today's reader at its own time.

`paidforby quarantine release` calls it: after a reader was mended or a person vouched for a piece of a
file, or when a person accepts a batch. What a person accepts passes no gate.
"""

import io
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlmodel import Session

from archive.errors import ArchiveError, EvidenceError, PartitionBusyError
from archive.ingest.close_run import accept_vanished, close_run
from archive.models import Capture, QuarantinedBatch, QuarantinedPiece, Run
from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.records import Unreadable
from archive.runs.captures import name_file
from archive.runs.lease import Counts, begin_run
from archive.runs.quarantine import (
    OF_FILES,
    PASSED,
    PROGRAM,
    Quarantined,
    check_settlement,
    read_unsettled,
    settle,
    tell_name,
    tell_next,
)
from archive.store.blobs import BlobStore
from archive.store.clock import require_clock
from archive.store.database import read, write
from archive.store.outages import Patience
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock, Intake
from scrapers.readers.files import SourceFile
from scrapers.sources.spider import page_readings, read_delivery
from scrapers.spiders import find_spiders


def release_quarantined(
    settings: Settings, engine: Engine, name: str, by: str, because: str, clock: Clock
) -> tuple[str, Counts]:
    """Take in what a person vouches for, and settle it as released; gives what it is called, too.

    A shrink: what that run no longer found has vanished then. All else: its whole capture is read
    again without the gate.

    Raises:
        ArchiveError: if it was settled before, has no capture, still cannot be read, or nobody or no
            reason is named.
        NotFoundError: if there is nothing of that name.
    """
    check_settlement(by, because)
    with read(engine) as session:
        held = read_unsettled(session, name)
        capture = session.get(Capture, held.capture_id) if held.capture_id else None
        run = session.get_one(Run, held.run_id)
        session.expunge_all()
    told = tell_name(held)
    if isinstance(held, QuarantinedBatch) and held.cause == QuarantineReason.SHRINK:
        with write(engine) as session:
            now = clock()
            settle(session, name, PieceStatus.RELEASED, by, because, now)
            batch = session.get_one(QuarantinedBatch, held.id)
            accepted = accept_vanished(session, batch, now)
            return told, Counts(vanished=accepted.vanished, withdrawn=accepted.withdrawn)
    if isinstance(held, QuarantinedPiece) and held.stage not in OF_FILES:
        raise ArchiveError(f"{told} was put aside at {held.stage}; type: {tell_next(held)}")
    if capture is None:
        raise ArchiveError(f"the evidence of {told} is not in this archive")
    intake = read_again(settings, engine, capture, run, clock)
    still = next((piece for piece in intake.unreadable if _is_same(piece, held)), None)
    with write(engine) as session:
        now = clock()
        if still is None:
            settle(session, name, PieceStatus.RELEASED, by, because, now)
        outcome = Outcome.ATTENTION if intake.unreadable else Outcome.DONE
        reason = f"{told} read again: accepted by {by} because: {because}"
        close_run(session, intake.lease, outcome, now, reason=reason)
    if still is not None:
        raise ArchiveError(f"{told} still cannot be read: {still.reason}")
    return told, intake.counts


def read_pieces_again(
    settings: Settings, engine: Engine, pieces: Sequence[QuarantinedPiece], clock: Clock
) -> None:
    """Read the captures that pieces stand in once more, each once; what can be read now is settled.

    What has no capture here, or whose partition another run reads, stays as it is.
    """
    for capture_id in sorted({piece.capture_id for piece in pieces if piece.capture_id}):
        with read(engine) as session:
            capture = session.get_one(Capture, capture_id)
            run = session.get_one(Run, capture.run_id)
            session.expunge_all()
        try:
            intake = read_again(settings, engine, capture, run, clock)
        except (PartitionBusyError, EvidenceError) as error:
            note(f"{name_file(capture)} stays as it is: {error}")
            continue
        with write(engine) as session:
            settle_passed(session, [p for p in pieces if p.capture_id == capture_id], intake)
            outcome = Outcome.ATTENTION if intake.unreadable else Outcome.DONE
            close_run(session, intake.lease, outcome, clock(), reason="read again after a retry")


def settle_passed(session: Session, pieces: Sequence[QuarantinedPiece], intake: Intake) -> None:
    """Settle the pieces of a capture that could be read now."""
    for piece in pieces:
        if not any(_is_same(each, piece) for each in intake.unreadable):
            now = intake.clock()
            settle(session, str(piece.id), PieceStatus.RELEASED, PROGRAM, PASSED, now)


def read_again(
    settings: Settings,
    engine: Engine,
    capture: Capture,
    run: Run,
    clock: Clock,
    kind: RunKind = RunKind.IMPORT,
) -> Intake:
    """A run that took in what a capture says, at the time of the run that got it; the caller closes it."""
    with write(engine) as session:
        require_clock(session, clock())
        lease = begin_run(
            session,
            capture.source,
            capture.partition,
            kind,
            clock(),
            rereads=run,
        )
    patience = Patience(settings.database_patience_seconds)
    intake = Intake(engine, BlobStore(settings.blobs_dir), lease, clock, patience)
    try:
        _take_capture(settings, intake, capture)
    except BaseException as error:
        intake.end_by(error)
        raise
    return intake


def _take_capture(settings: Settings, intake: Intake, capture: Capture) -> None:
    reader = find_spiders()[capture.source].reader_of(settings, capture.partition)
    file = SourceFile(name_file(capture), lambda: io.BytesIO(intake.blobs.read(capture.sha256)))
    for page in page_readings(read_delivery(reader, file), capture.id, file):
        intake.take_page(page.readings, capture)


def _is_same(unreadable: Unreadable, held: Quarantined) -> bool:
    return isinstance(held, QuarantinedPiece) and (
        (unreadable.stage, unreadable.subject, unreadable.file, unreadable.line, unreadable.field)
        == (held.stage, held.subject, held.file, held.line, held.field)
    )
