"""MP4 files written box by box for tests: they describe themselves and hold no pictures."""

import struct

UPRIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
QUARTER_TURN = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)


def make_mp4(
    width: int = 640,
    height: int = 360,
    ticks: int = 6_000,
    ticks_per_second: int = 1_000,
    matrix: tuple[int, ...] = UPRIGHT,
    *,
    is_long: bool = False,
) -> bytes:
    """A file with a track of sound before one of pictures; `is_long` writes the 64-bit forms."""
    movie = make_movie_head(ticks, ticks_per_second, is_long=is_long)
    sound = make_track(b"soun", 0, 0, UPRIGHT, is_long=is_long)
    pictures = make_track(b"vide", width, height, matrix, is_long=is_long)
    parts = movie + sound + pictures
    kind = make_box(b"ftyp", b"isom" + bytes(4))
    return kind + make_box(b"mdat", bytes(32), is_long=is_long) + make_box(b"moov", parts)


def make_movie_head(ticks: int, ticks_per_second: int, *, is_long: bool = False) -> bytes:
    if is_long:
        return make_box(b"mvhd", b"\1" + bytes(19) + struct.pack(">IQ", ticks_per_second, ticks))
    return make_box(b"mvhd", bytes(12) + struct.pack(">II", ticks_per_second, ticks) + bytes(80))


def make_track(
    kind: bytes, width: int, height: int, matrix: tuple[int, ...], *, is_long: bool
) -> bytes:
    head = b"\1" + bytes(51) if is_long else bytes(40)
    sides = struct.pack(">9i2I", *matrix, width << 16, height << 16)
    media = make_box(b"mdia", make_box(b"hdlr", bytes(8) + kind + bytes(13)))
    return make_box(b"trak", make_box(b"tkhd", head + sides) + media)


def make_box(kind: bytes, content: bytes, *, is_long: bool = False) -> bytes:
    if is_long:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content
