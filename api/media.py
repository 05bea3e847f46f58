"""A kept picture or video as an answer: a cleaned copy, always as a download, never as a page of this site.

Ads bring hostile files. A picture may be drawn by the page of its ad, but nothing here is ever opened as a
document of our own, and nothing but pictures and videos goes out at all.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from fastapi.responses import StreamingResponse

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


def answer_file(blobs: BlobStore, file: MediaFile) -> StreamingResponse:
    """The cleaned copy of a file, with headers under which no browser runs or shows it by itself.

    Raises:
        EvidenceError: if the store has lost the file.
        NotCleanedError: if there can be no such copy.
    """
    copy = open_clean_copy(blobs, file.sha256, file.media_type)
    size = copy.seek(0, os.SEEK_END)
    return StreamingResponse(
        _read_pieces(copy),
        media_type=file.media_type,
        headers={
            "content-disposition": f'attachment; filename="{file.sha256}.{ENDINGS[file.media_type]}"',
            "content-security-policy": "sandbox; default-src 'none'",
            "content-length": str(size),
            "cross-origin-resource-policy": "same-origin",
            # The name is that of the evidence; these bytes are not.
            "etag": f'"cleaned-{file.sha256}"',
            # Not for ever: a decision may withhold it.
            "cache-control": f"public, max-age={HOUR_SECONDS}",
        },
    )


def _read_pieces(copy: BinaryIO) -> Iterator[bytes]:
    with copy:
        copy.seek(0)
        while piece := copy.read(CHUNK_BYTES):
            yield piece
