"""Files of a source from disk into the archive: the same readers and rules as a crawl.

`paidforby import` calls it. A file is not a complete sweep unless the caller says so, and its date is
the caller's word or the day of the import; a file's own modification time is never used.
"""

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import IO

from sqlalchemy import Engine
from sqlmodel import Session

from archive.ingest.close_run import close_run
from archive.models import Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.records import Unreadable
from archive.runs.captures import last_applied_at
from archive.runs.lease import UNNAMED_PARTITION, Counts, RunLease, begin_run, has_begun
from archive.runs.plausibility import Gate, ImplausibleBatchError, open_gate
from archive.store.blobs import BlobStore
from archive.store.clock import require_clock
from archive.store.outages import Patience, plain_failures, read_surely, write_surely
from archive.store.realm import claim_realm
from archive.terminal import ReachStage, reach_no_stage
from config.counts import write_count
from config.logs import under_way
from config.settings import Realm, Settings
from scrapers.intake.pages import Clock, Intake
from scrapers.readers.files import SourceFile, spell_name
from scrapers.readers.reading import NotRead
from scrapers.sources.spider import FileReader, SourceSpider, page_readings, read_delivery

READING = "bytes read and archived"


@dataclass
class ImportReport:
    """What an import did, for people and programs."""

    source: str
    outcome: Outcome
    reason: str = ""
    files: int = 0
    already_captured: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    unreadable: list[Unreadable] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    strange: list[Path] = field(default_factory=list)
    """Files in which nothing could be read: they may be another source's."""


@dataclass(frozen=True)
class ImportOrder:
    """What to import, and what the caller vouches for."""

    paths: tuple[Path, ...]
    observed_on: date | None = None
    complete_partition: str | None = None
    realm: Realm = Realm.REAL
    map_name: str | None = None
    """The column map that the files are read by: what one map reads is a partition of its own."""

    @property
    def partition(self) -> str:
        """The partition the files belong to."""
        return self.complete_partition or self.map_name or UNNAMED_PARTITION

    @property
    def observed_at(self) -> datetime | None:
        """The start of the declared day, in UTC."""
        return datetime.combine(self.observed_on, time(), UTC) if self.observed_on else None


class Delivery:
    """The files of one import, each by the name a person finds it by, and how far they have been read."""

    def __init__(self, paths: Sequence[Path], reach: ReachStage) -> None:
        self._root = os.path.commonpath([path.absolute().parent for path in paths] or [Path("/")])
        self._reach = reach
        self._bytes = sum(path.stat().st_size for path in paths)
        self._before = self._furthest = 0
        self._path: Path | None = None
        self._stream: IO[bytes] = io.BytesIO()

    def open_file(self, path: Path) -> SourceFile:
        """The next file, named by where it lies below the folder that holds them all."""
        if self._path is not None:
            self._before += self._path.stat().st_size
        self._path = path

        def open_stream() -> IO[bytes]:
            self._stream = path.open("rb")
            return self._stream

        return SourceFile(spell_name(path.absolute().relative_to(self._root)), open_stream)

    def note_page(self) -> None:
        """Say how far the file has been read whose page is in the archive now.

        A zip is opened anew for each member, and some tables twice: the furthest place counts.
        """
        at = 0 if self._stream.closed else self._stream.tell()
        self._furthest = max(self._furthest, self._before + at)
        self._reach(READING, min(self._furthest, self._bytes - 1), self._bytes)

    def end(self) -> None:
        """Say that no file has more to read, whatever stands behind the last page."""
        self._furthest = self._bytes

    def tell_share(self) -> str:
        """How much of all files has been read and archived, rounded down."""
        return f"{self._furthest * 100 // max(1, self._bytes)} %"


def import_files(
    settings: Settings,
    engine: Engine,
    spider: type[SourceSpider],
    order: ImportOrder,
    clock: Clock,
    reach: ReachStage = reach_no_stage,
) -> ImportReport:
    """Read files of a source from disk and take them into the archive.

    Files whose very bytes were taken in before are left alone, unless `observed_on` says that they
    were seen again later.

    Raises:
        FileNotFoundError: if a path does not exist.
        RealmError: if the archive holds the other kind of data.
        PartitionBusyError: if another run reads the partition.
        DatabaseAwayError: if the database stays away.
        DiskFullError: if there is no room.
    """
    files = list(list_files(order.paths))
    reader = spider.reader_of(settings, order.partition)
    patience = Patience(settings.database_patience_seconds)
    lease, gate = _begin(engine, patience, spider.info.id, order, clock)
    intake = Intake(engine, BlobStore(settings.blobs_dir), lease, clock, patience, gate)
    report = ImportReport(spider.info.id, Outcome.FAILED, counts=intake.counts)
    delivery = Delivery(files, reach)
    try:
        with under_way(source=lease.source, run=lease.run_id), plain_failures():
            with suppress(ImplausibleBatchError):
                held = [
                    p for p in files if not _import_file(intake, reader, order, p, delivery, report)
                ]
                if order.complete_partition and len(held) < len(files):
                    # One file of several that is as it was says that all it holds is there.
                    for path in held:
                        _import_file(intake, reader, order, path, delivery, report, again=True)
            delivery.end()
            _close(intake, order, report)
            reach(READING, 1, 1)
    except BaseException as error:
        intake.end_by(error)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(_tell_stopped(intake, delivery)) from None
        raise
    report.unreadable, report.not_read = intake.unreadable, intake.not_read
    return report


