"""Readings into the archive, page by page: records to ingest, unreadable pieces to quarantine.

The import and the crawl pipeline share it, so that both mean the same by a page, and by a page that
cannot be believed.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from archive.blobs import BlobStore
from archive.database import write
from archive.held_batches import hold_batch, tell_hold
from archive.ingest import ingest_page
from archive.models import Capture
from archive.plausibility import Gate, ImplausibleBatchError
from archive.quarantine import hold_pieces
from archive.records import Unreadable
from archive.runs import Counts, Look, hold_lease
from scrapers.reading import NotRead, Reading

Clock = Callable[[], datetime]


@dataclass
class Intake:
    """A look under way and what it met so far."""

    engine: Engine
    blobs: BlobStore
    look: Look
    clock: Clock
    gate: Gate | None = None
    """What may change before a person must believe it; `None`: a person has."""
    counts: Counts = field(default_factory=Counts)
    unreadable: list[Unreadable] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    held: str = ""
    """Why the look ended at a page that was not believed, and what to type; empty: all was."""

    def take_page(
        self, readings: Sequence[Reading], capture: Capture, cursor: str | None = None
    ) -> None:
        """Write one page in one transaction: data, quarantine, checkpoint and fence.

        Raises:
            ImplausibleBatchError: if the page is not believed. It is held, nothing else of it is
                written, and no further page may be taken.
            LeaseLostError: if another run has taken the partition over.
        """
        pieces = [r for r in readings if isinstance(r, Unreadable)]
        # What a page weighs counts once it is written: a page may be tried again.
        gate = deepcopy(self.gate)
        try:
            with write(self.engine) as session:
                page = self._write_page(session, readings, pieces, capture, cursor, gate)
        except ImplausibleBatchError as doubt:
            self._hold_page(doubt, capture)
            raise
        self.gate = gate
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
        gate: Gate | None,
    ) -> Counts:
        now = self.clock()
        held = hold_pieces(session, self.blobs, self.look, pieces, capture, now)
        records = [r for r in readings if not isinstance(r, Unreadable | NotRead)]
        return ingest_page(
            session,
            self.look,
            records,
            capture.id,
            now,
            cursor=cursor,
            quarantined=held,
            gate=gate,
        )

    def _hold_page(self, doubt: ImplausibleBatchError, capture: Capture) -> None:
        now = self.clock()
        with write(self.engine) as session:
            hold_lease(session, self.look, now)
            self.held = tell_hold(hold_batch(session, self.look, doubt, now, capture.id))
