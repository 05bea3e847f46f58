"""Other processes that have the archive's database open: tables must not move under them.

`paidforby init` asks before it brings tables up to date. What older programs say of themselves is little, so
every connection that gives no name counts, and one of another tool (psql, pg_dump) does not.
"""

import fcntl
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from archive.errors import ArchiveError
from archive.records.escaping import escape_text
from archive.store.database import is_postgresql

MOST_SECONDS, PAUSE_SECONDS = 60.0, 0.2
"""Longest time to wait for them: as long as a worker takes that was told to end."""

SHARED_BYTES = 0x40000002, 510
"""Where SQLite's connections lock an open file, from and how many (SQLite, "File Locking")."""
LOCK = "hhqqi"
"""Linux's `struct flock`: kind, whence, start, length, process (fcntl(2))."""

CONNECTED = text(
    "SELECT coalesce(nullif(application_name, ''), 'an older paidforby') AS name, usename, pid,"
    " coalesce(host(client_addr), 'this machine') AS place FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"
    " AND (coalesce(application_name, '') = '' OR application_name LIKE 'paidforby%') ORDER BY pid"
)


class OthersAtWorkError(ArchiveError):
    """Other processes have the database open."""


def wait_for_others(engine: Engine, tell: Callable[[str], None]) -> None:
    """Come back once nobody else has the database open; `tell` is told once for whom we wait.

    Raises:
        OthersAtWorkError: naming who still has it open in the end.
    """
    deadline, is_told = time.monotonic() + MOST_SECONDS, False
    while others := list_others(engine):
        named = ", ".join(others)
        if time.monotonic() >= deadline:
            raise OthersAtWorkError(
                f"tables do not move under a process that was made for the old ones: {named}; stop it, "
                "then type: paidforby init"
            )
        if not is_told:
            tell(f"waiting for {named} to end")
            is_told = True
        time.sleep(PAUSE_SECONDS)


def list_others(engine: Engine) -> list[str]:
    """The other processes, in words; of SQLite's one at a time, and on Linux only.

    The engine's own connections are closed: a process that opens SQLite's file beside them would give up
    their locks.
    """
    engine.dispose()
    if is_postgresql(engine):
        with engine.connect() as connection:
            rows = connection.execute(CONNECTED).all()
        return [f"{row.name} ({row.usename} at {row.place}, backend {row.pid})" for row in rows]
    file = Path(engine.url.database or "")
    if sys.platform != "linux" or not file.is_file():
        return []
    return _find_holder(file)


def _find_holder(file: Path) -> list[str]:
    start, length = SHARED_BYTES
    asked = struct.pack(LOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
    descriptor = os.open(file, os.O_RDWR)
    try:
        kind, _, _, _, pid = struct.unpack(LOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    if kind == fcntl.F_UNLCK:
        return []
    return [f"process {pid}{_read_command(pid)}" if pid > 0 else "a process of another machine"]


def _read_command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    named = " ".join(Path(word).name for word in words[:3] if word)
    return f" ({escape_text(named[:60])})"
