"""Rows as values by column name, at the engine's own pace.

Statements, filings and corrections are read and written through here. Ads have a faster way of their own
(`archive.ingest.rows`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Date, Enum, select
from sqlmodel import Session, SQLModel, UTCDateTime

from archive.records.canonical import canonical_json
from archive.store.batches import cut_batches
from archive.store.bulk import Storing, find_storing, insert_rows, table_of

Values = dict[str, Any]
"""The columns of one row, by name."""


def read_values(
    session: Session,
    columns: Iterable[Column[Any]],
    key: Column[Any],
    keys: Sequence[Any],
    *conditions: ColumnElement[bool],
) -> Iterator[Values]:
    """The columns of the rows whose key is one of many."""
    wanted = select(*columns).where(*conditions)
    for some in cut_batches(keys):
        for row in session.connection().execute(wanted.where(key.in_(some))).mappings():
            yield dict(row)


def insert_values(session: Session, model: type[SQLModel], rows: Sequence[Values]) -> None:
    """Add rows; all must give the same columns."""
    if not rows:
        return
    table, storing = table_of(model), find_storing(session)
    names = tuple(rows[0])
    forms = [(name, _find_form(table.c[name], storing)) for name in names]
    stored = [tuple(store(row[name]) for name, store in forms) for row in rows]
    insert_rows(session, table, names, stored)


def _find_form(column: Column[Any], storing: Storing) -> Callable[[Any], Any]:
    """How the engine's driver takes the values of a column."""
    match column.type:
        case JSON():
            return _store_json
        case UTCDateTime():
            return storing.time
        case Date():
            return storing.day
        case Enum():
            return _store_name
    return _keep


def _store_json(value: object) -> str | None:
    return None if value is None else canonical_json(value).decode()


def _store_name(value: Any) -> str:  # noqa: ANN401 (a member of any enumeration)
    """Columns of an enumeration hold the names of its members (SQLAlchemy's Enum)."""
    return str(value.name)


def _keep(value: object) -> object:
    return value
