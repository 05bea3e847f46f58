"""A picture without what it says of place, device and people: pieces of the file as it is, none drawn anew.

`cleaning.py` calls it. Kept is what is needed to draw the picture and to turn it upright; all else goes,
known or not, with whatever stands behind its end. Colour profiles go too: they carry names and words.

Structures: ITU-T T.81 annex B (JPEG), W3C PNG (third edition) section 11, GIF89a, WebP container (RFC 9649).
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""In the picture's own bytes these pairs stand for something else, or only mark a place."""
START_OF_SCAN, END_OF_PICTURE, JFIF, EXIF, ADOBE = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE
OF_THE_PICTURE = range(0xC0, 0xE0)
JFIF_BYTES = 16
"""Longer ones hold a small picture, perhaps of what was cut away from the large one."""

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB sBIT bKGD pHYs acTL fcTL fdAT cICP mDCV cLLI".split()
)
WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
WEBP_FLAG_EXIF, WEBP_FLAGS_DROPPED = 0x08, 0x2C
GIF_EXTENSION, GIF_PICTURE, GIF_END, GIF_CONTROL, GIF_APPLICATION = 0x21, 0x2C, 0x3B, 0xF9, 0xFF
GIF_LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")

ORIENTATION, SHORT = 0x0112, 3
UPRIGHT = 1


class PictureError(ValueError):
    """A picture whose structure breaks off or contradicts itself."""


def clean_picture(data: bytes, media_type: str) -> Iterator[bytes]:
    """The pieces of a picture that may be shown, in order.

    Raises:
        PictureError: if it cannot be taken apart.
    """
    try:
        yield from CLEANERS[media_type](data)
    except (struct.error, IndexError):
        raise PictureError("the picture breaks off") from None


def _clean_jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    place = 2
    while place < len(data):
        marker = data[place + 1]
        if data[place] != 0xFF or marker == END_OF_PICTURE:
            break
        if marker == 0xFF:  # A byte that only fills up.
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        segment = data[place : place + 2 + length]
        if marker == EXIF and segment[4:10] == b"Exif\0\0":
            yield _spell_jpeg_orientation(read_orientation(segment[10:]))
        elif _is_drawn(marker, segment):
            yield segment
        place += 2 + length
        if marker == START_OF_SCAN:
            after = NEXT_MARKER.search(data, place)
            end = after.start() if after else len(data)
            yield data[place:end]
            place = end
    yield b"\xff\xd9"


def _is_drawn(marker: int, segment: bytes) -> bool:
    if marker == JFIF:
        return segment[4:9] == b"JFIF\0" and len(segment) == JFIF_BYTES + 2
    return marker in OF_THE_PICTURE or marker == ADOBE


def _spell_jpeg_orientation(orientation: int) -> bytes:
    if orientation == UPRIGHT:
        return b""
    said = b"Exif\0\0" + spell_orientation(orientation)
    return struct.pack(">BBH", 0xFF, EXIF, 2 + len(said)) + said


def _clean_png(data: bytes) -> Iterator[bytes]:
    yield PNG_HEAD
    place, kind = len(PNG_HEAD), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise PictureError("the picture breaks off")
        if kind == b"eXIf" and (turned := read_orientation(data[place + 8 : end - 4])) != UPRIGHT:
            said = kind + spell_orientation(turned)
            yield struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
        elif kind in PNG_KEPT:
            yield data[place:end]
        place = end


def _clean_webp(data: bytes) -> Iterator[bytes]:
    orientation = UPRIGHT
    chunks: list[tuple[bytes, bytes]] = []
    for kind, content in _split_chunks(data, 12):
        if kind == b"EXIF":
            orientation = read_orientation(content.removeprefix(b"Exif\0\0"))
        elif kind == b"ANMF":
            frame = (each for each in _split_chunks(content, 16) if each[0] in WEBP_KEPT)
            chunks.append((kind, content[:16] + _join_chunks(frame)))
        elif kind in WEBP_KEPT:
            chunks.append((kind, content))
    if chunks and chunks[0][0] == b"VP8X":
        is_turned = orientation != UPRIGHT
        flags = chunks[0][1][0] & ~WEBP_FLAGS_DROPPED | (WEBP_FLAG_EXIF if is_turned else 0)
        chunks[0] = (b"VP8X", bytes([flags]) + chunks[0][1][1:])
        if is_turned:
            chunks.append((b"EXIF", spell_orientation(orientation)))
    body = b"WEBP" + _join_chunks(chunks)
    yield b"RIFF" + struct.pack("<I", len(body)) + body


def _split_chunks(data: bytes, place: int) -> Iterator[tuple[bytes, bytes]]:
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        content = data[place + 8 : place + 8 + length]
        if len(content) < length:
            raise PictureError("the picture breaks off")
        yield kind, content
        place += 8 + length + length % 2


def _join_chunks(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(
        struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2)
        for kind, content in chunks
    )


def _clean_gif(data: bytes) -> Iterator[bytes]:
    place = 13 + _measure_gif_colours(data[10])
    yield data[:place]
    while (kind := data[place]) != GIF_END:
        end = _find_gif_end(data, place)
        is_looping = (
            data[place + 1] == GIF_APPLICATION and data[place + 3 : place + 14] in GIF_LOOPING
        )
        if kind == GIF_PICTURE or data[place + 1] == GIF_CONTROL or is_looping:
            yield data[place:end]
        place = end
    yield bytes([GIF_END])


def _find_gif_end(data: bytes, place: int) -> int:
    """Behind the picture or extension that begins here, over its row of blocks."""
    if data[place] == GIF_PICTURE:
        place += 11 + _measure_gif_colours(data[place + 9])
    elif data[place] == GIF_EXTENSION:
        place += 2
    else:
        raise PictureError("the picture holds what no GIF holds")
    while length := data[place]:
        place += 1 + length
    return place + 1


def _measure_gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


CLEANERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "image/jpeg": _clean_jpeg,
    "image/png": _clean_png,
    "image/gif": _clean_gif,
    "image/webp": _clean_webp,
}


def read_orientation(tiff: bytes) -> int:
    """How a picture must be turned, 1 to 8, by its Exif; 1 where that does not say (Exif 2.32, 4.6.5)."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    for place in range(start + 2, len(tiff) - 11, 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, place)
        if tag == ORIENTATION:
            return value if kind == SHORT and value in range(1, 9) else UPRIGHT
    return UPRIGHT


def spell_orientation(orientation: int) -> bytes:
    """An Exif that says nothing else."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, ORIENTATION, SHORT, 1, orientation, 0, 0)
