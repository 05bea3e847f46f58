"""What was written is on the disk, names included, before anything relies on it.

Backup and mirror write through here; the evidence store has its own way (archive/store/blobs.py).
"""

import hashlib
import os
from pathlib import Path
from shlex import quote
from typing import IO

SQLITE = "sqlite:///"


def sync_file(file: IO[bytes] | IO[str]) -> None:
    """Bring what was written to an open file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_path(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, text: str) -> None:
    """Put a text in the place of a file at once: whoever reads sees the old or the new one, whole."""
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w") as file:
        file.write(text)
        sync_file(file)
    aside.replace(path)
    sync_path(path.parent)


def make_private_folder(path: Path) -> None:
    """Make a folder that no other account of this machine may enter; one that is there stays as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def tell_openness(home: Path, database_url: str) -> str:
    """What to type where other accounts of this machine may enter the home or read SQLite's file.

    Empty: they cannot. A file in a closed home is closed too.
    """
    is_file = database_url.startswith(SQLITE)
    file = Path(database_url.removeprefix(SQLITE)) if is_file else home
    looked_at = [home] if file.is_relative_to(home) else [home, file]
    wide = [path for path in looked_at if path.exists() and path.stat().st_mode & 0o077]
    return " && ".join(f"chmod {700 if path.is_dir() else 600} {quote(str(path))}" for path in wide)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
