"""Rows on their way out of the database: read block by block, nested values as the text they are kept as.

Downloads, the mirror and the backup turn tables into rows here, and spell nested values as canonical JSON,
mostly the very text that the database keeps. What each makes of days, instants and bytes is its own form's.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, Row, Select, Text, cast
from sqlmodel import Session

from archive.models.columns import holds_json
from archive.records.canonical import canonical_json

LONG_NUMBER = re.compile(r"[0-9]{19}")
"""What orjson may have rounded: it reads whole numbers beyond 64 bits as floats."""

Spelled = TypeVar("Spelled")


def leave_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """What to select for a column: of nested values their text, which need not be taken apart."""
    return cast(column, Text) if holds_json(column.type) else column


def read_blocks(
    session: Session, query: Select[Any], rows_at_once: int
) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a query, so many at once; no more of them are in memory.

    Without the session, which would look at every row once more for objects to keep.
    """
    options = {"yield_per": rows_at_once}
    # A server keeps the rest of the result until it is asked for.
    with closing(session.connection().execute(query, execution_options=options)) as rows:
        yield from rows.partitions()


def spell_each(
    values: Sequence[Any], spell: Callable[[Any], Spelled], *, by_value: bool = True
) -> Iterable[Spelled]:
    """What `spell` makes of each value of a column; of one that stands in many rows it is asked once.

    `by_value`: whether equal values are spelled alike, as 1 and 1.0 are not.
    """
    if not by_value:
        return map(spell, values)
    try:
        spelled = {value: spell(value) for value in set(values)}
    except TypeError:  # Mappings have no hash.
        return map(spell, values)
    return map(spelled.__getitem__, values)


def load_json(text: str) -> Any:  # noqa: ANN401 (any JSON)
    """The value of a JSON text, whole numbers of any size included."""
    return _read(text)[0]


def spell_json(value: object) -> str | None:
    """A nested value, or the text that the database keeps of it, as canonical JSON; `None`: unknown."""
    if not isinstance(value, str):
        return None if value is None else canonical_json(value).decode()
    loaded, spelled = _read(value)
    return None if loaded is None else spelled


def spell_fragment(value: object) -> orjson.Fragment | None:
    """The same as a part of a JSON document that orjson writes."""
    spelled = spell_json(value)
    return None if spelled is None else orjson.Fragment(spelled)


def _read(text: str) -> tuple[Any, str]:
    """The value of a JSON text and its canonical spelling."""
    try:
        value = orjson.loads(text)
        spelled = canonical_json(value).decode()
        # What comes back unchanged has lost nothing.
        if spelled == text or not LONG_NUMBER.search(text):
            return value, spelled
    except orjson.JSONDecodeError:
        pass
    value = json.loads(text)
    return value, canonical_json(value).decode()
