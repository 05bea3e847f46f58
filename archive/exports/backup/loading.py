"""From a backup's lines to rows: each value in the form the database's driver takes.

Restore calls it with tables of the backup's own revision, which may be older than the models.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Enum,
    LargeBinary,
    MetaData,
    Table,
    func,
    select,
    text,
)
from sqlmodel import Session, SQLModel, UTCDateTime

from archive.models.columns import holds_json
from archive.records.canonical import canonical_json
from archive.store.bulk import Storing, find_storing, insert_rows

ROWS_AT_ONCE = 5_000

ReadValue = Callable[[Any], Any]


def reflect_tables(session: Session, names: Iterable[str]) -> list[Table]:
    """The tables as they are in the database, in an order that foreign keys allow."""
    metadata = MetaData()
    metadata.reflect(session.connection(), only=list(names))
    for table in metadata.sorted_tables:
        for column in table.columns:
            column.type = _restore_type(table.name, column)
    return metadata.sorted_tables


def load_table(session: Session, table: Table, lines: Iterable[bytes]) -> None:
    """Add a row for each line."""
    storing = find_storing(session)
    readers = {column.name: _choose_reader(column, storing) for column in table.columns}
    for some in _cut(lines):
        rows = [json.loads(line) for line in some]
        names = list(rows[0])
        values = [tuple(_read(readers[name], row[name]) for name in names) for row in rows]
        insert_rows(session, table, names, values)


def move_sequence(session: Session, table: Table) -> None:
    """Let PostgreSQL count on after the highest number there is; SQLite does so by itself."""
    connection = session.connection()
    key = table.autoincrement_column
    if connection.dialect.name != "postgresql" or key is None:
        return
    name = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, :key)"),
        {"table": f'"{table.name}"', "key": key.name},
    )
    highest = connection.scalar(select(func.max(key)))
    if name is not None and highest is not None:
        connection.execute(
            text("SELECT setval(:name, :highest)"), {"name": name, "highest": highest}
        )


def count_rows(session: Session, table: Table) -> int:
    """How many rows a table holds."""
    return session.connection().scalar(select(func.count()).select_from(table)) or 0


def _restore_type(table: str, column: Column[Any]) -> Any:  # noqa: ANN401 (any type of SQLAlchemy's)
    """The type a value was written with; a database tells less than the model of the column."""
    if isinstance(column.type, JSON):
        return column.type
    known = SQLModel.metadata.tables.get(table)
    if known is not None and column.name in known.columns:
        return known.columns[column.name].type
    return UTCDateTime() if isinstance(column.type, DateTime) else column.type


def _choose_reader(column: Column[Any], storing: Storing) -> ReadValue:
    kind = column.type
    if holds_json(kind):
        return lambda value: canonical_json(value).decode()
    if isinstance(kind, UTCDateTime):
        return lambda value: storing.time(datetime.fromisoformat(value))
    if isinstance(kind, Date):
        return lambda value: storing.day(date.fromisoformat(value))
    if isinstance(kind, LargeBinary):
        return b64decode
    if isinstance(kind, Enum):
        return lambda value: kind.python_type(value).name
    return _keep


def _keep(value: object) -> object:
    return value


def _read(reader: ReadValue, value: object) -> object:
    return None if value is None else reader(value)


def _cut(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(lines)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some
