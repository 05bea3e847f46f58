"""Batches that were implausible: put aside with their figures, settled once by a person.

The intake holds a page, `archive.ingest.close_run` what a complete run no longer found; releasing one is
theirs too (`scrapers.work.crawl.releasing`). Nothing here takes data in.
"""

import logging
from datetime import datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError, NotFoundError
from archive.models import Capture, QuarantinedBatch
from archive.models.runs import PieceStatus
from archive.records.escaping import escape_text
from archive.runs.lease import RunLease
from archive.runs.plausibility import ImplausibleBatchError

PREFIX = "batch-"
"""Tells a batch from a quarantined piece, which goes by its number alone."""

logger = logging.getLogger(__name__)


def quarantine_batch(
    session: Session,
    lease: RunLease,
    doubt: ImplausibleBatchError,
    now: datetime,
    capture_id: int | None = None,
) -> QuarantinedBatch:
    """Put a batch aside and say so in the log.

    The same doubt about the same bytes is one batch, also after a person has rejected it; so is a
    partition that stays shrunk for as long as nobody has decided.
    """
    batch = _find_batch(session, lease, doubt, capture_id) or QuarantinedBatch(
        run_id=lease.run_id,
        capture_id=capture_id,
        source=lease.source,
        partition=lease.partition,
        cause=doubt.cause,
        reason=doubt.reason,
        figures=doubt.figures,
        quarantined_at=now,
    )
    session.add(batch)
    session.flush()
    logger.warning("%s/%s: %s", lease.source, lease.partition, escape_text(tell_quarantined(batch)))
    return batch


def _find_batch(
    session: Session, lease: RunLease, doubt: ImplausibleBatchError, capture_id: int | None
) -> QuarantinedBatch | None:
    query = select(QuarantinedBatch).where(
        QuarantinedBatch.source == lease.source,
        QuarantinedBatch.partition == lease.partition,
        QuarantinedBatch.cause == doubt.cause,
    )
    if capture_id is None:
        query = query.where(QuarantinedBatch.status == PieceStatus.QUARANTINED)
    else:
        bytes_now = select(Capture.sha256).where(Capture.id == capture_id).scalar_subquery()
        query = query.join(Capture, col(Capture.id) == QuarantinedBatch.capture_id).where(
            QuarantinedBatch.reason == doubt.reason,
            QuarantinedBatch.status != PieceStatus.RELEASED,
            Capture.sha256 == bytes_now,
        )
    return session.exec(query.limit(1)).first()


def list_batches(
    session: Session, status: PieceStatus | None, limit: int
) -> list[QuarantinedBatch]:
    """Quarantined batches, newest first."""
    query = select(QuarantinedBatch).order_by(col(QuarantinedBatch.id).desc()).limit(limit)
    if status is not None:
        query = query.where(QuarantinedBatch.status == status)
    return list(session.exec(query))


def read_batch(session: Session, batch_id: int) -> QuarantinedBatch:
    """One batch.

    Raises:
        NotFoundError: if there is none with this id.
    """
    batch = session.get(QuarantinedBatch, batch_id)
    if batch is None:
        raise NotFoundError("quarantined batch", name_batch(batch_id))
    return batch


def read_quarantined_batch(session: Session, batch_id: int) -> QuarantinedBatch:
    """One batch that nobody has settled yet.

    Raises:
        ArchiveError: if it was settled before.
        NotFoundError: if there is none with this id.
    """
    batch = read_batch(session, batch_id)
    if batch.status != PieceStatus.QUARANTINED:
        raise ArchiveError(tell_settled(batch))
    return batch


def settle_batch(
    session: Session, batch_id: int, status: PieceStatus, by: str, because: str, now: datetime
) -> QuarantinedBatch:
    """Note what a person decided about a batch, and why: released (taken in) or rejected.

    Raises:
        ArchiveError: if it was settled before, or nobody or no reason is named.
        NotFoundError: if there is none with this id.
    """
    batch = read_quarantined_batch(session, batch_id)
    check_settlement(by, because)
    batch.status, batch.settled_at = status, now
    batch.settled_by, batch.settled_because = by.strip(), because.strip()
    session.add(batch)
    session.flush()
    return batch


def check_settlement(by: str, because: str) -> None:
    """Refuse to settle anything for nobody or for no reason.

    Raises:
        ArchiveError: if either is blank.
    """
    if not by.strip() or not because.strip():
        raise ArchiveError("who settles a batch, and why, must be said")


def name_batch(batch_id: int | None) -> str:
    """The name by which people call a batch: `batch-7`."""
    return f"{PREFIX}{batch_id}"


def read_batch_name(name: str) -> int | None:
    """The id in a batch's name; `None` if it is not the name of a batch."""
    number = name.removeprefix(PREFIX)
    is_name = number != name and number.isascii() and number.isdigit() and len(number) < 19
    return int(number) if is_name else None


def tell_quarantined(batch: QuarantinedBatch) -> str:
    """Why a batch was not taken in, and how to fix it."""
    if batch.status != PieceStatus.QUARANTINED:
        return f"not taken in: {batch.reason}; {tell_settled(batch)}"
    name = name_batch(batch.id)
    return f"quarantined as {name}: {batch.reason}; to settle it: paidforby quarantine show {name}"


def tell_settled(batch: QuarantinedBatch) -> str:
    """Who settled a batch, how and why."""
    return (
        f"{name_batch(batch.id)} was {batch.status} by {batch.settled_by} before, "
        f"because: {batch.settled_because}"
    )
