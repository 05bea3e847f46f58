"""Batches that were implausible: put aside with their figures, until a person settles them.

The intake holds a page, `archive.ingest.close_run` what a complete run no longer found;
`archive.runs.quarantine` settles both. Nothing here takes data in.
"""

import logging
from datetime import datetime

from sqlmodel import Session, col, select

from archive.models import Capture, QuarantinedBatch
from archive.models.runs import PieceStatus
from archive.records.escaping import escape_text
from archive.runs.lease import RunLease
from archive.runs.plausibility import ImplausibleBatchError
from archive.runs.quarantine import name_quarantined, tell_settled

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


def tell_quarantined(batch: QuarantinedBatch) -> str:
    """Why a batch was not taken in, and how to fix it."""
    if batch.status != PieceStatus.QUARANTINED:
        return f"not taken in: {batch.reason}; {tell_settled(batch)}"
    name = name_quarantined(batch)
    return f"quarantined as {name}: {batch.reason}; to settle it: paidforby quarantine show {name}"
