"""An answer of the web held in memory: unpacked, within its bound, with what is wrong with it.

`downloads.py` holds small answers so; files go to disk.
"""

import zlib
from urllib.parse import urlsplit

from aiohttp import (
    ClientPayloadError,
    ClientResponse,
)
from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.bounds import REFUSAL, ROBOTS, Bound
from scrapers.fetching.answers import BROKEN_OFF
from scrapers.fetching.unpacking import BodyUnpacker
from scrapers.readers.files import BoundError

CUT_SILENTLY = frozenset({REFUSAL, ROBOTS})
"""Of these the beginning is enough."""
PASSING_HEADERS = ("Content-Encoding", "Content-Length", "Content-Range")
"""They speak of the bytes on the wire, not of the whole file that lies on disk."""
LEFT_PACKED = "refused as it came: "


async def hold_answer(request: Request, answer: ClientResponse, most: Bound) -> Response:
    """An answer in memory, unpacked; what is wrong with it, or with its size, stands in its flags."""
    body, flags = bytearray(), []
    try:
        unpacker = BodyUnpacker(read_encoding(answer))
    except ValueError as refusal:
        unpacker = BodyUnpacker("")
        flags.append(f"{LEFT_PACKED}{refusal}")
    try:
        async for chunk in answer.content.iter_any():
            for piece in unpacker.unpack(chunk):
                body += piece
                check_most(len(body), most)
        if not unpacker.is_whole:
            flags.append(BROKEN_OFF)
    except BoundError as refusal:
        del body[most.most :]
        flags += [] if most in CUT_SILENTLY else [str(refusal)]
    except (ClientPayloadError, zlib.error):
        flags.append(BROKEN_OFF)
    headers, data = headers_of_file(answer), bytes(body)
    kind = responsetypes.from_args(headers=headers, url=request.url, body=data)
    return kind(request.url, status=answer.status, headers=headers, body=data, flags=flags)


def check_most(size: int, most: Bound) -> None:
    """See to it that a body stays within its bound.

    Raises:
        BoundError: if it does not.
    """
    if size > most.most:
        raise BoundError(most)


def read_encoding(answer: ClientResponse) -> str:
    """How a body is packed on its way; empty if it is not."""
    return answer.headers.get("Content-Encoding", "").strip().lower()


def headers_of_file(answer: ClientResponse) -> Headers:
    """What the answer says of the whole file."""
    headers = Headers(list(answer.headers.items()))
    for name in PASSING_HEADERS:
        headers.pop(name, None)
    try:
        urlsplit((headers.get("Location") or b"").decode("latin-1"))
    except ValueError:
        # It leads nowhere, and following it would end in an error of Scrapy's own.
        headers.pop("Location")
    return headers
