"""Bodies on their way to disk: written under a passing name, kept when they break off, gone on with.

`downloads.py` writes here, the capture middleware and the spider read. Nothing here talks to a source,
and no address is ever written beside a body: it may hold a secret.
"""

import fcntl
import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from archive.store.disk import sync_file
from archive.store.outages import DiskFullError

CHUNK_BYTES = 1 << 20
PARTS_LAST = timedelta(days=7)
"""A body that nobody went on with for so long stands in the way of newer ones."""


@dataclass(frozen=True)
class Rest:
    """What is missing of a body, from a byte on, of the file that is called by the validator."""

    start: int
    validator: str

    @property
    def headers(self) -> dict[str, str]:
        """The request for it; the whole file comes where it is no longer the same (RFC 9110, 13.1.5)."""
        return {"Range": f"bytes={self.start}-", "If-Range": self.validator}


class BodyPart:
    """A body as far as it has come, in a file of its own that no other process writes to.

    Beside it lies the validator it was sent with (RFC 9110, 8.8), without which it is begun anew. Its
    lock lasts until it is closed or discarded: a run that was overtaken cannot write into it.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.size = 0
        """Bytes that belong to the body; what lies behind them is of an earlier attempt."""
        self._file = file
        self._sha256 = hashlib.sha256()
        self._note = path.with_suffix(".validator")

    @property
    def sha256(self) -> str:
        """Of the bytes so far, in hexadecimal."""
        return self._sha256.hexdigest()

    def find_rest(self) -> Rest | None:
        """What to ask for, if an earlier attempt has left bytes that can be gone on with.

        The last byte is asked for again: of a body that is whole there would be nothing to send.
        """
        held_bytes = os.fstat(self._file.fileno()).st_size
        if not held_bytes or not self._note.exists():
            return None
        return Rest(held_bytes - 1, self._note.read_text("latin-1"))

    def begin_anew(self, validator: str | None) -> None:
        """Empty the file; without a validator it can never be gone on with."""
        self._note.unlink(missing_ok=True)
        self._file.truncate(0)
        self._restart()
        if validator:
            self._note.write_text(validator, "latin-1")

    def go_on(self, start: int) -> None:
        """Take the first `start` bytes that are quarantined as the beginning of the body."""
        self._restart()
        while self.size < start:
            chunk = self._file.read(min(CHUNK_BYTES, start - self.size))
            if not chunk:
                raise EOFError(f"{self.path.name} was cut short while it was read")
            self._sha256.update(chunk)
            self.size += len(chunk)

    def _restart(self) -> None:
        self._file.seek(0)
        self._sha256 = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add to the body."""
        self._file.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def sync(self) -> None:
        """Bring the whole body to the disk, and nothing but the body."""
        self._file.truncate(self.size)
        sync_file(self._file)

    def close(self) -> None:
        """Leave what has come, if anything has, for the next attempt."""
        self._file.flush()
        if os.fstat(self._file.fileno()).st_size:
            self._file.close()
        else:
            self.discard()

    def discard(self) -> None:
        """Delete the file: it was read to its end, or is of no use."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        # On a full disk closing fails too: what was still to be written is of no use either.
        with suppress(OSError):
            self._file.close()


@dataclass(frozen=True)
class Spool:
    """The folder of bodies under way, and the room that must be left beside them."""

    folder: Path
    reserve_bytes: int

    def open_part(self, name: str, run_id: int) -> BodyPart:
        """What has come of a body so far, perhaps nothing.

        A run that was overtaken may still hold the file: then this run gets one of its own.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        shared = lock_part(self.folder / f"{name}.part")
        part = shared or lock_part(self.folder / f"{name}-{run_id}.part")
        if part is None:
            raise BlockingIOError(f"{name} is being written by this very run")
        return part

    def check_room(self, need_bytes: int) -> None:
        """See to it that a body can be kept.

        Raises:
            DiskFullError: if it would take the reserve.
        """
        free_bytes = shutil.disk_usage(self.folder).free
        if free_bytes < need_bytes + self.reserve_bytes:
            raise DiskFullError(
                f"the disk is too full for this download: it needs {need_bytes >> 20:,} MB and "
                f"{self.reserve_bytes >> 20:,} MB are to stay free (PAIDFORBY_DISK_RESERVE_MB), but "
                f"only {free_bytes >> 20:,} MB are; make room, then type the same command again"
            )

    def sweep(self, now: datetime) -> None:
        """Delete what nobody went on with."""
        for path in self.folder.glob("*"):
            # Another run may be sweeping, or be done with its file.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < (now - PARTS_LAST).timestamp():
                    path.unlink()


def name_part(source: str, partition: str, key: str) -> str:
    """What a file of a partition is called while it comes; `key` tells it from the partition's others."""
    told = f"{partition}\n{key}"
    return f"{source}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def lock_part(path: Path) -> BodyPart | None:
    """The file as a part that is ours alone; `None`: another holds it, or has just deleted it."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except (BlockingIOError, FileNotFoundError):
        is_ours = False
    if not is_ours:
        file.close()
        return None
    return BodyPart(path, file)
