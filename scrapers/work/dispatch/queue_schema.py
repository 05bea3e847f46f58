"""The tables of the queue: made, brought up to date, and compared with the procrastinate installed.

`init` and `doctor` call it, and whoever uses the queue before the first crawl job. procrastinate keeps no
record of which of its migrations a database has had, so the newest one's name is kept here, as the
comment of the schema that holds its tables.
"""

from contextlib import closing
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from archive.errors import ArchiveError
from archive.models.leases import QUEUE_SCHEMA
from archive.store.database import is_postgresql, read, write

FIRST_KNOWN = "03.04.00_50_post_add_retry_failed_job_procedure"
"""Newest migration of procrastinate 3.10, which made every queue that has no comment."""
READ_COMMENT = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")


class QueueError(ArchiveError):
    """The queue cannot be used as things are."""


class QueueState(Enum):
    """How the queue's tables stand to the procrastinate that is installed."""

    MISSING = auto()
    CURRENT = auto()
    OLDER = auto()
    NEWER = auto()


ADVICE = {
    QueueState.OLDER: "the queue's tables are of an older procrastinate than the one installed; stop "
    "every worker and the scheduler, then type: paidforby init",
    QueueState.NEWER: "the queue's tables are of a newer procrastinate than the one installed; install "
    "the release of paidforby that the other machines have",
}


def find_queue_state(engine: Engine) -> QueueState:
    """How the tables stand; it changes nothing.

    Raises:
        QueueError: if the archive does not live on PostgreSQL.
    """
    if not is_postgresql(engine):
        raise QueueError(
            "PAIDFORBY_DISPATCH=queue needs the archive on PostgreSQL; set PAIDFORBY_DATABASE_URL, or "
            "leave PAIDFORBY_DISPATCH away"
        )
    with read(engine) as session:
        applied = _read_applied(session.connection())
    newest = list_migrations()[-1].stem
    if applied is None:
        return QueueState.MISSING
    if applied == newest:
        return QueueState.CURRENT
    return QueueState.OLDER if applied < newest else QueueState.NEWER


def open_queue_tables(engine: Engine) -> None:
    """Make the tables unless they are there; what others may be using is not changed.

    Raises:
        QueueError: if the archive does not live on PostgreSQL, or the tables are not of the procrastinate
            that is installed.
    """
    state = find_queue_state(engine)
    if state in ADVICE:
        raise QueueError(ADVICE[state])
    if state == QueueState.MISSING:
        with write(engine) as session:
            _make_tables(session.connection())


def init_queue(engine: Engine) -> None:
    """Make the tables, or apply what a newer procrastinate changed, file by file and in order.

    No worker and no scheduler may be at work meanwhile: part of what is applied takes away what an
    older procrastinate uses (procrastinate, "Migrate the database": pre and post migrations).

    Raises:
        QueueError: as `open_queue_tables`, but for tables that are only older.
    """
    if find_queue_state(engine) != QueueState.OLDER:
        open_queue_tables(engine)
        return
    for migration in list_migrations():
        # A transaction each: a new word of an enum may not be used in the one that adds it.
        with write(engine) as session:
            _apply_migration(session.connection(), migration)


def list_migrations() -> list[Path]:
    """The migrations that the installed procrastinate ships, in the order they are to be applied."""
    # Whoever works on one machine need not load the queue's driver.
    from procrastinate.schema import SchemaManager  # noqa: PLC0415

    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _make_tables(connection: Connection) -> None:
    if _read_applied(connection) is not None:
        return
    *_, newest = list_migrations()
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {QUEUE_SCHEMA}"))
    _run_file(connection, newest.parent.with_name("schema.sql"))
    _note_applied(connection, newest)


def _apply_migration(connection: Connection, migration: Path) -> None:
    applied = _read_applied(connection)
    if applied is not None and applied < migration.stem:
        _run_file(connection, migration)
        _note_applied(connection, migration)


def _run_file(connection: Connection, file: Path) -> None:
    connection.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
    # Many statements at once, and percent signs that stand for themselves: the driver's own way.
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(file.read_text("utf-8"))


def _read_applied(connection: Connection) -> str | None:
    """Name of the newest migration the tables have had; `None`: there are no tables."""
    if not inspect(connection).has_table("procrastinate_jobs", schema=QUEUE_SCHEMA):
        return None
    comment = connection.scalar(READ_COMMENT, {"schema": QUEUE_SCHEMA})
    return FIRST_KNOWN if comment is None else str(comment)


def _note_applied(connection: Connection, migration: Path) -> None:
    # A comment takes no bound value, and the name is that of a file we were installed with.
    name = migration.stem.replace("'", "''")
    connection.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS '{name}'"))
