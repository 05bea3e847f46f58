"""Files as sources deliver them, opened as streams: plain, or inside a zip that is not trusted.

`import` and the crawl pipeline open files here before a spider reads them. Nothing is ever extracted
to disk, and no declared size is trusted.
"""

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from archive.records import Unreadable
from scrapers.readers.row_hashes import RowHashing

MAX_MEMBERS = 2_000
MAX_RATIO = 200
RATIO_COUNTS_FROM = 50 << 20
MAX_MEMBER_BYTES = 64 << 30

SECOND_COPY = re.compile(r"(?: ?\(\d{1,3}\)| - Copy| copy(?: \d{1,3})?)(?=\.\w{1,5}$)")
"""What browsers and desktops put before the ending of a name that a folder has already."""


@dataclass(frozen=True)
class SourceFile:
    """One readable file: its name as delivered, and how to open it."""

    name: str
    open: Callable[[], IO[bytes]]
    hashing: RowHashing | None = None
    """How rows of ads are hashed, which then come unread; `None`: each is read at once."""

    @property
    def base_name(self) -> str:
        """The name without folders, and without what marks a second download; sources move files."""
        return SECOND_COPY.sub("", self.name.rsplit("/", 1)[-1])

    @classmethod
    def from_path(cls, path: Path) -> "SourceFile":
        """A file on disk."""
        return cls(spell_name(path), lambda: path.open("rb"))

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> "SourceFile":
        """A body already in memory."""
        return cls(name, lambda: io.BytesIO(data))


def spell_name(path: Path) -> str:
    """The name of a file on disk; bytes in it that are not UTF-8 are spelled out."""
    return os.fsencode(path.name).decode("utf-8", errors="backslashreplace")


class ZipBombError(ValueError):
    """A zip member grows beyond what any honest file does."""


BREAKING_ERRORS = (
    ZipBombError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What a damaged or hostile file raises while it is read; zips packed in unknown ways included."""


class _CountingReader(io.RawIOBase):
    """Passes bytes on and stops when a member outgrows its packed size absurdly."""

    def __init__(self, member: IO[bytes], info: zipfile.ZipInfo, opened: ExitStack) -> None:
        self._member = member
        self._name = info.filename
        self._packed = max(info.compress_size, 1)
        self._opened = opened
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._member.read(len(buffer))
        self._read += len(chunk)
        too_dense = self._read > RATIO_COUNTS_FROM and self._read > MAX_RATIO * self._packed
        if too_dense or self._read > MAX_MEMBER_BYTES:
            raise ZipBombError(f"{self._name} grows beyond {self._read:,} bytes: not read further")
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._opened.close()
        super().close()


def expand_file(file: SourceFile) -> Iterator[SourceFile | Unreadable]:
    """The file itself, or the members of a zip, in the zip's order.

    A zip that is cut short, encrypted or has absurdly many members comes back as `Unreadable`, and so
    does a member whose bytes are not those that were packed.
    """
    with file.open() as stream:
        is_zip = stream.read(4) == b"PK\x03\x04" or file.name.lower().endswith(".zip")
    if not is_zip:
        yield file
        return
    try:
        members = _list_members(file)
    except (*BREAKING_ERRORS, ValueError) as error:
        reason = f"the zip cannot be opened ({error}); it may have been cut short"
        yield Unreadable(file=file.name, reason=reason)
        return
    for member in members:
        name, opener = f"{file.name}/{member.filename}", _member_opener(file, member)
        inner = replace(file, name=name, open=opener)
        damage = _find_damage(inner)
        yield Unreadable(file=inner.name, reason=damage) if damage else inner


def _find_damage(file: SourceFile) -> str | None:
    """Why a member is not what was packed, if so.

    The checksum stands at the end: without this pass, rows behind a damaged byte would be trusted.
    """
    try:
        with file.open() as stream:
            while stream.read(1 << 20):
                pass
    except BREAKING_ERRORS as error:
        return f"the file is damaged or breaks off ({error}); nothing of it is used"
    return None


def _list_members(file: SourceFile) -> list[zipfile.ZipInfo]:
    with file.open() as stream, zipfile.ZipFile(stream) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"{len(members):,} members")
    if any(m.flag_bits & 0x1 for m in members):
        raise ValueError("encrypted members")
    return members


def _member_opener(file: SourceFile, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        with ExitStack() as opened:
            archive = opened.enter_context(zipfile.ZipFile(opened.enter_context(file.open())))
            stream = opened.enter_context(archive.open(member))
            counted = _CountingReader(stream, member, opened.pop_all())
        return io.BufferedReader(counted, 1 << 18)

    return open_member
