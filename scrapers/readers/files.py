"""Files as sources deliver them, opened as streams: plain, gzipped, in UTF-16, or inside a zip.

`import` and the crawl pipeline open files here before a spider reads them. Nothing is ever extracted
to disk, and no declared size is trusted.
"""

import codecs
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, cast

from archive.bounds import (
    RATIO_COUNTS_FROM,
    UNPACKED_FILE,
    UNPACKED_RATIO,
    ZIP_LISTING,
    ZIP_MEMBERS,
    Bound,
)
from archive.records import Unreadable
from scrapers.readers.row_hashes import RowHashing

METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""The others unpack a few bytes into gigabytes before the first of them can be counted."""


@dataclass
class Reached:
    """How far the reading of a file has come."""

    characters: int = 0


SECOND_COPY = re.compile(
    r"^copy of |(?: ?\((?:\d{1,3}|copy)\)| - (?:copy|kopie|copie|copia)(?: \(\d{1,3}\))?"
    r"| copy(?: \d{1,3})?)(?=(?:\.\w{1,5}){1,2}$)",
    re.IGNORECASE,
)
"""What browsers and desktops put before the ending of a name that a folder has already."""

GZIP = b"\x1f\x8b"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class SourceFile:
    """One readable file: its name as delivered, and how to open it."""

    name: str
    open: Callable[[], IO[bytes]]
    hashing: RowHashing | None = None
    """How rows of ads are hashed, which then come unread; `None`: each is read at once."""
    reached: Reached = field(default_factory=Reached, compare=False)
    """Shared by the members of a zip."""

    @property
    def base_name(self) -> str:
        """The name without folders, and without what marks a copy or its packing; sources move files."""
        return SECOND_COPY.sub("", self.name.rsplit("/", 1)[-1]).removesuffix(".gz")

    @classmethod
    def from_path(cls, path: Path) -> "SourceFile":
        """A file on disk."""
        return cls(spell_name(Path(path.name)), lambda: path.open("rb"))

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> "SourceFile":
        """A body already in memory."""
        return cls(name, lambda: io.BytesIO(data))


def spell_name(path: Path) -> str:
    """A path as text; bytes in it that are not UTF-8 are spelled out."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


class BoundError(ValueError):
    """Something from outside is larger than anything honest."""

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound.tell())


def check_growth(packed_bytes: int, unpacked_bytes: int) -> None:
    """See to it that what is being unpacked does not outgrow what it came from absurdly.

    Raises:
        BoundError: if it does.
    """
    if unpacked_bytes > max(RATIO_COUNTS_FROM, UNPACKED_RATIO.most * packed_bytes):
        raise BoundError(UNPACKED_RATIO)
    if unpacked_bytes > UNPACKED_FILE.most:
        raise BoundError(UNPACKED_FILE)


