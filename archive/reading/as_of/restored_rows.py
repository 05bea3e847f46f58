"""A table as it stood at a moment, in stretches of ids: the same columns to select from, then as now.

Rows whose current state already held are read where they are. Only the others are restored, one
range at a time, into a table that lasts as long as the session; so memory stays flat. `past` says
which rows hold and how one is restored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, aliased
from sqlalchemy.schema import CreateTable
from sqlmodel import Session, col

from archive.models import Disclosure, PublicAd
from archive.store.batches import cut_batches

Kept = TypeVar("Kept", PublicAd, Disclosure)

Values = dict[str, Any]
"""The columns of one row, by name."""

FIRST_RANGE, LONGEST_RANGE = 512, 16_384
"""Ids in a range: few for the first page of a list, then twice as many each time."""


def read_row_ranges(
    session: Session,
    table: type[Kept],
    holds: ColumnElement[bool],
    restore: Callable[[Mapping[int, str]], Iterator[Values]],
    after: int = 0,
) -> Iterator[type[Kept]]:
    """The table as it stood, for rising ranges of the ids above `after`.

    Each is good until the next is asked for. `holds`: the row as it is now stood there then already;
    `restore` makes the rows of the others from their ids and sources, and leaves out what was not there.
    """
    last = session.connection().scalar(select(func.max(table.id))) or 0
    length = FIRST_RANGE
    while after < last:
        within = col(table.id).between(after + 1, after + length)
        yield restore_rows(session, table, within, holds, restore)
        after, length = after + length, min(2 * length, LONGEST_RANGE)


def restore_rows(
    session: Session,
    table: type[Kept],
    within: ColumnElement[bool],
    holds: ColumnElement[bool],
    restore: Callable[[Mapping[int, str]], Iterator[Values]],
) -> type[Kept]:
    """Those of a table's rows that are `within`, as they stood; good until others are asked for."""
    restored = _make_table(session, table)
    changed = select(col(table.id), col(table.source)).where(within, ~holds)
    _refill(session, restored, changed, restore)
    current = select(*_list_columns(table)).where(within, holds)
    both = union_all(current, select(restored)).subquery()
    # An entity over a query stands wherever the table's own columns could.
    return cast("type[Kept]", aliased(table, both))


def take_rows(
    session: Session,
    row_ranges: Iterable[type[Kept]],
    conditions: Callable[[type[Kept]], Iterable[ColumnElement[bool]]],
    after: int,
    limit: int,
) -> list[Values]:
    """The first rows above an id that meet the conditions, by rising id."""
    rows: list[Values] = []
    for table in row_ranges:
        query = select_rows(table).where(col(table.id) > after, *conditions(table))
        query = query.order_by(col(table.id)).limit(limit - len(rows))
        rows += (dict(row) for row in session.connection().execute(query).mappings())
        if len(rows) == limit:
            break
    return rows


def select_rows(table: type[Kept]) -> Select[Any]:
    """Every column of a table or a range of it, without the objects a session would keep."""
    return select(*_list_columns(table))


def _list_columns(table: type[Kept]) -> list[Mapped[Any]]:
    return [col(getattr(table, column.name)) for column in inspect(table).mapper.columns]


def _make_table(session: Session, table: type[Kept]) -> Table:
    """An empty table of the same columns that only this session sees, gone when it ends."""
    made = _describe_table(table)
    session.connection().execute(CreateTable(made, if_not_exists=True))
    return made


@cache
def _describe_table(table: type[Kept]) -> Table:
    """Always the same object, so that statements about it are compiled once."""
    columns = [
        Column(column.name, column.type, primary_key=column.primary_key)
        for column in inspect(table).mapper.columns
    ]
    return Table(f"past_{table.__tablename__}", MetaData(), *columns, prefixes=["TEMPORARY"])


def _refill(
    session: Session,
    restored: Table,
    changed: Select[int, str],
    restore: Callable[[Mapping[int, str]], Iterator[Values]],
) -> None:
    connection = session.connection()
    connection.execute(delete(restored))
    sources = {row.id: row.source for row in connection.execute(changed)}
    for ids in cut_batches(sorted(sources)):
        if rows := list(restore({i: sources[i] for i in ids})):
            connection.execute(insert(restored), rows)
