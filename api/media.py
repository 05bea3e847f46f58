"""A kept file as an answer: always as a download, never as a page of this site.

Ads bring hostile files. A picture may be drawn by the page of its ad, but nothing here is ever opened as a
document of our own: what a browser might run goes out as bare bytes.
"""

from collections.abc import Iterator

from fastapi.responses import StreamingResponse

from archive.errors import EvidenceError
from archive.media.pictures import PICTURES, UNKNOWN_KIND, VIDEOS
from archive.models import MediaFile
from archive.store.blobs import CHUNK_BYTES, BlobStore

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""Kinds that go out under their own name; SVG, HTML and all others are bytes to a browser."""

HOUR_SECONDS = 3600


def answer_file(blobs: BlobStore, file: MediaFile) -> StreamingResponse:
    """The file's bytes, with headers under which no browser runs or shows them by themselves.

    Raises:
        EvidenceError: if the store has lost the file.
    """
    if not blobs.path_of(file.sha256).exists():
        raise EvidenceError(f"the file {file.sha256} is not in the evidence store any more")
    is_drawn = file.media_type in PICTURES | VIDEOS
    ending = ENDINGS[file.media_type] if is_drawn else "bin"
    return StreamingResponse(
        _read_pieces(blobs, file.sha256),
        media_type=file.media_type if is_drawn else UNKNOWN_KIND,
        headers={
            "content-disposition": f'attachment; filename="{file.sha256}.{ending}"',
            "content-security-policy": "sandbox; default-src 'none'",
            "content-length": str(file.bytes),
            "cross-origin-resource-policy": "same-origin",
            "etag": f'"{file.sha256}"',
            # Not for ever: a decision may withhold it.
            "cache-control": f"public, max-age={HOUR_SECONDS}",
        },
    )


def _read_pieces(blobs: BlobStore, sha256: str) -> Iterator[bytes]:
    with blobs.open(sha256) as stream:
        while piece := stream.read(CHUNK_BYTES):
            yield piece
