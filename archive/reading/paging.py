"""Pages of long lists: a cursor names the last key shown, so a page never shifts under its reader.

Every `list_…` of this package pages through here. A cursor is opaque to whoever holds it, and good
only for the list that gave it.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, SQLModel, select

from archive.errors import ArchiveError
from archive.reading.as_of.moment import NOW, Moment

Item = TypeVar("Item")
Row = TypeVar("Row")

MOST_AT_ONCE = 100
"""Longest page anyone gets."""


class CursorError(ArchiveError):
    """A cursor that this list did not give."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A part of a list in the order of its keys."""

    items: list[Item]
    next_cursor: str | None
    """Cursor of the following page; `None` when this one is the last."""
    data_as_of: datetime | None
    moment: Moment = NOW
    count: Callable[[], int] | None = None
    """Counts the whole list, which takes as long as reading it; `None`: nobody can."""


def encode_cursor(listing: str, key: int | str) -> str:
    """A cursor that goes on after `key` in the list of that name."""
    return base64.urlsafe_b64encode(json.dumps([listing, key]).encode()).decode().rstrip("=")


def cut_page(
    listing: str, rows: Sequence[Row], limit: int, key: Callable[[Row], int | str | None]
) -> tuple[list[Row], str | None]:
    """The rows of a page, and the cursor that goes on after them; `rows` holds one more if any follow."""
    shown = list(rows[:limit])
    last = key(shown[-1]) if len(rows) > limit else None
    return shown, encode_cursor(listing, last) if last is not None else None


def count_rows(
    session: Session, table: type[SQLModel], conditions: Iterable[ColumnElement[bool]] = ()
) -> int:
    """How many rows of a table meet some conditions."""
    return session.exec(select(func.count()).select_from(table).where(*conditions)).one()


def gather_rows(
    read_after: Callable[[Row | None], Sequence[Row]],
    keep: Callable[[Sequence[Row]], Sequence[Row]],
    count: int,
) -> list[Row]:
    """The first rows that a list keeps, for conditions that only whole rows tell.

    `read_after` gives some rows after one, or the first (`None`), and none when there are no more.
    """
    kept: list[Row] = []
    last: Row | None = None
    while len(kept) < count and (rows := read_after(last)):
        kept += keep(rows)
        last = rows[-1]
    return kept[:count]


def decode_number(listing: str, cursor: str | None) -> int | None:
    """The key a cursor goes on after, in a list ordered by numbers.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    key = _decode(listing, cursor)
    if isinstance(key, str):
        raise _refuse(listing)
    return key


def decode_text(listing: str, cursor: str | None) -> str | None:
    """The key a cursor goes on after, in a list ordered by texts.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    key = _decode(listing, cursor)
    if isinstance(key, int):
        raise _refuse(listing)
    return key


def _decode(listing: str, cursor: str | None) -> int | str | None:
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _refuse(listing) from None
    match value:
        case [str(name), int() | str() as key] if name == listing and not isinstance(key, bool):
            return key if isinstance(key, str) else _keep_in_range(listing, key)
    raise _refuse(listing)


def _keep_in_range(listing: str, key: int) -> int:
    if not 0 <= key < 2**63:
        raise _refuse(listing)
    return key


def _refuse(listing: str) -> CursorError:
    return CursorError(f"this cursor was not given by the list of {listing}; start without one")
