"""How fast this archive takes room of late: its evidence by source, and its database.

`paidforby doctor` forecasts by it when the disk will be full.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, text
from sqlmodel import Session, col, select

from archive.models import Capture, Change, MediaFile
from archive.store.blobs import BlobStore

MEDIA = "pictures and videos"


@dataclass(frozen=True)
class Growth:
    """What came in during the last days of an archive."""

    days: float
    """Days that were looked at: as many as were asked for, or as old as the archive is; at least one."""
    evidence_bytes: Counter[str]
    """Room on the disk that new evidence takes, by source; media stand together as `MEDIA`."""
    database_bytes: int
    """The database's size, by the share of all changes that are of those days."""

    @property
    def bytes_per_day(self) -> float:
        """Room that a day took."""
        return (self.evidence_bytes.total() + self.database_bytes) / self.days


def read_growth(session: Session, blobs: BlobStore, now: datetime, most: timedelta) -> Growth:
    """What came in during the days before `now`, at most so many."""
    since = now - most
    evidence: Counter[str] = Counter()
    for source, sha256 in _list_new(session, since):
        path = blobs.path_of(sha256)
        evidence[source] += path.stat().st_size if path.exists() else 0
    firsts = [
        session.scalar(select(func.min(time))) for time in (Capture.fetched_at, Change.recorded_at)
    ]
    first = min((time for time in firsts if time), default=now)
    return Growth(
        max(1.0, (now - max(since, first)) / timedelta(days=1)),
        evidence,
        _estimate_database(session, since),
    )


def _list_new(session: Session, since: datetime) -> Iterator[tuple[str, str]]:
    """Evidence whose bytes were first kept since then, each once."""
    fetched = (
        select(func.min(Capture.source), Capture.sha256)
        .group_by(Capture.sha256)
        .having(func.min(Capture.fetched_at) >= since)
    )
    kept = select(literal(MEDIA), MediaFile.sha256).where(col(MediaFile.kept_at) >= since)
    for query in (fetched, kept):
        yield from session.connection().execute(query)


def _estimate_database(session: Session, since: datetime) -> int:
    count = select(func.count()).select_from(Change)
    changes = session.scalar(count) or 0
    new = session.scalar(count.where(col(Change.recorded_at) >= since)) or 0
    return measure_database(session) * new // changes if changes else 0


def measure_database(session: Session) -> int:
    """Size of the archive's database in bytes."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages, size = (
        connection.scalar(text(f"PRAGMA {name}")) for name in ("page_count", "page_size")
    )
    return int(pages or 0) * int(size or 0)
