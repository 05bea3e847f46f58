"""What was written is on the disk, names included, before anything relies on it.

Backup and mirror write through here; the evidence store has its own way (archive/store/blobs.py).
"""

import hashlib
import os
from pathlib import Path
from typing import IO


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


def hash_file(path: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
