"""Folders in which looks work: found, held while a run lives, swept once nobody does.

`scrapers.readers.row_memory` calls it. A run that is killed leaves its folder; its lock goes with its
process.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path


def name_work(folder: Path, run_id: int) -> Path:
    """Where a run keeps its own files in a partition's folder until it has ended."""
    return folder / f"look-{run_id}"


def find_works(home: Path, source: str) -> dict[Path, int]:
    """The folders of runs of a source, under way or left behind, each with its run's id."""
    found = (home / "snapshots" / source).glob("*/look-*")
    ids = ((path, path.name.removeprefix("look-")) for path in found)
    return {path: int(run_id) for path, run_id in ids if run_id.isdecimal()}


def hold_work(work: Path) -> int:
    """Make a run's folder and lock it, as long as this process lives and does not close the number.

    Raises:
        OSError: if there is no room, or another process holds it.
    """
    work.mkdir(parents=True, exist_ok=True)
    held = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise
    return held


def sweep_work(work: Path) -> None:
    """Remove a run's folder unless a process still holds it: the end of a run is written first."""
    with suppress(OSError):
        held = hold_work(work)
        shutil.rmtree(work, ignore_errors=True)
        os.close(held)
