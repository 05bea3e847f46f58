"""What a backup's folder holds, how a file gets into it, and how every file in it is checked.

`manifest.json` says what it is; `SHA256SUMS` lists every other file in the form `sha256sum --check` reads;
`tables/<table>.jsonl.zst` are the rows (archive/exports/dump.py), `blobs/` the evidence
(archive/store/blobs.py), `config/` the operator's own configuration. Nothing here reads or writes a database.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import zstandard
from pydantic import ValidationError
from sqlmodel import Field, SQLModel

from archive.errors import ArchiveError
from archive.records.escaping import escape_text
from archive.store.checking import ArchiveCheck
from archive.store.disk import hash_file, sync_file
from archive.store.ledger.root import LedgerHead
from config.settings import Realm

FORMAT = 1
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
CHUNK_BYTES = 1 << 20

Tell = Callable[[str, int], None]
"""Takes what is under way and how many more bytes of it are done."""


class BackupError(ArchiveError):
    """A folder is no whole backup, or a place is not free for what should be written there."""


class Manifest(SQLModel):
    """What a backup says about itself."""

    format: int = Field(default=FORMAT, description="Form of the folder; this is the first.")
    schema_revision: str = Field(description="Revision of the tables (archive/migrations).")
    made_at: datetime = Field(description="When the backup was begun; it shows that moment.")
    realm: Realm | None = Field(description="Realm of the archive; empty before its first run.")
    ledger: LedgerHead = Field(description="Size and root of the ledger.")
    ledger_check: ArchiveCheck | None = Field(
        default=None,
        description="Whether each row gave its leaf of the ledger; empty: made before this was checked.",
    )
    tables: dict[str, int] = Field(description="Rows of each table.")
    blobs: int = Field(description="Pieces of evidence in the folder.")
    missing_blobs: list[str] = Field(
        description="SHA-256 of evidence that rows name and the archive no longer has whole."
    )
    sums_sha256: str = Field(description="SHA-256 of the list of all other files.")


class BackupWriter:
    """A folder being filled: every file is hashed as it is written, and on disk before it is listed."""

    def __init__(self, root: Path, tell: Tell) -> None:
        self.root = root
        self._tell = tell

    @contextmanager
    def open(self, relative: str) -> Iterator["HashingFile"]:
        """A new file to write into."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            hashing = HashingFile(file, lambda size: self._tell(relative, size))
            yield hashing
            sync_file(file)
        self._list(relative, hashing.sha256)

    def _list(self, relative: str, sha256: str) -> None:
        with (self.root / SUMS).open("a") as sums:
            sums.write(f"{sha256}  {relative}\n")

    def copy(self, relative: str, source: Path) -> None:
        """A copy of a file."""
        with self.open(relative) as target, source.open("rb") as file:
            for chunk in read_chunks(file):
                target.write(chunk)

    def link(self, relative: str, source: Path) -> bool:
        """Another name of a file that is on this disk already; whether the file system has such."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(source)
        except OSError:
            return False
        self._list(relative, hash_file(path))
        self._tell(relative, path.stat().st_size)
        return True

    def write_lines(self, relative: str, lines: Iterable[bytes]) -> int:
        """Lines, compressed; returns how many."""
        count = 0
        compressor = zstandard.ZstdCompressor()
        # It asks for nothing but `write`.
        with self.open(relative) as file, compressor.stream_writer(file) as packed:  # type: ignore[arg-type]
            for line in lines:
                packed.write(line + b"\n")
                count += 1
        return count

    def close_sums(self) -> str:
        """End the list of files; returns its SHA-256."""
        with (self.root / SUMS).open("a") as sums:
            sync_file(sums)
        return hash_file(self.root / SUMS)


class HashingFile:
    """A file that knows the hash of what was written to it."""

    def __init__(self, file: IO[bytes], tell_size: Callable[[int], None]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._tell_size = tell_size

    def write(self, data: bytes) -> int:
        """Write on."""
        self._hash.update(data)
        self._tell_size(len(data))
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        """Hash of everything written so far."""
        return self._hash.hexdigest()


def name_table_file(table: str) -> str:
    """Where a table's rows stand in the folder."""
    return f"tables/{table}.jsonl.zst"


def read_manifest(root: Path) -> Manifest:
    """What a backup says about itself.

    Raises:
        BackupError: if the folder holds no finished backup of a form we know.
    """
    try:
        manifest = Manifest.model_validate_json((root / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupError(f"{root} holds no finished backup: {MANIFEST}: {error}") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{root} has form {manifest.format}; this program reads form {FORMAT}")
    return manifest


def check_files(root: Path, manifest: Manifest, tell: Tell) -> None:
    """Make sure that every listed file is there and holds what was written.

    Raises:
        BackupError: with the first file that is not, or one that no list names.
    """
    if hash_file(root / SUMS) != manifest.sums_sha256:
        raise BackupError(f"{root / SUMS} is not the list of files that was written")
    count = 0
    for relative, sha256 in read_sums(root):
        path = root / relative
        if not path.is_file() or hash_file(path) != sha256:
            raise BackupError(f"{escape_text(str(path))} is missing or not what was written")
        tell(relative, path.stat().st_size)
        count += 1
    if count != sum(1 for _ in list_files(root)) - len((MANIFEST, SUMS)):
        raise BackupError(f"{root} holds files that its {SUMS} does not name")


def read_sums(root: Path) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of every file but the manifest and this list."""
    with (root / SUMS).open() as lines:
        for line in lines:
            sha256, relative = line.rstrip("\n").split("  ", 1)
            yield relative, sha256


def read_lines(root: Path, relative: str) -> Iterator[bytes]:
    """The lines of a compressed file, one at a time."""
    with (
        (root / relative).open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as packed,
    ):
        rest = b""
        for chunk in read_chunks(packed):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines


def list_files(root: Path) -> Iterator[Path]:
    """Every file below a folder, in no order; none when there is no such folder."""
    return (path for path in root.rglob("*") if path.is_file())


def read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, piece by piece."""
    return iter(lambda: file.read(CHUNK_BYTES), b"")
