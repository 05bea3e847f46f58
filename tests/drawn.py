"""Pictures drawn for tests: nothing in them is anybody's."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw, ImageFont


def draw_scene(seed: int = 1, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture of light and dark boxes on a slope, another one for each seed."""
    chance = random.Random(seed)
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for _ in range(20):
        left, top = chance.randrange(size[0]), chance.randrange(size[1])
        shade = chance.randrange(256)
        pen.rectangle((left, top, left + size[0] // 4, top + size[1] // 4), fill=(shade,) * 3)
    return picture


def draw_words(words: str) -> Image.Image:
    """Black words on white, large enough for any reader."""
    picture = Image.new("RGB", (900, 160), "white")
    font = ImageFont.load_default(size=64)
    ImageDraw.Draw(picture).text((30, 40), words, fill="black", font=font)
    return picture


def encode_picture(picture: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    """The picture as the bytes of a file."""
    made = io.BytesIO()
    picture.save(made, form, **how)
    return made.getvalue()


def make_bomb(side: int = 30_000) -> bytes:
    """A few bytes that call themselves a PNG of `side` x `side` points."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(b"\0" * 100_000), b"IEND"]
    framed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)
