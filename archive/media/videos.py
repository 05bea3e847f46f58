"""What an MP4 says of itself without being played: width, height and length, from a few of its boxes.

`archive/media/pictures.py` calls `measure_mp4` on a file that was just fetched. It decodes nothing, reads at
most `VIDEO_BOXES` heads and a hundred bytes of each box it wants, whatever the sizes in the file claim.

Boxes: ISO/IEC 14496-12, sections 4.2 (box), 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.3 (hdlr).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from archive.bounds import VIDEO_BOXES

MOST_WANTED_BYTES = 128
"""Longer than the part of any wanted box that is read."""

LONGEST_MS = 7 * 24 * 3_600_000
"""A week; what claims to be longer is wrong."""

UNKNOWN_DURATIONS = frozenset({0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF})
"""All bits set: it cannot be told; nothing: the pieces that follow tell it."""


class VideoError(ValueError):
    """The boxes of a file contradict themselves, or are too many."""


@dataclass(frozen=True)
class VideoSize:
    """What a video says of itself; `None` where it does not."""

    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True)
class Box:
    """One box: its kind, and where in the file its content begins and ends."""

    kind: bytes
    start: int
    end: int
    kind_at: int = 0
    """Where its kind stands."""


@dataclass
class BoxReader:
    """An open file, and how many more boxes of it are read."""

    file: BinaryIO
    # An ordinary file has under 200 on the levels that are walked.
    left: int = field(default=VIDEO_BOXES.most)

    def list_boxes(self, start: int, end: int) -> Iterator[Box]:
        """The boxes that stand one after the other between two places.

        Raises:
            VideoError: if one does not fit there, or there are too many.
        """
        while start < end:
            self.left -= 1
            if self.left < 0:
                raise VideoError(VIDEO_BOXES.tell())
            box = self._read_head(start, end)
            yield box
            start = box.end

    def _read_head(self, start: int, end: int) -> Box:
        self.file.seek(start)
        head = self.file.read(16)
        if len(head) < 8 or start + 8 > end:
            raise VideoError("it breaks off in the head of a box")
        size, kind = struct.unpack(">I4s", head[:8])
        head_bytes = 8
        if size == 1:  # the size stands in 64 bits behind the kind
            if len(head) < 16:
                raise VideoError("it breaks off in the head of a box")
            size, head_bytes = int.from_bytes(head[8:]), 16
        elif size == 0:  # up to the end
            size = end - start
        if size < head_bytes or start + size > end:
            raise VideoError("a box is larger than what it stands in, or smaller than its own head")
        return Box(kind, start + head_bytes, start + size, start + 4)

    def find_boxes(self, parent: Box, kind: bytes) -> list[Box]:
        """The boxes of a kind directly in another one."""
        return [box for box in self.list_boxes(parent.start, parent.end) if box.kind == kind]

    def read(self, box: Box) -> bytes:
        """What a box begins with."""
        self.file.seek(box.start)
        return self.file.read(min(box.end - box.start, MOST_WANTED_BYTES))


def measure_mp4(path: Path) -> VideoSize:
    """Width and height as it is shown, of its first track of pictures, and its length.

    Raises:
        OSError: if it cannot be read.
        VideoError: if its boxes contradict themselves, or it has no description of itself.
    """
    whole = Box(b"", 0, path.stat().st_size)
    with path.open("rb") as file:
        reader = BoxReader(file)
        # What stands behind the description need not be whole.
        boxes = reader.list_boxes(whole.start, whole.end)
        movie = next((box for box in boxes if box.kind == b"moov"), None)
        if movie is None:
            raise VideoError("it does not describe itself")
        parts = list(reader.list_boxes(movie.start, movie.end))
        heads = [_read_duration(reader.read(box)) for box in parts if box.kind == b"mvhd"]
        sides = [_measure_track(reader, box) for box in parts if box.kind == b"trak"]
    width, height = next((each for each in sides if each), (None, None))
    return VideoSize(width, height, next(iter(heads), None))


def _read_duration(head: bytes) -> int | None:
    """Length in milliseconds from the content of an `mvhd`: ticks by ticks a second."""
    form, at = (">IQ", 20) if head[:1] == b"\1" else (">II", 12)
    if len(head) < at + struct.calcsize(form):
        raise VideoError("its description of itself breaks off")
    ticks_per_second, ticks = struct.unpack_from(form, head, at)
    if ticks in UNKNOWN_DURATIONS or not ticks_per_second:
        return None
    duration_ms = int(ticks * 1000 // ticks_per_second)
    return duration_ms if duration_ms <= LONGEST_MS else None


def _measure_track(reader: BoxReader, track: Box) -> tuple[int, int] | None:
    """The sides of a track of pictures as it is shown; `None` for sound, words and the rest."""
    heads = reader.find_boxes(track, b"tkhd")
    kinds = [
        reader.read(handler)[8:12]
        for media in reader.find_boxes(track, b"mdia")
        for handler in reader.find_boxes(media, b"hdlr")
    ]
    return _read_sides(reader.read(heads[0])) if heads and kinds == [b"vide"] else None


def _read_sides(head: bytes) -> tuple[int, int] | None:
    """Width and height from the content of a `tkhd`: a matrix of nine numbers, then 16.16 each."""
    at = 52 if head[:1] == b"\1" else 40
    if len(head) < at + 44:
        raise VideoError("the description of a track breaks off")
    matrix = struct.unpack_from(">9i", head, at)
    width, height = (side >> 16 for side in struct.unpack_from(">2I", head, at + 36))
    if not width or not height:
        return None
    # A quarter turn has nothing on the matrix's diagonal: a phone held upright films lying.
    is_turned = not matrix[0] and not matrix[4] and bool(matrix[1]) and bool(matrix[3])
    return (height, width) if is_turned else (width, height)
