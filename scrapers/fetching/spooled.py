"""Files asked for as files: the request, the answer whose body lies on disk, and how it is read.

`partition_spider.py` makes the request and reads the answer, `downloads.py` makes the answer.
Answers to any other request keep their body in memory.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scrapy import Request
from scrapy.http import Response

from archive.store.blobs import Blob, BlobStore
from scrapers.fetching.spooling import BodyPart
from scrapers.readers.files import SourceFile

SPOOL = "spool"
"""Key in a request's `meta`; its value names the file through redirects, and gives nothing away."""


class SpooledResponse(Response):
    """An answer whose body is a whole, synced file; `body` is empty."""

    attributes: tuple[str, ...] = (*Response.attributes, "part")

    def __init__(self, *args: Any, part: BodyPart, **kwargs: Any) -> None:  # noqa: ANN401 (Scrapy's own)
        super().__init__(*args, **kwargs)
        self.part = part


def request_file(url: str) -> Request:
    """Ask for a file that is written to disk as it comes."""
    key = hashlib.sha256(url.encode()).hexdigest()[:16]
    # A packed body could not be gone on with: its bytes on disk are not those on the wire.
    return Request(url, headers={"Accept-Encoding": "identity"}, meta={SPOOL: key})


def keep_body(blobs: BlobStore, response: Response) -> Blob:
    """Put an answer's body into the evidence store, from wherever it lies."""
    if isinstance(response, SpooledResponse):
        return blobs.put_file(response.part.path, response.part.sha256)
    return blobs.put_bytes(response.body)


def discard_body(response: Response) -> None:
    """Delete what lies on disk of an answer that nobody will read."""
    if isinstance(response, SpooledResponse):
        response.part.discard()


@contextmanager
def open_answer(response: Response) -> Iterator[SourceFile]:
    """The file an answer brought; what lies on disk is deleted after it was read."""
    name = response.url.split("?")[0].rsplit("/", 1)[-1]
    if not isinstance(response, SpooledResponse):
        yield SourceFile.from_bytes(name, response.body)
        return
    path = response.part.path
    try:
        yield SourceFile(name, lambda: path.open("rb"))
    finally:
        discard_body(response)
