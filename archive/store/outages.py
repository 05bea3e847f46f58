"""A database that is away, a full disk, a full memory: what an error means, how long to wait, what to say.

The import and the crawl read and write through here, because they run for hours and must neither lose
nor repeat what was under way when the database went. Workers and the scheduler, which begin anew what
failed, pass over its absence.
"""

import errno
import logging
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlmodel import Session

from archive.errors import ArchiveError, LeaseLostError, OutageError
from archive.store.database import read, write

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 15.0

SQLITE_AWAY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""Another process holds the file for longer than a connection waits by itself."""

POSTGRESQL_AWAY = ("08", "57P", "53300")
"""Beginnings of SQLSTATE: connection lost, server stopping or starting, no connection free
(PostgreSQL documentation, appendix A)."""

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


OF_THE_MACHINE = DISK_FULL | {
    *(errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),
}
"""Failures that would meet the next thing too."""


STOPPED_BY_OPERATOR = "stopped by the operator"
"""Why a run ended that somebody interrupted, or whose process was told to end."""


class DatabaseAwayError(OutageError):
    """The database did not come back in time."""


class DiskFullError(OutageError):
    """There is no room for what was to be written."""


class MemorySpentError(ArchiveError):
    """The process may not take more memory."""


@dataclass
class Patience:
    """How long one run waits for its database, and how long that has been away from it."""

    limit_seconds: float
    """Of one absence; `Settings.database_patience_seconds`."""
    away_seconds: float = 0.0
    """All absences together, from the first error of each to the attempt that went well."""
    is_spent: bool = False
    """The limit was reached: what follows is tried once."""

    def tell(self) -> str:
        """What a run's row says of it; empty when the database was there throughout."""
        if not self.away_seconds:
            return ""
        return f"the database was away for {max(1, round(self.away_seconds))} s"


@dataclass
class Absence:
    """How long the database has been away from a process that goes on without it, all its threads together.

    It says so in one line when the database goes, and in one when it is back.
    """

    _since: float | None = None
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """Leave out what needs the database while it is away; whoever calls tries again later."""
        since = self._since
        try:
            yield
        except Exception as error:
            if not is_away(error):
                raise
            self.begin(error)
        else:
            # What was asked before it went says nothing of whether it is back.
            if since is not None and since == self._since:
                self.end()

    def begin(self, error: Exception) -> None:
        """Say that the database is away, unless it was said."""
        with self._lock:
            is_news = self._since is None
            self._since = time.monotonic() if self._since is None else self._since
        if is_news:
            logger.warning("the database is away (%s); going on when it is back", tell_cause(error))

    def end(self) -> None:
        """Say that the database is back, if it was away."""
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            logger.warning("the database is back after %.0f s", time.monotonic() - since)


def read_surely(engine: Engine, patience: Patience, ask: Callable[[Session], T]) -> T:
    """Ask the archive, again if the database was away.

    Raises:
        DatabaseAwayError: if it stays away.
    """

    def attempt() -> T:
        with read(engine) as session:
            return ask(session)

    return _outlast(patience, attempt)


def write_surely(
    engine: Engine,
    patience: Patience,
    work: Callable[[Session], T],
    was_written: Callable[[Session, T], bool],
) -> T:
    """Work in one write transaction, again if the database was away, and never twice.

    Whether a commit went through is not known when the connection is lost meanwhile. `was_written` then
    tells from the archive, given what `work` had returned; `work` may run several times, so it changes
    nothing but the archive.

    Raises:
        DatabaseAwayError: if it stays away.
    """
    in_doubt: list[T] = []

    def attempt() -> T:
        # A commit that is still under way holds the writers' lock, so it is over once we are in.
        with write(engine) as session:
            if not in_doubt or not was_written(session, in_doubt[0]):
                in_doubt.clear()
                in_doubt.append(work(session))
            return in_doubt[0]

    return _outlast(patience, attempt)