BREAKING_ERRORS = (
    BoundError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What a damaged or hostile file raises while it is read; zips packed in unknown ways included."""


class _CountingReader(io.RawIOBase):
    """Passes unpacked bytes on, as long as they do not outgrow their packed size absurdly."""

    def __init__(self, member: IO[bytes], packed_bytes: int, opened: ExitStack) -> None:
        self._member = member
        self._packed = packed_bytes
        self._opened = opened
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._member.read(len(buffer))
        self._read += len(chunk)
        check_growth(self._packed, self._read)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._opened.close()
        super().close()


class _RecodedReader(io.RawIOBase):
    """UTF-16 as UTF-8 with its mark; what is no text stays none."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")("surrogatepass")
        self._held = codecs.BOM_UTF8

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._held and (data := self._stream.read(len(buffer))):
            self._held = self._decoder.decode(data).encode(errors="surrogatepass")
        if not self._held and self._decoder.getstate()[0]:
            # Half of a character stands at the end.
            self._held = b"\xff"
            self._decoder.reset()
        given, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _ListingStream(io.RawIOBase):
    """A zip of which no listing is read that would fill the memory: its length is the zip's own word."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if size > ZIP_LISTING.most:
            raise BoundError(ZIP_LISTING)
        return self._stream.read(size)


def expand_file(file: SourceFile) -> Iterator[SourceFile | Unreadable]:
    """The file itself, or the members of a zip, in the zip's order; a zip in a zip is not opened.

    Gzip and UTF-16 are seen through. A zip that is cut short, encrypted or has absurdly many members comes
    back as `Unreadable`, and so does what was packed and is not what comes out. Members that take turns at
    the same packed bytes are counted together.
    """
    with file.open() as stream:
        is_zip = stream.read(4) == b"PK\x03\x04" or file.name.lower().endswith(".zip")
        packed_bytes = stream.seek(0, io.SEEK_END)
    if not is_zip:
        yield _look_through(file, packed_bytes)[1]
        return
    try:
        members = _list_members(file)
    except (*BREAKING_ERRORS, ValueError) as error:
        reason = f"the zip cannot be opened ({error}); it may have been cut short"
        yield Unreadable(file=file.name, reason=reason)
        return
    unpacked_bytes = 0
    for member in members:
        inner = replace(
            file, name=f"{file.name}/{member.filename}", open=_member_opener(file, member)
        )
        size, damage = _find_damage(inner)
        if damage:
            yield Unreadable(file=inner.name, reason=damage)
        else:
            further, shown = _look_through(inner, member.compress_size)
            size += further
            yield shown
        unpacked_bytes += size
        try:
            check_growth(packed_bytes, unpacked_bytes)
        except BoundError as error:
            yield Unreadable(file=file.name, reason=f"the zip is not read further ({error})")
            return


def _look_through(file: SourceFile, packed_bytes: int) -> tuple[int, SourceFile | Unreadable]:
    """What a file holds, whether or not it is gzipped or in UTF-16; and how many bytes came out of gzip."""
    size = 0
    if _read_start(file).startswith(GZIP):
        file = replace(file, open=_gzip_opener(file, packed_bytes))
        size, damage = _find_damage(file)
        if damage:
            return size, Unreadable(file=file.name, reason=damage)
    if _read_start(file).startswith(UTF_16):
        return size, replace(file, open=_recoding_opener(file))
    return size, file


def _read_start(file: SourceFile) -> bytes:
    try:
        with file.open() as stream:
            return stream.read(2)
    except BREAKING_ERRORS:
        return b""


def _find_damage(file: SourceFile) -> tuple[int, str | None]:
    """How many bytes a member unpacks to, and why it is not what was packed, if so.

    The checksum stands at the end: without this pass, rows behind a damaged byte would be trusted.
    """
    size = 0
    try:
        with file.open() as stream:
            while chunk := stream.read(1 << 20):
                size += len(chunk)
    except BREAKING_ERRORS as error:
        return size, f"the file is damaged or breaks off ({error}); nothing of it is used"
    return size, None


def _list_members(file: SourceFile) -> list[zipfile.ZipInfo]:
    with file.open() as stream, zipfile.ZipFile(_ListingStream(stream)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > ZIP_MEMBERS.most:
        raise BoundError(ZIP_MEMBERS)
    if any(m.flag_bits & 0x1 for m in members):
        raise ValueError("encrypted members")
    return members


def _member_opener(file: SourceFile, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        if member.compress_type not in METHODS:
            raise NotImplementedError("refused: it is packed in another way than zips mostly are")
        with ExitStack() as opened:
            archive = opened.enter_context(zipfile.ZipFile(opened.enter_context(file.open())))
            stream = opened.enter_context(archive.open(member))
            counted = _CountingReader(stream, member.compress_size, opened.pop_all())
        return io.BufferedReader(counted, 1 << 18)

    return open_member


def _gzip_opener(file: SourceFile, packed_bytes: int) -> Callable[[], IO[bytes]]:
    def open_unpacked() -> IO[bytes]:
        with ExitStack() as opened:
            packed = opened.enter_context(file.open())
            stream = opened.enter_context(gzip.GzipFile(fileobj=packed))
            counted = _CountingReader(cast(IO[bytes], stream), packed_bytes, opened.pop_all())
        return io.BufferedReader(counted, 1 << 18)

    return open_unpacked


def _recoding_opener(file: SourceFile) -> Callable[[], IO[bytes]]:
    return lambda: io.BufferedReader(_RecodedReader(file.open()), 1 << 18)
