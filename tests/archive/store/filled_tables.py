"""Rows for every table that a test's archive left empty, so that a copy of all tables proves something.

Tests of backup and of migrations call it; the values are invented by the column's type alone.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Table,
    TypeDecorator,
    func,
    insert,
    select,
)

THEN = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


def fill_empty_tables(connection: Connection, tables: list[Table]) -> None:
    """Add two rows to each empty table, in an order that foreign keys allow."""
    for table in tables:
        if not connection.scalar(select(func.count()).select_from(table)):
            for number in (1, 2):
                connection.execute(insert(table), make_row(connection, table, number))


def make_row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    """A row with a value in every column; odd rows leave out what may be left out."""
    return {
        column.name: find_parent(connection, column, number) or make_value(column, number)
        for column in table.columns
        if not (column.nullable and number % 2)
    }


def find_parent(connection: Connection, column: Column[Any], number: int) -> Any:
    """The key of a row that a foreign key may name."""
    for key in column.foreign_keys:
        rows = list(connection.execute(select(key.column).order_by(key.column)).scalars())
        return rows[(number - 1) % len(rows)]
    return None


def make_value(column: Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, Enum):
        return kind.enums[0]
    values: list[tuple[type, Any]] = [
        (JSON, {"Zahl": 2**40 + number, "Text": 'ü "\u2028'}),
        (Boolean, bool(number % 2)),
        (Integer, number),
        (Float, number / 3),
        (DateTime, THEN),
        (Date, date(2026, 2, number)),
        (LargeBinary, bytes([0, 255, number])),
    ]
    fitting = (value for known, value in values if isinstance(kind, known))
    return next(fitting, f"{column.name} {number} – é")
