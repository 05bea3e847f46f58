"""What was put aside: pieces that a step could not take, batches that were implausible.

Spiders' readers name a piece of a file, the import and the crawl pipeline put it here with its bytes; what
a later step fails on unforeseen comes through `archive.runs.fence`. Nothing is dropped.
`archive.runs.quarantined_batches` holds batches. Both are listed and settled here, once and for a reason;
what is released is taken in by `scrapers.work.crawl.releasing`.
"""

import logging
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import Capture, QuarantinedBatch, QuarantinedPiece
from archive.models.runs import PieceStatus
from archive.records import QuarantineStage, Unreadable
from archive.records.escaping import escape_text
from archive.runs.lease import RunLease
from archive.store.batches import cut_batches
from archive.store.blobs import BlobStore

Quarantined = QuarantinedPiece | QuarantinedBatch
NAME = re.compile(r"(?:batch-)?(?P<number>[0-9]{1,18})")
"""How people name what was put aside: a piece by its number, a batch as `batch-7`."""

COULD_NOT = {
    QuarantineStage.READING: "our reader failed on it",
    QuarantineStage.INGEST: "the archive could not take it in",
    QuarantineStage.EVALUATION: "it could not be held against the rules",
    QuarantineStage.SEARCH: "the search copy could not take it",
    QuarantineStage.MIRROR: "the Parquet copy could not take it",
    QuarantineStage.COPIES: "it could not be compared with other ads",
    QuarantineStage.MEDIA: "what it shows could not be fetched or measured",
    QuarantineStage.CRAWL: "it could not be crawled",
}
"""What is said in public of a failure that nobody foresaw: no word of the source's, no address."""

OF_FILES = frozenset({QuarantineStage.READING, QuarantineStage.INGEST})
"""Steps whose pieces stand in a capture, which a person may release; the others are only tried again."""

LONGEST_DETAIL = 2_000
PROGRAM = "paidforby"
PASSED = "the step went through when it was tried again"

logger = logging.getLogger(__name__)


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
        QuarantinedPiece.stage == piece.stage,
        QuarantinedPiece.subject == piece.subject,
    )
    return session.exec(query.limit(1)).first()


def explain_failure(stage: QuarantineStage, error: Exception) -> tuple[str, str]:
    """What is said in public of a failure nobody foresaw, and what whoever runs this archive needs."""
    name = type(error).__name__
    frames = extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    detail = escape_text(f"{name}: {error}"[:LONGEST_DETAIL])
    return f"{COULD_NOT[stage]} ({name})", detail + place


def put_aside(
    session: Session,
    stage: QuarantineStage,
    source: str,
    subject: str,
    error: Exception,
    now: datetime,
) -> None:
    """Put aside one thing that a step failed on, as `keep_aside` does."""
    keep_aside(session, stage, source, subject, *explain_failure(stage, error), now)


def keep_aside(
    session: Session,
    stage: QuarantineStage,
    source: str,
    subject: str,
    reason: str,
    detail: str,
    now: datetime,
) -> None:
    """Put one thing aside and say so in the log; the same thing once.

    What a person has rejected stays rejected.
    """
    logger.warning("put aside at %s: %s: %s", stage, escape_text(subject or source), detail)
    query = select(QuarantinedPiece).where(
        col(QuarantinedPiece.status).in_([PieceStatus.QUARANTINED, PieceStatus.REJECTED]),
        QuarantinedPiece.stage == stage,
        QuarantinedPiece.subject == subject,
        QuarantinedPiece.source == source,
    )
    piece = session.exec(query).first() or QuarantinedPiece(
        stage=stage, source=source, subject=subject, reason=reason, quarantined_at=now
    )
    piece.reason, piece.detail = reason, detail
    session.add(piece)
    session.flush()


def list_open_pieces(
    session: Session, stage: QuarantineStage | None = None
) -> list[QuarantinedPiece]:
    """What is put aside and not settled, oldest first; only at one step, if it is named."""
    query = select(QuarantinedPiece).where(QuarantinedPiece.status == PieceStatus.QUARANTINED)
    if stage is not None:
        query = query.where(QuarantinedPiece.stage == stage)
    return list(session.exec(query.order_by(col(QuarantinedPiece.id))))


def list_open_subjects(session: Session, stage: QuarantineStage) -> set[str]:
    """What is put aside at a step and not settled."""
    query = select(QuarantinedPiece.subject).where(
        QuarantinedPiece.status == PieceStatus.QUARANTINED, QuarantinedPiece.stage == stage
    )
    return set(session.exec(query))


def settle_passed(
    session: Session, stage: QuarantineStage, subjects: Collection[str], now: datetime
) -> None:
    """Settle what a step has taken after all."""
    for some in cut_batches(sorted(subjects)):
        waiting = update(QuarantinedPiece).where(
            col(QuarantinedPiece.status) == PieceStatus.QUARANTINED,
            col(QuarantinedPiece.stage) == stage,
            col(QuarantinedPiece.subject).in_(some),
        )
        settled = {"status": PieceStatus.RELEASED, "settled_at": now, "settled_by": PROGRAM}
        session.connection().execute(waiting.values(**settled, settled_because=PASSED))


def count_open(session: Session) -> dict[QuarantineStage, int]:
    """How much is put aside and not settled, by step."""
    query = (
        select(QuarantinedPiece.stage, func.count())
        .where(QuarantinedPiece.status == PieceStatus.QUARANTINED)
        .group_by(QuarantinedPiece.stage)
    )
    counted = dict(session.exec(query).all())
    return {stage: counted.get(stage, 0) for stage in QuarantineStage}


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
    return f"piece {held.id} of {escape_text(held.file or held.subject)}"


def tell_next(held: Quarantined) -> str:
    """What to type to settle it as taken in."""
    name = name_quarantined(held)
    if isinstance(held, QuarantinedPiece) and held.stage not in OF_FILES:
        return f"paidforby quarantine retry {name}"
    return f"paidforby quarantine release {name} --by WHO --because WHY"


def tell_settled(held: Quarantined) -> str:
    """Who settled it, how and why."""
    because = held.settled_because or "no reason was kept"
    return f"{tell_name(held)} was {held.status} by {held.settled_by} before, because: {because}"


def tell_piece(piece: QuarantinedPiece | Unreadable) -> str:
    """Where a piece stands and what is wrong with it, on one line that is safe on a terminal."""
    where = f"{piece.file}, line {piece.line}" if piece.line else piece.file or piece.subject
    field = f", {piece.field}" if piece.field else ""
    return escape_text(f"quarantined: {where}{field}: {piece.reason}")
