"""What a file of an ad's media is, by its bytes alone: kind, dimensions, and what it looks like.

`scrapers/media/collecting.py` calls it on a file that was just fetched, before it is kept. It writes
nothing, runs nothing of what it reads, and refuses a picture that would unpack to more than memory should
hold.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from archive.errors import ArchiveError
from archive.media.videos import VideoError, measure_mp4
from archive.records import MissingReason

MOST_PIXELS = 40_000_000
"""Largest picture that is unpacked: 160 MB of memory at four bytes a pixel."""

HEAD_BYTES = 1024

PILLOW_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
"""Kinds whose points are read; Pillow is never left to guess among its many other formats."""

PICTURES = frozenset(PILLOW_FORMATS)
MP4 = "video/mp4"
VIDEOS = frozenset({MP4, "video/webm"})
UNKNOWN_KIND = "application/octet-stream"

FIRST_BYTES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
)

PICTURE_FACTS = ("width", "height", "dhash")
VIDEO_FACTS = (*PICTURE_FACTS, "duration_ms")
"""What a run of a file may leave without a value; each then has its reason."""

HASH_SIDE = 8
HASH_BITS = HASH_SIDE * HASH_SIDE


class PictureTooLargeError(ArchiveError):
    """A picture whose points would fill more memory than one picture may."""


@dataclass(frozen=True)
class FileFacts:
    """What a file's bytes tell; `missing` has the reason for each of the others without a value."""

    media_type: str
    width: int | None = None
    height: int | None = None
    dhash: str | None = None
    duration_ms: int | None = None
    missing: dict[str, str] = field(default_factory=dict)


def measure_file(path: Path) -> FileFacts:
    """Kind and dimensions of a file, dhash of a picture, length of a video.

    Raises:
        PictureTooLargeError: if it is a picture of more than `MOST_PIXELS`.
    """
    with path.open("rb") as file:
        media_type = sniff_kind(file.read(HEAD_BYTES))
    if media_type == MP4:
        return _measure_video(path)
    if media_type not in PICTURES:
        # Other kinds are kept unopened: a reader of pages or PDFs is not worth its holes here.
        facts = VIDEO_FACTS if media_type in VIDEOS else PICTURE_FACTS
        return FileFacts(media_type, missing=dict.fromkeys(facts, MissingReason.NOT_LOOKED.value))
    try:
        with open_picture(path, media_type) as picture:
            return _measure_picture(picture, media_type)
    except (OSError, SyntaxError, ValueError):
        # Pillow raises each of these for files that break off or contradict themselves.
        reasons = dict.fromkeys(PICTURE_FACTS, MissingReason.UNREADABLE.value)
        return FileFacts(media_type, missing=reasons)


def _measure_video(path: Path) -> FileFacts:
    """What a video says of itself; no frame of it is decoded, so what it looks like stays unknown."""
    unhashed = {"dhash": MissingReason.NOT_LOOKED.value}
    try:
        size = measure_mp4(path)
    except (OSError, VideoError):
        reasons = dict.fromkeys(VIDEO_FACTS, MissingReason.UNREADABLE.value)
        return FileFacts(MP4, missing=reasons | unhashed)
    found = {"width": size.width, "height": size.height, "duration_ms": size.duration_ms}
    unsaid = {k: MissingReason.NOT_PROVIDED.value for k, v in found.items() if v is None}
    return FileFacts(
        MP4, size.width, size.height, duration_ms=size.duration_ms, missing=unsaid | unhashed
    )


def _measure_picture(picture: Image.Image, media_type: str) -> FileFacts:
    dhash = hash_picture(picture)
    if dhash is None:
        reasons = {"dhash": MissingReason.NOT_PROVIDED.value}
        return FileFacts(media_type, picture.width, picture.height, missing=reasons)
    return FileFacts(media_type, picture.width, picture.height, f"{dhash:016x}")


@contextmanager
def open_picture(path: Path, media_type: str) -> Iterator[Image.Image]:
    """The first frame of a picture as people see it: turned as its camera says.

    Raises:
        PictureTooLargeError: if it has more than `MOST_PIXELS`; nothing is unpacked before.
        OSError, SyntaxError, ValueError: if it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=[PILLOW_FORMATS[media_type]]) as picture:
                _check_size(*picture.size)
                yield ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLargeError(f"it would unpack to too many points: {error}") from None
    except UnidentifiedImageError:
        raise OSError(f"{path.name} only begins like {media_type}") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureTooLargeError(
            f"it would unpack to {width:,} x {height:,} points, and {MOST_PIXELS:,} are the most here"
        )


def sniff_kind(head: bytes) -> str:
    """Kind of a file by its first `HEAD_BYTES`, as a media type; what is not known is just bytes."""
    for first, kind in FIRST_BYTES:
        if head.startswith(first):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in {b"avif", b"avis"} else MP4
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        return "image/svg+xml" if b"<svg" in text and b"<html" not in text else "text/html"
    return UNKNOWN_KIND


def hash_picture(picture: Image.Image) -> int | None:
    """Difference hash of 64 bits; `None` for a plain area, which looks like every other one.

    Edits that keep the picture (another size, quality, brightness) move few bits; see
    `count_different_bits`.
    """
    shown = picture.convert("RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("L")
    grey = on_white.resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for start in range(0, len(grey), HASH_SIDE + 1):
        row = grey[start : start + HASH_SIDE + 1]
        for left, right in pairwise(row):
            bits = bits << 1 | (left > right)
    return bits or None


def split_bands(dhash: str) -> tuple[int, int, int, int]:
    """The hash as four numbers of 16 bits.

    Two hashes that differ in at most three bits share at least one of the four.
    """
    first, second, third, fourth = (int(dhash[at : at + 4], 16) for at in range(0, 16, 4))
    return first, second, third, fourth


def count_different_bits(one: str, other: str) -> int:
    """In how many of the 64 bits two hashes differ; up to 10 is the same picture, edited."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
