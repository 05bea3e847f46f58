"""Room kept back on the disk of an SQLite file, so that a run which fills it can be closed all the same.

A run keeps it as it begins. Where there is no room to say why a run ended, it would seem to go on, and nobody
could begin another. PostgreSQL's disk is its server's: what it lacks there we cannot give it.
"""

import os
from pathlib import Path

from sqlalchemy import Engine

KEPT_BYTES = 1 << 20
"""Closing a run writes some tens of pages to SQLite's log, which lies on the same disk."""


def keep_room(engine: Engine) -> None:
    """Take the room, unless it is kept already or there is none."""
    file = _find_file(engine)
    if file is None or (file.exists() and file.stat().st_size == KEPT_BYTES):
        return
    try:
        # Bytes that no file system can pack, so that they take the room they seem to.
        file.write_bytes(os.urandom(KEPT_BYTES))
    except OSError:
        file.unlink(missing_ok=True)


def give_up_room(engine: Engine) -> bool:
    """Let the next to write have the room; whether there was any."""
    file = _find_file(engine)
    if file is None or not file.exists():
        return False
    file.unlink()
    return True


def _find_file(engine: Engine) -> Path | None:
    name = engine.url.database
    is_file = engine.dialect.name == "sqlite" and name and name != ":memory:"
    return Path(f"{name}-room") if is_file else None
