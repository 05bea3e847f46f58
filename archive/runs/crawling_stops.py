"""The one switch that stops all fetching: who turned it, when and why; nothing of it is deleted.

`paidforby crawling` turns it. Whatever goes to a source asks `require_crawling` before it begins, before each
request and every few seconds between; imports of files go on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from archive.errors import ArchiveError
from archive.models import CrawlingStop


class CrawlingStoppedError(ArchiveError):
    """All crawling is stopped for now."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"crawling is {reason}; type: paidforby crawling")
        self.reason = reason
        """For everyone."""


def stop_crawling(session: Session, by: str, because: str, now: datetime) -> CrawlingStop:
    """Stop all fetching.

    Raises:
        ArchiveError: if it is stopped already.
    """
    if stop := find_stop(session):
        raise ArchiveError(f"crawling is {tell_stop(stop)} already (by {stop.stopped_by})")
    stop = CrawlingStop(stopped_at=now, stopped_by=by, because=because)
    session.add(stop)
    session.flush()
    return stop


def resume_crawling(session: Session, by: str, because: str, now: datetime) -> CrawlingStop:
    """Let crawling go on.

    Raises:
        ArchiveError: if it is not stopped.
    """
    stop = find_stop(session)
    if stop is None:
        raise ArchiveError("crawling is not stopped")
    stop.resumed_at, stop.resumed_by, stop.resumed_because = now, by, because
    session.add(stop)
    session.flush()
    return stop


def find_stop(session: Session) -> CrawlingStop | None:
    """The stop that holds now."""
    return session.exec(select(CrawlingStop).where(col(CrawlingStop.resumed_at).is_(None))).first()


def list_stops(session: Session) -> Sequence[CrawlingStop]:
    """Every stop there was, oldest first."""
    return session.exec(select(CrawlingStop).order_by(col(CrawlingStop.stopped_at))).all()


def require_crawling(session: Session) -> None:
    """Go on only if crawling is not stopped.

    Raises:
        CrawlingStoppedError: if it is, saying since when and why.
    """
    if stop := find_stop(session):
        raise CrawlingStoppedError(tell_stop(stop))


def tell_stop(stop: CrawlingStop) -> str:
    """`stopped by the operator since 23 Nov 2026 07:20 UTC, because …`: for everyone."""
    since = f"{stop.stopped_at.astimezone(UTC):%d %b %Y %H:%M} UTC".removeprefix("0")
    return f"stopped by the operator since {since}, because {stop.because}"
