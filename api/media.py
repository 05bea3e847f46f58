"""A kept picture or video as an answer: a cleaned copy, always as a download, never as a page of this site.

Ads bring hostile files. A picture may be drawn by the page of its ad, but nothing here is ever opened as a
document of our own, and nothing but pictures and videos goes out at all.
"""

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from fastapi.responses import StreamingResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from archive.media.cleaning import open_clean_copy
from archive.models import MediaFile
from archive.store.blobs import CHUNK_BYTES, BlobStore

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
}

HOUR_SECONDS = 3600


RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
"""One range; whoever asks for several gets the whole (RFC 9110, section 14.2)."""


def answer_file(blobs: BlobStore, file: MediaFile, asked: Headers) -> StreamingResponse:
    """The cleaned copy of a file, with headers under which no browser runs or shows it by itself.

    A part of it where `asked`, the headers of the request, has a `Range`, as players of videos do.

    Raises:
        EvidenceError: if the store has lost the file.
        NotCleanedError: if there can be no such copy.
    """
    copy = open_clean_copy(blobs, file.sha256, file.media_type)
    size = copy.seek(0, os.SEEK_END)
    # The name is that of the evidence; these bytes are not.
    tag = f'"cleaned-{file.sha256}"'
    status, part = find_part(asked, tag, size)
    headers = {
        "content-disposition": f'attachment; filename="{file.sha256}.{ENDINGS[file.media_type]}"',
        "content-security-policy": "sandbox; default-src 'none'",
        "content-length": str(len(part)),
        "cross-origin-resource-policy": "same-origin",
        "accept-ranges": "bytes",
        "etag": tag,
        # Not for ever: a decision may withhold it.
        "cache-control": f"public, max-age={HOUR_SECONDS}",
    }
    if status == 206:
        headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    elif status == 416:
        headers["content-range"] = f"bytes */{size}"
    return CleanedFile(copy, part, status, headers, file.media_type)


class CleanedFile(StreamingResponse):
    """A part of a cleaned copy, which is closed whether or not somebody reads it to its end."""

    def __init__(
        self, copy: BinaryIO, part: range, status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(_read_pieces(copy, part), status, headers, media_type=media_type)
        self.copy = copy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.copy.close()


def find_part(asked: Headers, tag: str, size: int) -> tuple[int, range]:
    """The status of the answer and which bytes it has: all, a range of them, or none of that range."""
    wanted = RANGE.fullmatch(asked.get("range", ""))
    if wanted is None or not any(wanted.groups()) or asked.get("if-range", tag) != tag:
        return 200, range(size)
    first, last = wanted.groups()
    if first and last and int(last) < int(first):
        return 200, range(size)
    if not first:
        part = range(max(0, size - int(last)), size)
    else:
        part = range(int(first), min(int(last or size) + 1, size))
    return (206, part) if part else (416, range(0))


def _read_pieces(copy: BinaryIO, part: range) -> Iterator[bytes]:
    copy.seek(part.start)
    left = len(part)
    while left and (piece := copy.read(min(left, CHUNK_BYTES))):
        left -= len(piece)
        yield piece
