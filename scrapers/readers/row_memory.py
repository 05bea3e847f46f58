"""The rows of one run of a partition: those of the run before are passed over, all others are read.

The crawl and the import open a memory, files carry it to `scrapers.readers.reading`, the intake closes it. A
line is passed over only where a record begins, if it stood in the same table at the run before as a
record of its own, and if its ad is still as that run left it. What `csv` makes of such a line follows
from the line alone, so nothing is guessed. All else is read, as is everything where there is doubt:
another header, other code or configuration, a run that ended badly, a damaged snapshot.
"""

import logging
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from sqlalchemy import Engine
from sqlmodel import Session

from archive.runs.lease import RunLease
from archive.runs.unchanged_rows import QuietAd, find_quiet, list_living, may_rest_on
from archive.store.outages import Patience, read_surely
from config.settings import Settings
from scrapers.readers.blocks import OpenTable, cut_blocks, hash_lines
from scrapers.readers.laid_out import PLAIN_REF, LaidOut
from scrapers.readers.look_folders import find_works, hold_work, name_work, sweep_work
from scrapers.readers.matching import NOTHING, Matched, match_table
from scrapers.readers.snapshots import (
    SnapshotName,
    find_snapshot,
    hash_readers,
    make_key,
    name_folder,
    name_table,
    write_snapshot,
)

Recognise = Callable[[Collection[str]], Mapping[str, QuietAd]]
"""Gives those of the ads it is asked for that still are as the run before left them, by their refs."""

logger = logging.getLogger(__name__)


@dataclass
class RowMemory:
    """The rows of the files of one run: what stood there before, and what was read now."""

    folder: Path
    name: SnapshotName
    before: Path | None
    """Snapshot that the run rests on; `None`: each row is read."""
    recognise: Recognise
    readers_sha256: str
    read_refs: set[str] = field(default_factory=set)
    """Ads of rows that were read: a later row of theirs says something new even if it stood before."""
    _noted: IO[str] | None = None
    _held: int | None = None
    _is_lost: bool = False

    @classmethod
    def open(
        cls, settings: Settings, engine: Engine, patience: Patience, lease: RunLease
    ) -> Self | None:
        """The memory of a run that has just begun; none for one that sweeps nothing.

        What looks at this source left behind when they were killed is swept away first.

        Raises:
            DatabaseAwayError: if the database stays away.
        """
        _sweep_works(settings.home, engine, patience, lease.source)
        if not lease.is_sweep:
            return None
        folder = name_folder(settings.home, lease.source, lease.partition)
        found = find_snapshot(folder)
        name = SnapshotName.of(found) if found else None

        def rests(session: Session) -> bool:
            return name is not None and may_rest_on(session, lease, name.run_id, name.observed_at)

        def recognise(refs: Collection[str]) -> Mapping[str, QuietAd]:
            since = name.observed_at if name else lease.observed_at
            return read_surely(engine, patience, lambda s: find_quiet(s, lease, refs, since))

        return cls(
            folder=folder,
            name=SnapshotName(lease.run_id, lease.observed_at, name.key if name else make_key()),
            before=found if read_surely(engine, patience, rests) else None,
            recognise=recognise,
            readers_sha256=hash_readers(settings.home / "config"),
        )

    @property
    def work(self) -> Path:
        """Where the run's own files lie until it has ended."""
        return name_work(self.folder, self.name.run_id)

    @property
    def key(self) -> bytes:
        """What the hashes of the partition are made with."""
        return self.name.key.encode()

    def hold_work(self) -> None:
        """Make the run's folder, where nobody sweeps it until the memory is closed.

        Raises:
            OSError: if there is no room.
        """
        if self._held is None:
            self._held = hold_work(self.work)

    def open_table(self, file_name: str, columns: Sequence[str]) -> "TableMemory":
        """The rows of one table of this run."""
        return TableMemory(self, name_table(self.readers_sha256, file_name, columns))

    def note(self, table: str, lines: Sequence[str], ref: str) -> None:
        """Keep a row that became an ad; one that spans lines is no line, so it is read at each run.

        A disk without room ends the memory, not the run.
        """
        if self.before is not None:
            self.read_refs.add(ref)
        if self._is_lost or not PLAIN_REF.fullmatch(ref):
            return
        try:
            if self._noted is None:
                self.hold_work()
                self._noted = (self.work / "noted.csv").open("w", encoding="ascii")
            line = "".join(lines).removesuffix("\n").encode(errors="surrogateescape")
            self._noted.write(f"{table},{hash_lines(self.key, [line])},{ref}\n")
        except OSError as error:
            self._give_up(error)

    def close(self, *, is_kept: bool) -> None:
        """End the memory; what the run saw becomes the snapshot if all of it was taken in."""
        try:
            if self._noted is not None:
                self._noted.close()
            if is_kept and self.work.exists() and not self._is_lost:
                write_snapshot(self.work, self.before, self.folder / str(self.name))
        except Exception as error:  # noqa: BLE001 (an aid must not fail what was taken in)
            self._give_up(error)
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
            if self._held is not None:
                os.close(self._held)
                self._held = None

    def _give_up(self, error: Exception) -> None:
        self._is_lost = True
        logger.info("the rows of this run are not remembered: %s", error)


