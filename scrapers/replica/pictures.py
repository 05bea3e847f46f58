"""Invented pictures and videos, drawn when asked for: the same bytes for the same address, ever.

`app.py` serves them under `/media/<host>/<path>`, in the place of every host an invented ad names.
Nothing in them shows or names anybody.
"""

import hashlib
import io
import random
import struct

from PIL import Image, ImageDraw, ImageFont
from starlette.requests import Request
from starlette.responses import Response

MEDIA_PATH = "/media/{address:path}"
SIZE = (480, 270)
BOXES = 9
SECONDS = 6
TICKS_PER_SECOND = 1_000
UPRIGHT = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The matrix of a track that is shown as it lies (ISO/IEC 14496-12, 8.3.2)."""


def answer_media(request: Request) -> Response:
    """The picture at an address, or a video's bytes where the address asks for one."""
    address = request.path_params["address"]
    if request.query_params.get("mediaType", "") == "mp4" or address.endswith(".mp4"):
        return Response(make_video(address), media_type="video/mp4")
    return Response(draw_picture(address), media_type="image/png")


def draw_picture(address: str) -> bytes:
    """A PNG of coloured boxes with a word that says that it is invented."""
    chance = random.Random(address)  # noqa: S311 (a drawing, no secret)
    picture = Image.new("RGB", SIZE, draw_colour(chance))
    pen = ImageDraw.Draw(picture)
    for _ in range(BOXES):
        left, top = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        corner = (left + SIZE[0] // 3, top + SIZE[1] // 3)
        pen.rectangle((left, top, *corner), fill=draw_colour(chance))
    pen.rectangle((0, SIZE[1] - 60, SIZE[0], SIZE[1]), fill="white")
    words = f"INVENTED AD {name_address(address)}"
    pen.text((16, SIZE[1] - 52), words, fill="black", font=ImageFont.load_default(size=36))
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def draw_colour(chance: random.Random) -> tuple[int, int, int]:
    """Any colour."""
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def make_video(address: str) -> bytes:
    """An MP4 that says how large and how long it is, and holds no pictures: nothing can play it."""
    movie = struct.pack(">12x2I", TICKS_PER_SECOND, SECONDS * TICKS_PER_SECOND) + bytes(80)
    sides = (side << 16 for side in SIZE)
    track = bytes(40) + struct.pack(">9i2I", *UPRIGHT, *sides)
    handler = wrap_box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    parts = wrap_box(b"tkhd", track) + wrap_box(b"mdia", handler)
    described = wrap_box(b"mvhd", movie) + wrap_box(b"trak", parts)
    kind = wrap_box(b"ftyp", b"isom\0\0\2\0isomiso2")
    content = name_address(address).encode() * 64
    return kind + wrap_box(b"moov", described) + wrap_box(b"mdat", content)


def wrap_box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def name_address(address: str) -> str:
    """A short name for an address."""
    return hashlib.sha256(address.encode()).hexdigest()[:6].upper()
