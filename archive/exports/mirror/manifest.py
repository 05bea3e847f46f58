"""The mirror's manifest: which files count, and up to which change they tell.

It is the one truth about the files: a reader takes those it lists and no other, so it sees a whole state
whatever is being written beside. Whoever changes the mirror holds its lock.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Field, SQLModel

from archive.errors import ArchiveError
from archive.store.disk import hash_file, replace_file
from config.settings import Settings

FORMAT = 1
MANIFEST, LOCK = "manifest.json", ".lock"


class MirrorError(ArchiveError):
    """There is no mirror to read, or another process is changing it."""


class ParquetPart(SQLModel):
    """One Parquet file; no id stands in it twice."""

    file: str = Field(description="Its path below the mirror's folder.")
    rows: int = Field(description="Rows in it.")
    sha256: str = Field(
        default="", description="SHA-256 of the file; empty: written before this was kept."
    )


class MirroredTable(SQLModel):
    """What the mirror holds of one table."""

    columns: dict[str, str] = Field(description="Arrow type of each column, in order.")
    parts: list[ParquetPart] = Field(
        description="Its files, oldest first; a later row of an id replaces it."
    )
    last_id: int = Field(default=0, description="Highest id the table had.")


class EndedRuns(SQLModel):
    """Which runs of sources had ended: what they saw unmoved is part of the spend curves."""

    count: int = Field(default=0, description="How many.")
    last_at: datetime | None = Field(default=None, description="When the last of them ended.")


class MirrorManifest(SQLModel):
    """What a mirror says about itself."""

    format: int = Field(default=FORMAT, description="Form of the folder; this is the first.")
    mirror_id: str = Field(description="Drawn by lot when it was made; names its position.")
    seq: int = Field(description="Every change up to this one is in the files, and none after it.")
    follows_seq: int | None = Field(description="The same number before the last sync.")
    data_as_of: datetime | None = Field(
        description="When the archive learned the newest change in the files; empty: none yet."
    )
    written_at: datetime = Field(description="When the files last changed.")
    ended_runs: EndedRuns = Field(
        default_factory=EndedRuns, description="The runs that the spend curves know of."
    )
    tables: dict[str, MirroredTable] = Field(description="The tables, by name.")
    retired: list[str] = Field(
        default_factory=list,
        description="Files that no longer count, kept for those who still read them until the next "
        "compaction.",
    )


def describe_part(folder: Path, file: str, rows: int) -> ParquetPart:
    """A file that was written, with its hash."""
    return ParquetPart(file=file, rows=rows, sha256=hash_file(folder / file))


def find_folder(settings: Settings) -> Path:
    """Where an archive's mirror lies."""
    return settings.home / "parquet"


def read_manifest(folder: Path) -> MirrorManifest | None:
    """The manifest; `None` when there is none of a form we know."""
    try:
        manifest = MirrorManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return manifest if manifest.format == FORMAT else None


def require_manifest(folder: Path) -> MirrorManifest:
    """The manifest.

    Raises:
        MirrorError: if there is none.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise MirrorError(f"there is no mirror in {folder}; type: paidforby mirror sync")
    return manifest


def write_manifest(folder: Path, manifest: MirrorManifest) -> None:
    """Let these files count from now on."""
    replace_file(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


@contextmanager
def hold_mirror(folder: Path) -> Iterator[None]:
    """Keep every other process from changing the mirror; the hold ends with the process at the latest.

    Raises:
        MirrorError: if another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MirrorError(f"another process is changing the mirror in {folder}") from None
        yield
