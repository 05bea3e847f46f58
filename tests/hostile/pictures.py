"""Hostile pictures and videos, made when they are tried, as those of `making.py` are."""

import struct
import zlib

from PIL import Image

from tests.drawn import draw_scene, encode_picture, make_bomb
from tests.filmed import make_box, make_mp4

MB = 1 << 20


def picture(kind: str, width: int, height: int, is_progressive: bool = False) -> bytes:
    how = {"progressive": True} if is_progressive else {}
    return encode_picture(Image.new("RGB", (width, height), "red"), kind, **how)


def scene_cut(kind: str, length: int) -> bytes:
    return encode_picture(draw_scene(), kind)[:length]


def scene_damaged(kind: str, at: int) -> bytes:
    """Every byte from a place on turned around."""
    data = bytearray(encode_picture(draw_scene(), kind))
    data[at : at + 64] = bytes(255 - byte for byte in data[at : at + 64])
    return bytes(data)


def picture_of_side(side: int) -> bytes:
    return make_bomb(side)


def png_with_text(megabytes: int) -> bytes:
    """A PNG whose packed words unpack to very many."""
    head = b"\x89PNG\r\n\x1a\n"
    size = b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    words = b"zTXtx\0\0" + zlib.compress(bytes(megabytes * MB))
    chunks = [size, words, b"IDAT" + zlib.compress(b"\0\0"), b"IEND"]
    return head + b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks
    )


def webp_head(width: int, height: int) -> bytes:
    """A WebP that has no more than its head, which promises very many points."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + sides + bytes(64)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def video_of_boxes(count: int) -> bytes:
    return make_mp4()[:32] + make_box(b"free", b"") * count


def video_nested(levels: int) -> bytes:
    inner = b""
    for _ in range(levels):
        inner = make_box(b"moov", inner)
    return make_mp4()[:32] + inner


def video_cut(length: int) -> bytes:
    return make_mp4()[:length]