def _tell_stopped(intake: Intake, delivery: Delivery) -> str:
    records = write_count(intake.counts.seen, "record is", "records are")
    return (
        f"stopped: {records} kept, {delivery.tell_share()} of the bytes; the same command goes on"
    )


def _begin(
    engine: Engine, patience: Patience, source: str, order: ImportOrder, clock: Clock
) -> tuple[RunLease, Gate]:
    def begin(session: Session) -> tuple[RunLease, Gate]:
        require_clock(session, clock())
        claim_realm(session, order.realm)
        lease = begin_run(
            session,
            source,
            order.partition,
            RunKind.IMPORT,
            clock(),
            observed_on=order.observed_at,
            is_sweep=order.complete_partition is not None,
        )
        return lease, open_gate(session, source)

    with plain_failures():
        return write_surely(
            engine, patience, begin, lambda session, begun: has_begun(session, begun[0])
        )


def list_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and those below folders in alphabetical order; hidden ones are left out.

    Raises:
        FileNotFoundError: if a path does not exist.
    """
    for path in paths:
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.is_file())
            yield from (p for p in below if not p.name.startswith("."))
        elif path.is_file():
            yield path
        else:
            raise FileNotFoundError(f"there is no file or folder {path}")


def _import_file(
    intake: Intake,
    reader: FileReader,
    order: ImportOrder,
    path: Path,
    delivery: Delivery,
    report: ImportReport,
    *,
    again: bool = False,
) -> bool:
    """Keep the file's bytes, then read them, or leave them where they were taken in before.

    Gives whether it read them. `again`: they are read whatever was taken in.
    """
    file = delivery.open_file(path)
    blob = intake.blobs.put_file(path)
    applied_at = read_surely(
        intake.engine,
        intake.patience,
        lambda session: last_applied_at(session, intake.lease.source, order.partition, blob.sha256),
    )
    report.files += not again
    if again:
        report.already_captured.remove(file.name)
    elif applied_at and not (order.observed_at and order.observed_at > applied_at):
        report.already_captured.append(file.name)
        return False
    capture = intake.keep_capture(blob, url=file.name)
    readings = read_delivery(reader, file, intake.row_hash_key)
    is_strange = False
    for number, page in enumerate(page_readings(readings, capture.id, file)):
        intake.take_page(page.readings, capture)
        delivery.note_page()
        has_nothing = all(isinstance(reading, Unreadable | NotRead) for reading in page.readings)
        is_strange = has_nothing and bool(page.readings) and (is_strange or not number)
    report.strange += [path] if is_strange else []
    return True


def _close(intake: Intake, order: ImportOrder, report: ImportReport) -> None:
    """End the run; only a sweep that read everything may say what has vanished."""
    is_sweep = order.complete_partition is not None
    outcome, reason = _find_outcome(intake, is_sweep=is_sweep)
    is_whole = outcome in ENDED_WELL and not intake.count_hiding() and not report.already_captured

    def close(session: Session) -> Run:
        return close_run(
            session,
            intake.lease,
            outcome,
            intake.clock(),
            covered=is_whole and is_sweep,
            gate=intake.gate,
            reason=intake.add_absence(reason),
            not_read=[f"{n.file}: {n.reason}" for n in intake.not_read],
        )

    run = intake.close(close)
    intake.counts.vanished += run.vanished
    intake.counts.withdrawn += run.withdrawn
    report.outcome, report.reason = Outcome(run.outcome), run.reason


def _find_outcome(intake: Intake, *, is_sweep: bool) -> tuple[Outcome, str]:
    if intake.quarantined:
        return Outcome.PARTIAL, intake.quarantined
    if intake.unreadable:
        return Outcome.ATTENTION, intake.tell_unreadable(is_sweep=is_sweep)
    return Outcome.DONE, ""
