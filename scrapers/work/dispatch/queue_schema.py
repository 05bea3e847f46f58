"""The tables of the queue: procrastinate's own, made anew when a newer procrastinate is installed.

Whoever uses the queue calls it first. The queue only carries: what is due stands in the runs, so nothing
is lost with the old tables. procrastinate keeps no record of its release, so the name of its newest
migration is kept here, as the comment of the schema that holds the tables.
"""

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from archive.errors import ArchiveError
from archive.models.leases import QUEUE_SCHEMA
from archive.store.database import is_postgresql, write

TOO_NEW = (
    "the queue's tables are of a newer procrastinate than the one installed here; install the release of "
    "paidforby that the other machines have"
)
READ_RELEASE = text(
    "SELECT coalesce(obj_description(to_regnamespace(:schema), 'pg_namespace'), '')"
)


class QueueError(ArchiveError):
    """The queue cannot be used as things are."""


def require_postgresql(engine: Engine) -> None:
    """Refuse an archive that can have no queue.

    Raises:
        QueueError: if the archive does not live on PostgreSQL.
    """
    if not is_postgresql(engine):
        raise QueueError(
            "the queue needs the archive on PostgreSQL: set PAIDFORBY_DATABASE_URL; or, on one machine, "
            "do without a queue: paidforby worker"
        )


def open_queue_tables(engine: Engine) -> None:
    """Make the tables unless those of the installed procrastinate are there; older ones are dropped.

    Raises:
        QueueError: if the archive does not live on PostgreSQL, or a newer procrastinate made the tables.
    """
    require_postgresql(engine)
    *_, newest = list_migrations()
    with write(engine) as session:
        connection = session.connection()
        release = read_release(connection)
        if release > newest.stem:
            raise QueueError(TOO_NEW)
        if release < newest.stem:
            _make_tables(connection, newest)


def read_release(connection: Connection) -> str:
    """Newest migration of the procrastinate that made the tables; empty: there are none, or nobody knows."""
    return str(connection.scalar(READ_RELEASE, {"schema": QUEUE_SCHEMA}))


def list_migrations() -> list[Path]:
    """The migrations that the installed procrastinate ships, oldest first; their names sort."""
    # Whoever works on one machine need not load the queue's driver.
    from procrastinate.schema import SchemaManager  # noqa: PLC0415

    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def _make_tables(connection: Connection, newest: Path) -> None:
    connection.execute(text(f"DROP SCHEMA IF EXISTS {QUEUE_SCHEMA} CASCADE"))
    connection.execute(text(f"CREATE SCHEMA {QUEUE_SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
    # Many statements at once, and percent signs that stand for themselves: the driver's own way.
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(newest.parent.with_name("schema.sql").read_text("utf-8"))
    # A comment takes no bound value, and the name is that of a file we were installed with.
    connection.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS '{newest.stem}'"))