def _outlast(patience: Patience, attempt: Callable[[], T]) -> T:
    away_before, left_at, pause = patience.away_seconds, 0.0, FIRST_PAUSE_SECONDS
    while True:
        try:
            return attempt()
        except Exception as error:
            if not is_away(error):
                raise
            if not left_at:
                left_at = time.monotonic()
                logger.warning(
                    "the database is away (%s); waiting for up to %g s",
                    tell_cause(error),
                    patience.limit_seconds,
                )
            left_seconds = patience.limit_seconds - (time.monotonic() - left_at)
            if patience.is_spent or left_seconds <= 0:
                patience.is_spent = True
                raise DatabaseAwayError(_tell_absence(patience, error)) from error
        time.sleep(min(pause, left_seconds))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        patience.away_seconds = away_before + time.monotonic() - left_at


def _tell_absence(patience: Patience, error: Exception) -> str:
    return (
        f"the database did not come back within {patience.limit_seconds:g} s ({tell_cause(error)}); "
        "type the same command again when it answers: it takes up what is missing"
    )


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn errors of a full disk into one that says what to do.

    Raises:
        DiskFullError: in their place.
    """
    try:
        yield
    except Exception as error:
        if not is_disk_full(error):
            raise
        raise DiskFullError(
            f"the disk is full ({_driver_error(error)}); nothing half-written was kept: make room, then "
            "type the same command again"
        ) from error


@contextmanager
def bounded_memory(megabytes: int) -> Iterator[None]:
    """Let this process take so much address space and no more, until the block ends (setrlimit(2)).

    Raises:
        MemorySpentError: where it needs more.
    """
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = megabytes << 20 if most == resource.RLIM_INFINITY else min(megabytes << 20, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    try:
        yield
    except MemoryError as error:
        raise MemorySpentError(tell_failure(error)) from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))


def tell_failure(error: BaseException) -> str:
    """What ended a run, for its row."""
    if isinstance(error, KeyboardInterrupt):
        return STOPPED_BY_OPERATOR
    if isinstance(error, MemoryError):
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        return f"it needed more than {limit >> 20:,} MB (PAIDFORBY_CRAWL_MEMORY_MB)"
    if isinstance(error, DatabaseAwayError | DiskFullError):
        return str(error)
    return f"{type(error).__name__}: {error}"[:2_000]


def is_away(error: BaseException) -> bool:
    """Whether the database may be back in a while."""
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.OperationalError):
        return _sqlite_code(cause) in SQLITE_AWAY
    # A tenth of a second to import, which an archive on SQLite need not spend.
    from psycopg import OperationalError  # noqa: PLC0415

    # A connection that was lost or refused has no SQLSTATE: no server gave one.
    return isinstance(cause, OperationalError) and (
        cause.sqlstate is None or cause.sqlstate.startswith(POSTGRESQL_AWAY)
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether there was no room to write."""
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.OperationalError):
        return _sqlite_code(cause) == sqlite3.SQLITE_FULL
    if isinstance(cause, OSError):
        return cause.errno in DISK_FULL
    from psycopg.errors import DiskFull  # noqa: PLC0415 (as in `is_away`)

    return isinstance(cause, DiskFull)


def is_for_all(error: BaseException) -> bool:
    """Whether what failed would fail with anything: no fault of the one thing that was worked on.

    A database that is away, whose tables are others, or that cannot go on; a machine without room; a lease
    that another run has.
    """
    if isinstance(error, OutageError | LeaseLostError | MemoryError | MemorySpentError):
        return True
    if isinstance(error, OSError):
        return error.errno in OF_THE_MACHINE
    if isinstance(error, OperationalError | InterfaceError | ProgrammingError):
        return True
    return is_away(error) or is_disk_full(error)


def tell_cause(error: BaseException) -> str:
    """What the driver said, on one line."""
    return " ".join(str(_driver_error(error)).split())


def _driver_error(error: BaseException) -> BaseException:
    """The error of the driver itself; a binary COPY raises it bare."""
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def _sqlite_code(error: sqlite3.OperationalError) -> int:
    # The upper bytes tell more closely (SQLite documentation, "Result and Error Codes").
    return error.sqlite_errorcode & 0xFF
