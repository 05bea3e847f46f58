"""Whether every value is one of its column: SQLite keeps whatever it is given, PostgreSQL any text as words.

`paidforby verify` and backup look through all tables; whoever fails asks whether a value was to blame.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from traceback import walk_tb
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    Table,
    Text,
    case,
    cast,
    func,
    select,
    type_coerce,
    types,
)
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from archive.errors import cut_echo
from archive.models.columns import JsonText, holds_json
from archive.records.escaping import escape_text

ROWS_AT_ONCE = 1_000

Read = Callable[[Any], object]
"""Raises ValueError or TypeError where a value is none."""


FETCHING = frozenset(f"sqlalchemy.engine.{name}" for name in ("cursor", "result", "_result_cy"))
"""Modules under which nothing runs but what makes values of what a database has kept."""

NO_VALUE = ("Could not decode to UTF-8", "malformed JSON")
"""What SQLite says of such a value by itself."""


def is_unreadable(error: BaseException) -> bool:
    """Whether an error comes of a value that is none of its column."""
    if isinstance(error, OperationalError):
        return any(words in str(error.orig) for words in NO_VALUE)
    frames = (frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__))
    return isinstance(error, ValueError | TypeError) and any(name in FETCHING for name in frames)


def find_unreadable(session: Session, table: Table) -> Iterator[str]:
    """Each value of a table that is none of its column, named by table, row and column."""
    is_sqlite = session.connection().dialect.name == "sqlite"
    looked_at = [c for c in table.columns if is_sqlite or isinstance(c.type, JsonText)]
    if not looked_at:
        return
    keys, readers = [*table.primary_key], [_choose_reader(column) for column in looked_at]
    query = select(*(_take(each, is_sqlite=is_sqlite) for each in (*keys, *looked_at)))
    options = {"yield_per": ROWS_AT_ONCE}
    for row in session.connection().execute(query, execution_options=options):
        values = row[len(keys) :]
        for column, (what, read), value in zip(looked_at, readers, values, strict=True):
            if value is not None and not _is_read(read, value):
                yield f"{table.name} {_tell_key(row[: len(keys)])}: its {column.name} is no {what}"


def _take(column: Column[Any], *, is_sqlite: bool) -> ColumnElement[Any]:
    """What to select for a column: its bytes, or the number it is, whatever SQLite has kept there."""
    if not is_sqlite:
        return cast(column, Text)
    if isinstance(column.type, types.Integer | types.Float | types.Boolean):
        # Without its type, which would make something of it.
        bare = type_coerce(column, types.NullType())
        return case((func.typeof(column) == "text", "text"), else_=bare)
    return cast(column, LargeBinary)


def _choose_reader(column: Column[Any]) -> tuple[str, Read]:
    """What the values of a column are, and how one is read."""
    kind = column.type.impl if isinstance(column.type, types.TypeDecorator) else column.type
    if holds_json(column.type):
        return "JSON", json.loads
    return next(reader for types_, reader in READERS if isinstance(kind, types_))


def _read_time(value: bytes) -> datetime:
    return datetime.fromisoformat(value.decode())


def _read_day(value: bytes) -> date:
    return date.fromisoformat(value.decode())


def _require_int(value: object) -> None:
    if not isinstance(value, int):
        raise TypeError


READERS: tuple[tuple[Any, tuple[str, Read]], ...] = (
    (types.DateTime, ("time", _read_time)),
    (types.Date, ("day", _read_day)),
    (types.Boolean | types.Integer, ("whole number", _require_int)),
    (types.Float, ("number", float)),
    (types.LargeBinary, ("bytes", bytes)),
    (types.String, ("text", bytes.decode)),
)
"""By the types of columns; JSON is told by `holds_json`."""


def _is_read(read: Read, value: object) -> bool:
    try:
        read(value)
    except (ValueError, TypeError):
        return False
    return True


def _tell_key(values: Sequence[Any]) -> str:
    parts = [v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values]
    return cut_echo(escape_text(" ".join(parts)))
