"""Readings into the archive, page by page: records to ingest, unreadable pieces to quarantine.

The import and the crawl pipeline share it, so that both mean the same by a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from archive.blobs import BlobStore
from archive.database import write
from archive.ingest import ingest_page
from archive.models import Capture
from archive.quarantine import hold_pieces
from archive.records import Unreadable
from archive.runs import Counts, Look
from scrapers.reading import NotRead, Reading

Clock = Callable[[], datetime]


@dataclass
class Intake:
    """A look under way and what it met so far."""

    engine: Engine
    blobs: BlobStore
    look: Look
    clock: Clock
    counts: Counts = field(default_factory=Counts)
    unreadable: list[Unreadable] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)

    def take_page(
        self, readings: Sequence[Reading], capture: Capture, cursor: str | None = None
    ) -> None:
        """Write one page in one transaction: data, quarantine, checkpoint and fence.

        Raises:
            LeaseLostError: if another run has taken the partition over.
        """
        pieces = [r for r in readings if isinstance(r, Unreadable)]
        with write(self.engine) as session:
            page = self._write_page(session, readings, pieces, capture, cursor)
        self.counts.add(page)
        self.unreadable += pieces
        self.not_read += [r for r in readings if isinstance(r, NotRead)]

    def _write_page(
        self,
        session: Session,
        readings: Sequence[Reading],
        pieces: list[Unreadable],
        capture: Capture,
        cursor: str | None,
    ) -> Counts:
        now = self.clock()
        held = hold_pieces(session, self.blobs, self.look, pieces, capture, now)
        records = [r for r in readings if not isinstance(r, Unreadable | NotRead)]
        return ingest_page(
            session, self.look, records, capture.id, now, cursor=cursor, quarantined=held
        )
