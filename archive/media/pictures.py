"""What a file of an ad's media is, by its bytes alone: kind, dimensions, and what it looks like.

`scrapers/media/collecting.py` calls it on a file that was just fetched, before it is kept. It writes
nothing, runs nothing of what it reads, and refuses a picture that would unpack to more than memory should
hold.
"""

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from archive.bounds import PICTURE_MEMORY, PICTURE_SIDE
from archive.errors import ArchiveError
from archive.media.videos import VideoError, measure_mp4
from archive.records import MissingReason

BYTES_PER_POINT = {"image/jpeg": 6, "image/png": 6, "image/gif": 6, "image/webp": 17}
"""Memory that Pillow and we take for a point while a picture is unpacked. WebP's library keeps two canvases
beside Pillow's two copies."""
PROGRESSIVE_BYTES_PER_POINT = 13
"""Of a JPEG that comes in passes: each point's share of the coefficients is held until the last pass."""
TILE = 1_024
"""Sides of the pieces in which a picture is laid on white."""

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

ORIENTATION = 0x0112
"""How the camera was held (Exif 2.32, 4.6.4)."""

HASH_SIDE = 8
HASH_BITS = HASH_SIDE * HASH_SIDE


class PictureTooLargeError(ArchiveError):
    """A picture whose points would fill more memory than one picture may."""


class UnreadablePictureError(ArchiveError):
    """A picture that breaks off or contradicts itself."""


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
        PictureTooLargeError: if it is a picture that would take more memory than one may.
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
        with path.open("rb") as file:
            return _measure_picture(read_grey(file, media_type), media_type)
    except UnreadablePictureError:
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


def read_sent(data: bytes) -> Image.Image:
    """A picture that somebody sent, as `read_grey` reads it, from memory alone.

    Raises:
        PictureTooLargeError: if that takes more memory than one picture may; nothing is unpacked before.
        UnreadablePictureError: if it is no picture that can be read here; the message says which can.
    """
    media_type = sniff_kind(data[:HEAD_BYTES])
    if media_type not in PICTURES:
        kinds = ", ".join(PILLOW_FORMATS.values())
        raise UnreadablePictureError(f"this file is no picture that can be read here: {kinds}")
    return read_grey(BytesIO(data), media_type)


def read_grey(file: BinaryIO, media_type: str) -> Image.Image:
    """The first frame of a picture as people see it: on white, turned as its camera says; in grey.

    Raises:
        PictureTooLargeError: if that takes more memory than one picture may; nothing is unpacked before.
        UnreadablePictureError: if it cannot be read.
    """
    try:
        if media_type == "image/webp":
            # Its canvas is made as soon as it is opened.
            _check_size(_read_webp_size(file), BYTES_PER_POINT[media_type])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # How such a picture is turned nobody can tell.
            warnings.filterwarnings("error", "Corrupt EXIF data")
            with Image.open(file, formats=[PILLOW_FORMATS[media_type]]) as picture:
                is_progressive = "progressive" in picture.info
                point = (
                    PROGRESSIVE_BYTES_PER_POINT if is_progressive else BYTES_PER_POINT[media_type]
                )
                _check_size(picture.size, point)
                grey = lay_on_white(picture)
                grey.getexif()[ORIENTATION] = picture.getexif().get(ORIENTATION, 1)
                return ImageOps.exif_transpose(grey)
    except Image.DecompressionBombError:
        raise PictureTooLargeError(
            f"it would unpack to too many points; {PICTURE_MEMORY.tell()}"
        ) from None
    except PictureTooLargeError:
        raise
    except Exception as error:
        # Pillow raises whatever its parsers happen to.
        raise UnreadablePictureError(f"the picture cannot be read as {media_type}") from error


def _read_webp_size(file: BinaryIO) -> tuple[int, int]:
    """Sides of the canvas by the head of a WebP (RFC 9649, 2.5 to 2.7); 0 where it is none."""
    head = file.read(30).ljust(30, b"\0")
    file.seek(0)
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width, height


def _check_size(size: tuple[int, int], bytes_per_point: int) -> None:
    width, height = size
    if max(size) > PICTURE_SIDE.most:
        raise PictureTooLargeError(PICTURE_SIDE.tell())
    if width * height * bytes_per_point > PICTURE_MEMORY.most:
        raise PictureTooLargeError(
            f"it would unpack to {width:,} x {height:,} points; {PICTURE_MEMORY.tell()}"
        )


def lay_on_white(picture: Image.Image) -> Image.Image:
    """The picture in grey, with white where it is transparent; made in pieces, to take little memory."""
    grey = Image.new("L", picture.size)
    for top in range(0, picture.height, TILE):
        for left in range(0, picture.width, TILE):
            right, bottom = min(left + TILE, picture.width), min(top + TILE, picture.height)
            tile = picture.crop((left, top, right, bottom)).convert("RGBA")
            white = Image.new("RGBA", tile.size, "white")
            grey.paste(Image.alpha_composite(white, tile).convert("L"), (left, top))
    return grey


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


def hash_picture(grey: Image.Image) -> int | None:
    """Difference hash of 64 bits; `None` for a plain area, which looks like every other one.

    Edits that keep the picture (another size, quality, brightness) move few bits; see
    `count_different_bits`.
    """
    small = grey.resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for start in range(0, len(small), HASH_SIDE + 1):
        row = small[start : start + HASH_SIDE + 1]
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
