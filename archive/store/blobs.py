"""The evidence store: bytes kept under their SHA-256, compressed, written once.

Captures and quarantine keep their bytes here before anything parses them. A blob is on disk, synced,
before any row names it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from archive.errors import EvidenceError
from archive.store.disk import sync_path

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Blob:
    """Bytes in the store."""

    sha256: str
    size: int


class BlobStore:
    """A folder of blobs, `<first two>/<next two>/<sha256>.zst`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, sha256: str) -> Path:
        """Where a blob lies or would lie."""
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"

    def put_bytes(self, data: bytes) -> Blob:
        """Keep these bytes; a blob of them that was damaged is whole again."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.is_whole(sha256):
            self._write(sha256, iter([data]))
        return Blob(sha256, len(data))

    def put_file(self, path: Path, sha256: str = "") -> Blob:
        """Keep the bytes of a file and hold none of it; whoever knows their SHA-256 saves a reading.

        A blob of them that was damaged is whole again.

        Raises:
            EvidenceError: if the file is not, or no longer, what its SHA-256 says.
        """
        with path.open("rb") as file:
            sha256 = sha256 or hashlib.file_digest(file, "sha256").hexdigest()
            if not self.is_whole(sha256):
                file.seek(0)
                self._write(sha256, iter(lambda: file.read(CHUNK_BYTES), b""))
            return Blob(sha256, os.fstat(file.fileno()).st_size)

    @contextmanager
    def open(self, sha256: str) -> Iterator[IO[bytes]]:
        """The bytes of a blob, as a stream.

        Raises:
            EvidenceError: if the blob is not in the store.
        """
        path = self.path_of(sha256)
        if not path.exists():
            raise EvidenceError(f"the evidence {sha256} is not in {self.root}")
        with (
            path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as stream,
        ):
            yield stream

    def read(self, sha256: str) -> bytes:
        """All bytes of a blob, checked against its name.

        Raises:
            EvidenceError: if the blob is missing or not what its name says.
        """
        with self.open(sha256) as stream:
            data = stream.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceError(f"the evidence {sha256} is not what its name says")
        return data

    def is_whole(self, sha256: str) -> bool:
        """Whether a blob is there and is what its name says, read piece by piece."""
        try:
            with self.open(sha256) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256  # type: ignore[arg-type]
        except (EvidenceError, OSError, zstandard.ZstdError):
            return False

    def _write(self, sha256: str, chunks: Iterator[bytes]) -> None:
        path = self.path_of(sha256)
        _make_folder(path.parent)
        written = hashlib.sha256()
        with _open_part(path.parent) as part:
            with zstandard.ZstdCompressor(level=3).stream_writer(part, closefd=False) as packed:
                for chunk in chunks:
                    written.update(chunk)
                    packed.write(chunk)
            if written.hexdigest() != sha256:
                raise EvidenceError(f"the bytes changed while they were kept as {sha256}")
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        sync_path(path.parent)


def _make_folder(folder: Path) -> None:
    """Make a folder whose name, and those of the folders it lies in, outlast a power cut."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_path(folder.parent)


@contextmanager
def _open_part(folder: Path) -> Iterator[IO[bytes]]:
    """A file under a passing name; on a full disk it must not keep the room that is missing."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
        try:
            yield part
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
