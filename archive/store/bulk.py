"""Many rows at once, at the engine's own pace: `executemany` on SQLite, binary COPY on PostgreSQL.

Ingest and restore write through here. Rows are tuples of what the driver takes: JSON columns as JSON
text, instants and days through `Storing`.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from zlib import crc32

from sqlalchemy import Column, ColumnClause, Connection, Date, MetaData, Table, TableClause, types
from sqlalchemy.schema import CreateTable
from sqlmodel import Session, SQLModel, UTCDateTime

StoredRow = tuple[Any, ...]

CHOOSE_JOINS = """SELECT set_config(name, %s, true)
FROM unnest(ARRAY['enable_hashjoin', 'enable_mergejoin', 'enable_material']) AS name"""

POSTGRESQL_TYPES: dict[type[types.TypeEngine[Any]], str] = {
    types.BigInteger: "int8",
    types.Integer: "int4",
    types.Float: "float8",
    types.Boolean: "bool",
    types.DateTime: "timestamptz",
    types.Date: "date",
    types.LargeBinary: "bytea",
    # The binary form of `json` is its text.
    types.JSON: "text",
    types.String: "text",
}


ROWS_AT_ONCE = 1_000
"""Rows made before SQLite takes them; however many there are, no more are held."""

BYTES_SENT_AHEAD = 4 << 20
"""Rows are made so far ahead of PostgreSQL; with psycopg's 1 MiB a new ad took a tenth longer."""

ID_COLUMN: Column[int] = Column("id", types.BigInteger())


@dataclass(frozen=True)
class Storing:
    """How the engine's driver takes instants and days."""

    time: Callable[[datetime | None], Any]
    day: Callable[[date | None], Any]


def find_storing(session: Session) -> Storing:
    """The form of instants and days for the session's engine."""
    return _make_storing(session.connection().dialect)


@lru_cache(maxsize=8)
def _make_storing(dialect: Any) -> Storing:  # noqa: ANN401 (SQLAlchemy's Dialect has no usable type)
    def cached(kind: types.TypeEngine[Any]) -> Callable[[Any], Any]:
        store = kind.dialect_impl(dialect).bind_processor(dialect)
        return lru_cache(maxsize=50_000)(store) if store else lambda value: value

    return Storing(time=cached(UTCDateTime()), day=cached(Date()))


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def insert_rows(
    session: Session, table: TableClause, names: Sequence[str], rows: Iterable[StoredRow]
) -> None:
    """Add rows; each holds the values of the named columns, in their order.

    Rows made one after the other, by a generator, are made while PostgreSQL writes those before; it
    must not ask the database anything.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        _copy_rows(connection, table, names, rows)
        return
    columns = ", ".join(_quote(connection, name) for name in names)
    marks = ", ".join("?" * len(names))
    _run_many(connection, f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)  # noqa: S608 (our own names)


def update_rows(
    session: Session, table: Table, names: Sequence[str], rows: Sequence[StoredRow]
) -> None:
    """Set the named columns of rows found by the first of them, each row at most once."""
    if not rows:
        return
    connection = session.connection()
    key, *others = (_quote(connection, name) for name in names)
    if connection.dialect.name == "postgresql":
        # A scratch table stays with its connection: each set of columns has its own.
        scratch = f"changed_{crc32('.'.join((table.name, *names)).encode()):08x}"
        arriving = make_scratch(session, scratch, [table.c[name] for name in names])
        _copy_rows(connection, arriving, names, rows)
        changes = ", ".join(f"{name} = k.{name}" for name in others)
        statement = f"UPDATE {table.name} AS t SET {changes} FROM {arriving.name} AS k"  # noqa: S608 (our own names)
        with look_up_by_key(session):
            connection.exec_driver_sql(f"{statement} WHERE t.{key} = k.{key}")
        return
    changes = ", ".join(f"{name} = ?" for name in others)
    statement = f"UPDATE {table.name} SET {changes} WHERE {key} = ?"  # noqa: S608 (our own names)
    _run_many(connection, statement, [(*row[1:], row[0]) for row in rows])


def make_scratch(session: Session, name: str, columns: Iterable[Column[Any]]) -> Table:
    """An empty table of this connection alone, with columns like the given ones and no key."""
    table = _shape_scratch(name, tuple(columns))
    connection = session.connection()
    connection.execute(CreateTable(table, if_not_exists=True))
    # DELETE leaves dead rows behind on PostgreSQL, page after page.
    is_postgresql = connection.dialect.name == "postgresql"
    connection.exec_driver_sql(f"{'TRUNCATE' if is_postgresql else 'DELETE FROM'} {name}")
    return table


@lru_cache(maxsize=64)
def _shape_scratch(name: str, columns: tuple[Column[Any], ...]) -> Table:
    # The same object each time, so that SQLAlchemy knows the statements that name it again.
    copies = (Column(column.name, column.type) for column in columns)
    return Table(name, MetaData(), *copies, prefixes=["TEMPORARY"])


def lay_out_ids(session: Session, name: str, ids: Iterable[int]) -> Table:
    """A scratch table (`id`) to lay beside a table whose rows are wanted, some ids perhaps twice."""
    wanted = make_scratch(session, name, [ID_COLUMN])
    insert_rows(session, wanted, ("id",), ((one,) for one in ids))
    return wanted


@contextmanager
def look_up_by_key(session: Session) -> Iterator[None]:
    """Joins made meanwhile look each row up by its key, however much they believe there is.

    PostgreSQL counts a growing table now and then only. Beside a scratch table it would rather read it
    whole, page after page, or row after row from its memory. SQLite always looks up.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(CHOOSE_JOINS, ("off",))
        yield
        connection.exec_driver_sql(CHOOSE_JOINS, ("on",))
    else:
        yield


@contextmanager
def pause_collector() -> Iterator[None]:
    """Python does not look for cycles among its objects meanwhile.

    A page's rows are tuples and hold none; it would go through all of the page's records again and
    again, a sixth of what a new ad costs. Ends as it was found, also after an error.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _run_many(connection: Connection, statement: str, rows: Iterable[StoredRow]) -> None:
    waiting = iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        connection.exec_driver_sql(statement, some)


def _copy_rows(
    connection: Connection, table: TableClause, names: Sequence[str], rows: Iterable[StoredRow]
) -> None:
    # A tenth of a second to import, which an archive on SQLite need not spend.
    from psycopg import copy, sql  # noqa: PLC0415

    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name), sql.SQL(",").join(sql.Identifier(name) for name in names)
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        writer = copy.LibpqWriter(cursor, flush_threshold=BYTES_SENT_AHEAD)
        with cursor.copy(statement, writer=writer) as stream:
            stream.set_types([_name_type(table.c[name]) for name in names])
            for row in rows:
                stream.write_row(row)


def _name_type(column: ColumnClause[Any]) -> str:
    kind = column.type
    if isinstance(kind, types.TypeDecorator):
        kind = kind.impl_instance
    return next(name for known, name in POSTGRESQL_TYPES.items() if isinstance(kind, known))