def _sweep_works(home: Path, engine: Engine, patience: Patience, source: str) -> None:
    # Found before the runs under way are asked for: the row of a run is older than its folder. A run
    # whose end is written may still write its snapshot: it holds its folder.
    if works := find_works(home, source):
        living = read_surely(engine, patience, lambda session: list_living(session, source))
        for work in (path for path, run_id in works.items() if run_id not in living):
            sweep_work(work)


class TableMemory:
    """The rows of one table of a run."""

    def __init__(self, lease: RowMemory, table: str) -> None:
        self._look = lease
        self._laid_out = LaidOut(lease.work, table)
        self._is_noted = False

    def note(self, lines: Sequence[str], ref: str) -> None:
        """Keep a row that became an ad."""
        self._look.note(self._laid_out.name, lines, ref)
        self._is_noted = True

    def settle(self, refs: Sequence[str]) -> list[QuietAd | None]:
        """For each ref its ad; `None` where the row must be read all the same."""
        read = self._look.read_refs
        quiet = self._look.recognise([ref for ref in refs if ref not in read] if read else refs)
        return list(map(quiet.get, refs))

    def match(self, open_table: OpenTable) -> Matched:
        """The lines of the table that stood there before; none where there is doubt."""
        lease = self._look
        if lease.before is None or self._laid_out.exists():
            return NOTHING
        try:
            lease.hold_work()
            return match_table(lease.before, lease.key, self._laid_out, open_table)
        except Exception as error:  # noqa: BLE001 (whatever ails the aid: reading each row is right)
            logger.info("each row of the table is read: %s", error)
            self._laid_out.remove()
            lease.before = None
            return NOTHING

    def lay_out(self, open_table: OpenTable) -> None:
        """Lay the table out for the next run, once its rows are read; one without ads need not be."""
        if not self._is_noted or self._laid_out.exists():
            return
        try:
            self._laid_out.write(cut_blocks(open_table), self._look.key, {})
        except Exception as error:  # noqa: BLE001 (an aid must not fail what was taken in)
            logger.info("the rows of the table are not remembered: %s", error)
            self._laid_out.remove()


class KnownLines:
    """The lines of a table that need not be read, asked line by line from its start."""

    def __init__(self, memory: TableMemory, open_table: OpenTable) -> None:
        self._settle = memory.settle
        matched = memory.match(open_table)
        self.last_line = matched.lines
        """The table's last line; 0 where nothing is known."""
        self._stretches = matched.list_row_ranges()
        self._stretch = next(self._stretches, None)
        self._settled: list[QuietAd | None] = []

    def take(self, line: int) -> list[QuietAd]:
        """The ads of this line and of those right after it; none where the line must be read.

        Ask for each line at which a record begins, in rising order: ads are looked up on arrival, when
        all that stands before is read.
        """
        while self._stretch and self._stretch.first_line + len(self._stretch.refs) <= line:
            self._stretch, self._settled = next(self._stretches, None), []
        if not self._stretch or self._stretch.first_line > line:
            return []
        self._settled = self._settled or self._settle(self._stretch.refs)
        here = self._settled[line - self._stretch.first_line :]
        end = here.index(None) if None in here else len(here)
        return list(filter(None, here[:end]))
