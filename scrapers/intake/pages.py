"""Readings into the archive, page by page: records to ingest, unreadable pieces to quarantine.

The import and the crawl pipeline share it, so that both mean the same by a page, and by a page that
is implausible.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from archive.bounds import PIECES
from archive.errors import ArchiveError
from archive.ingest.ads.unchanged_rows import (
    UnchangedAd,
    find_unchanged,
    note_unchanged,
    read_row_hash_key,
)
from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_each, stamp_page
from archive.ingest.refused_rows import note_refused
from archive.models import Capture, Run
from archive.models.runs import Outcome
from archive.records import AdRecord, AnyRecord, QuarantineStage, Unreadable
from archive.records.canonical import hash_bytes
from archive.records.escaping import escape_text
from archive.runs.captures import name_file, save_capture
from archive.runs.lease import (
    Counts,
    RunLease,
    count_pages,
    has_ended,
    hold_lease,
    note_progress,
)
from archive.runs.plausibility import Gate, ImplausibleBatchError
from archive.runs.quarantine import explain_failure, quarantine_pieces
from archive.runs.quarantined_batches import quarantine_batch, tell_quarantined
from archive.store.blobs import Blob, BlobStore
from archive.store.bulk import pause_collector
from archive.store.outages import Patience, is_disk_full, read_surely, tell_failure, write_surely
from archive.store.room import give_up_room, keep_room
from config.counts import write_count
from scrapers.readers.reading import AdRow, NotRead, Reading

Clock = Callable[[], datetime]

Unchanged = dict[str, UnchangedAd]
"""Ads by ref, of which the rows of a page say nothing new."""


class Written(NamedTuple):
    """What a page that was written brought."""

    counts: Counts
    gate: Gate | None
    pieces: list[Unreadable]


@dataclass
class Intake:
    """A run under way and what it met so far."""

    engine: Engine
    blobs: BlobStore
    lease: RunLease
    clock: Clock
    patience: Patience
    gate: Gate | None = None
    """What may change before a person must accept it; `None`: a person has."""
    pages: int = 0
    """Pages that are known to be committed."""
    counts: Counts = field(default_factory=Counts)
    unreadable: list[Unreadable] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    """Unreadable pieces by the SHA-256 of what they stand in."""
    quarantined: str = ""
    """Why the run ended at a page that was implausible, and how to fix it; empty: all was."""

    def __post_init__(self) -> None:
        """Keep room back in which the run can be closed."""
        keep_room(self.engine)

    @cached_property
    def row_hash_key(self) -> bytes:
        """The archive's secret for hashes of rows.

        Raises:
            DatabaseAwayError: if the database stays away.
        """
        return read_surely(self.engine, self.patience, read_row_hash_key)

    def take_page(
        self, readings: Sequence[Reading], capture: Capture, cursor: str | None = None
    ) -> None:
        """Write one page in one transaction: data, quarantine, checkpoint and fence.

        Raises:
            ImplausibleBatchError: if the page is implausible. It is quarantined, nothing else of it is
                written, and no further page may be taken.
            LeaseLostError: if another run has taken the partition over.
        """
        hashes = list_hashes(readings)
        readings = read_rows_but(hashes, readings)

        def write_page(session: Session) -> Written | Unchanged:
            return self._write_page(session, readings, hashes, capture, cursor)

        try:
            # Rows are read between two tries, while no other writer waits.
            with pause_collector():
                while not isinstance(page := self._try_page(write_page), Written):
                    readings = read_rows_but(page, readings)
        except ImplausibleBatchError as doubt:
            self._hold_page(doubt, capture)
            raise
        self.pages += 1
        self.counts.add(page.counts)
        self.gate = page.gate
        self.held[capture.sha256] += len(page.pieces)
        # Their bytes are in quarantine, and a run may meet many.
        self.unreadable += [p.model_copy(update={"raw": p.raw[:1]}) for p in page.pieces]
        self.not_read += [r for r in readings if isinstance(r, NotRead)]

    def _try_page(
        self, write_page: Callable[[Session], Written | Unchanged]
    ) -> Written | Unchanged:
        return write_surely(
            self.engine,
            self.patience,
            write_page,
            lambda session, _: count_pages(session, self.lease) > self.pages,
        )

    def _write_page(
        self,
        session: Session,
        readings: Sequence[Reading],
        hashes: Mapping[str, bytes],
        capture: Capture,
        cursor: str | None,
    ) -> Written | Unchanged:
        """Write a page whose unread rows are all of unchanged ads; else nothing, and give those ads."""
        unread = {row.ref: row.row_hash for row in readings if isinstance(row, AdRow)}
        unchanged = find_unchanged(session, self.lease, unread) if unread else {}
        if len(unchanged) < len(unread):
            return unchanged
        now = self.clock()
        hold_lease(session, self.lease, now, cursor=cursor)
        # What a page weighs counts once it is written: a page may be tried again.
        gate = deepcopy(self.gate)
        stamp = stamp_page(session, self.lease, capture.id, now, hashes)
        counts = note_unchanged(session, stamp, unchanged.values(), gate)
        records = [r for r in readings if not isinstance(r, Unreadable | NotRead | AdRow)]
        taken = ingest_each(session, stamp, records, gate)
        pieces = self._list_pieces(readings, capture)
        pieces += [refuse_record(capture, record, error) for record, error in taken.failed]
        note_refused(session, self.lease, pieces)
        taken.counts.quarantined = quarantine_pieces(
            session, self.blobs, self.lease, pieces, capture, now
        )
        note_progress(session, self.lease, taken.counts, now, cursor)
        counts.add(taken.counts)
        return Written(counts, taken.gate, pieces)

    def _list_pieces(self, readings: Sequence[Reading], capture: Capture) -> list[Unreadable]:
        """What of a page is to be put aside: after very many pieces, one that stands for the others.

        A piece that stands for a whole file is put aside in any case.
        """
        pieces = [r for r in readings if isinstance(r, Unreadable)]
        room = max(0, PIECES.most - self.held[capture.sha256])
        if len(pieces) <= room:
            return pieces
        reason = f"there are more; {PIECES.tell()}"
        rest = Unreadable(file=name_file(capture), field="the rest", reason=reason)
        whole = [piece for piece in pieces[room:] if not piece.raw and piece.line is None]
        return [*pieces[:room], *whole, rest]

    def _hold_page(self, doubt: ImplausibleBatchError, capture: Capture) -> None:
        def hold(session: Session) -> str:
            now = self.clock()
            hold_lease(session, self.lease, now)
            return tell_quarantined(quarantine_batch(session, self.lease, doubt, now, capture.id))

        # The same doubt about the same bytes is one batch, however often it is met.
        self.quarantined = write_surely(self.engine, self.patience, hold, lambda *_: False)

    def keep_capture(
        self, blob: Blob, *, url: str, status: int | None = None, media_type: str = ""
    ) -> Capture:
        """Note that the run got these bytes; gives the row as a value that outlives its transaction.

        Raises:
            DatabaseAwayError: if the database stays away.
        """

        def keep(session: Session) -> Capture:
            now = self.clock()
            capture = save_capture(
                session, self.lease, blob, url=url, now=now, status=status, media_type=media_type
            )
            session.refresh(capture)
            session.expunge(capture)
            return capture

        return write_surely(
            self.engine,
            self.patience,
            keep,
            lambda session, capture: session.get(Capture, capture.id) is not None,
        )

    def close(self, end: Callable[[Session], Run]) -> Run:
        """End the run once, on a full disk in the room kept back for it; `end` gives the run as it ended.

        Raises:
            DatabaseAwayError: if the database stays away.
        """

        def was_ended(session: Session, _: Run) -> bool:
            return has_ended(session, self.lease)

        try:
            return write_surely(self.engine, self.patience, end, was_ended)
        except Exception as error:
            if not is_disk_full(error) or not give_up_room(self.engine):
                raise
        return write_surely(self.engine, self.patience, end, was_ended)

    def add_absence(self, reason: str) -> str:
        """Why the run ended as it did, and how long the database was away from it."""
        return "; ".join(part for part in (reason, self.patience.tell()) if part)

    def tell_unreadable(self, *, is_sweep: bool) -> str:
        """How many pieces could not be read, and what that means for what is absent."""
        count = len(self.unreadable)
        told = f"{write_count(count, 'piece')} could not be read"
        if not is_sweep:
            return told
        if in_the_way := self.count_hiding():
            return f"{told}; {in_the_way} of them may be of what is missing: nothing is called gone"
        return f"{told}; what they name counts as still there"

    def count_hiding(self) -> int:
        """Pieces in which something may stand that is not gone."""
        return sum(piece.hides for piece in self.unreadable)

    def end_by(self, error: BaseException) -> None:
        """Close the run that an error ended, or somebody who stopped it.

        Where even that cannot be written, the row stays open and the next run closes it.
        """

        def end(session: Session) -> Run:
            reason = self.add_absence(tell_failure(error))
            outcome = Outcome.PARTIAL if isinstance(error, KeyboardInterrupt) else Outcome.FAILED
            return close_run(session, self.lease, outcome, self.clock(), reason=reason)

        with suppress(ArchiveError, DBAPIError):
            self.close(end)


def refuse_record(capture: Capture, record: AnyRecord, error: Exception) -> Unreadable:
    """A record that the archive could not take in, named by its id or, where it has none, by its hash."""
    reason, detail = explain_failure(QuarantineStage.INGEST, error)
    ref = getattr(record, "ref", None) or hash_bytes(repr(record).encode(errors="replace"))[:16]
    return Unreadable(
        file=name_file(capture),
        reason=reason,
        stage=QuarantineStage.INGEST,
        subject=escape_text(f"{capture.source}:{ref}"),
        detail=detail,
        ref=record.ref if isinstance(record, AdRecord) else None,
        hides=not isinstance(record, AdRecord),
    )


def list_hashes(readings: Sequence[Reading]) -> dict[str, bytes]:
    """The hashes of unread rows by ref, of ads that a page names once.

    What the last of several rows says of an ad holds, so they are read together.
    """
    named = Counter(r.ref for r in readings if isinstance(r, AdRow | AdRecord))
    return {r.ref: r.row_hash for r in readings if isinstance(r, AdRow) and named[r.ref] == 1}


def read_rows_but(unchanged: Collection[str], readings: Sequence[Reading]) -> list[Reading]:
    """The readings in their order, each row read but those of ads that are unchanged."""
    return [r.read() if isinstance(r, AdRow) and r.ref not in unchanged else r for r in readings]
