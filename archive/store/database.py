"""The one way to the database: engines for SQLite and PostgreSQL, reading and writing sessions.

Writers are one at a time on both engines, so the order of the change sequence and of the ledger is
the order of commits. Everything that touches tables takes a session made here.
"""

import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session, create_engine

from archive.errors import ArchiveError, DatabaseAddressError, NotInitialisedError
from archive.store.disk import make_private_folder
from archive.store.revisions import require_current
from config.settings import Settings

# Any constant will do; it names the writer's lock among PostgreSQL's advisory locks.
WRITER_LOCK = 7_302_014


def open_engine(settings: Settings) -> Engine:
    """An engine for the archive's database; makes the home folder, not the tables."""
    make_private_folder(settings.home)
    return create_archive_engine(settings.resolved_database_url)


def open_archive(settings: Settings) -> Engine:
    """An engine for an archive that has its tables.

    Raises:
        NotInitialisedError: if it has none.
        OtherTablesError: if this program was not made for them.
    """
    database = read_address(settings.resolved_database_url)
    if database.get_backend_name() == "sqlite" and not Path(database.database or "").exists():
        # Opening it would make it.
        place = Path(database.database or "").absolute()
        raise NotInitialisedError(f"there is no archive at {place}; type: paidforby init")
    engine = open_engine(settings)
    try:
        require_current(engine)
    except ArchiveError:
        engine.dispose()
        raise
    return engine


def create_archive_engine(url: str) -> Engine:
    """An engine whose SQLite connections wait for one another and keep foreign keys.

    Raises:
        DatabaseAddressError: if the address is none of SQLite's or PostgreSQL's.
    """
    parsed = read_address(url)
    if parsed.get_backend_name() != "sqlite":
        named = {"application_name": _name_process()} | dict(parsed.query)
        return create_engine(parsed.set(query=named), pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        make_private_folder(file.parent)
        if not file.exists():
            # SQLite gives its other files the mode of this one.
            file.touch(mode=0o600)
    engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": 60})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _name_process() -> str:
    """What the server's list of connections calls this process: `paidforby worker on host/4711`."""
    command = " ".join(["paidforby", *sys.argv[1:2]])
    return f"{command[:20]} on {socket.gethostname()[:20]}/{os.getpid()}"


def read_address(url: str) -> URL:
    """The address, with the one driver we carry for PostgreSQL whatever spelling was used.

    Raises:
        DatabaseAddressError: if it is none of SQLite's or PostgreSQL's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseAddressError from None
    if parsed.get_backend_name() in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseAddressError
    return parsed


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 (a raw DBAPI connection)
    connection.isolation_level = None
    for pragma in (
        # Of a new file only: rows of ads are long, and half-empty pages were a tenth of it.
        "page_size=8192",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        try:
            connection.execute(f"PRAGMA {pragma}")
        except UnicodeDecodeError:
            # What SQLite says of damaged names quotes their bytes.
            raise sqlite3.DatabaseError("malformed database schema") from None


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that starts by reading cannot become a writer once another has written.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def read(engine: Engine) -> Iterator[Session]:
    """A session for reading; what it sees does not change under it, and nothing is written."""
    isolation = {"isolation_level": "REPEATABLE READ"} if is_postgresql(engine) else {}
    with (
        engine.connect().execution_options(**isolation) as connection,
        Session(connection) as session,
    ):
        yield session


@contextmanager
def write(engine: Engine) -> Iterator[Session]:
    """A session for writing: commits when the block ends, rolls back when it raises."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if is_postgresql(engine):
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
        with Session(connection) as session:
            yield session
            session.flush()


def is_postgresql(engine: Engine) -> bool:
    """Whether the archive lives on PostgreSQL."""
    return engine.dialect.name == "postgresql"
