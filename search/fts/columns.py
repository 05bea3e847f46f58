"""The narrow table in memory, column by column: ads are narrowed, counted and put in order there.

A column is read when it is first asked for, and kept: eight bytes a row for a number, four for a value, and
each value once. Where rows were written since (`touched`), those are read again, into another object: whoever
reads an earlier state meanwhile keeps it.
"""

from array import array
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa  # type: ignore[import-untyped]
from sqlalchemy import String, func, select
from sqlmodel import Session

from search.fts.tables import SearchTables

Cells = Any
"""An array of Arrow; pyarrow has no types."""

Mask = Any
"""Whether each row of a table is meant, as an array of Arrow."""

UNKNOWN = -(2**63)
"""A number that is not known, or of no row."""

MOST_MATCHES = 32
"""Answers of the index of words that are kept of a state, four bytes a row found."""

ROWS_AT_ONCE = 100_000


class HeldColumn:
    """The cells of a column by the number of the row; a cell is a number, or the place of a value."""

    def __init__(self, size: int, *, is_number: bool) -> None:
        # At the first place: no value.
        self._places: dict[str | None, int] = {} if is_number else {None: 0}
        self._cells = array("q", [UNKNOWN]) * size if is_number else array("i", [0]) * size

    @property
    def cells(self) -> Cells:
        """All of them, as an array of Arrow."""
        kind = pa.int32() if self._places else pa.int64()
        return pa.Array.from_buffers(kind, len(self._cells), [None, pa.py_buffer(self._cells)])

    @property
    def values(self) -> list[str | None]:
        """What cells stand for, by place."""
        return list(self._places)

    def choose(self, is_chosen: Callable[[str | None], bool]) -> Cells:
        """Whether each cell stands for a value of some."""
        return pa.array(map(is_chosen, self._places), pa.bool_()).take(self.cells)

    def write(self, numbers: Iterable[int], values: Iterable[Any]) -> None:
        """Put values into rows."""
        places, cells = self._places, self._cells
        for number, value in zip(numbers, values, strict=True):
            if places:
                cells[number] = places.setdefault(value, len(places))
            else:
                cells[number] = UNKNOWN if value is None else value

    def resize(self, size: int) -> "HeldColumn":
        """A copy with so many rows."""
        copy = HeldColumn(max(0, size - len(self._cells)), is_number=not self._places)
        copy._places = dict(self._places)
        copy._cells = self._cells[:size] + copy._cells
        return copy


class HeldColumns:
    """The columns of a table in one state."""

    def __init__(self, session: Session, tables: SearchTables, seq: int) -> None:
        self.tables = tables
        self.seq = seq
        """Up to which touch (`SearchTables.touched`)."""
        last = session.connection().execute(select(func.max(tables.ad.c.id))).scalar()
        self.size = max(0, (last or 0) + 1)
        self.columns: dict[str, HeldColumn] = {}
        self.matches: dict[str, Any] = {}

    def bring_on(self, session: Session, seq: int) -> "HeldColumns":
        """The same columns in a later state."""
        later = HeldColumns(session, self.tables, seq)
        names = list(self.columns)
        ad, touched = self.tables.ad, self.tables.touched
        # What was taken out has a row without values.
        written = (
            select(touched.c.number, *(ad.c[name] for name in names))
            .join_from(touched, ad, ad.c.id == touched.c.number, isouter=True)
            .where(touched.c.seq > self.seq, touched.c.number.between(0, later.size - 1))
        )
        rows = session.connection().execute(written).all()
        for place, name in enumerate(names, start=1):
            later.columns[name] = self.columns[name].resize(later.size)
            later.columns[name].write((row[0] for row in rows), (row[place] for row in rows))
        return later


def hold_columns(session: Session, tables: SearchTables, kept: HeldColumns | None) -> HeldColumns:
    """The columns in the state that a session sees, from those of another state if that goes."""
    ends = f"SELECT min(seq), max(seq) FROM {tables.touched.name}"  # noqa: S608 (our own names)
    first, last = session.connection().exec_driver_sql(ends).one()
    seq = last or 0
    if kept is None or seq < kept.seq or (first or 0) > kept.seq + 1:
        return HeldColumns(session, tables, seq)
    return kept if seq == kept.seq else kept.bring_on(session, seq)


@dataclass(frozen=True)
class SeenColumns:
    """Columns, and a session that sees their state."""

    session: Session
    held: HeldColumns

    def read(self, name: str) -> HeldColumn:
        """A column."""
        kept = self.held.columns
        if name not in kept:
            ad, size = self.held.tables.ad, self.held.size
            column = HeldColumn(size, is_number=not isinstance(ad.c[name].type, String))
            # As two texts: row by row would take ten times as long.
            read = (
                f"SELECT json_group_array(id), json_group_array({name}) FROM {ad.name} "  # noqa: S608 (our own names)
                "WHERE id BETWEEN ? AND ?"
            )
            for first in range(0, size, ROWS_AT_ONCE):
                given = (first, first + ROWS_AT_ONCE - 1)
                said = self.session.connection().exec_driver_sql(read, given).one()
                column.write(*map(orjson.loads, said))
            kept[name] = column
        return kept[name]

    def cells(self, name: str) -> Cells:
        """The cells of a column."""
        return self.read(name).cells

    def match(self, expression: str) -> Cells:
        """The numbers of the rows in which an expression of FTS5 is found, rising, as an array of Arrow."""
        kept = self.held.matches
        found = kept.get(expression)
        if found is None:
            texts = self.held.tables.text.name
            # As one text: row by row would take three times as long.
            find = (
                f"SELECT json_group_array(rowid) FROM {texts} WHERE {texts} MATCH ? "  # noqa: S608 (our own names)
                "AND rowid BETWEEN 0 AND ?"
            )
            given = (expression, self.held.size - 1)
            said = self.session.connection().exec_driver_sql(find, given).scalar_one()
            found = pa.array(orjson.loads(said), pa.int32())
            if len(kept) >= MOST_MATCHES:
                kept.clear()
            kept[expression] = found
        return found

    def list_former(self, name: str, values: Collection[str]) -> list[int]:
        """The numbers of the rows that had one of these names earlier."""
        listed = self.held.tables.listed.c
        had = select(listed.ad_id).where(
            listed.name == f"former_{name}",
            listed.value.in_(values),
            listed.ad_id.between(0, self.held.size - 1),
        )
        return list(self.session.connection().execute(had).scalars())

    def mark(self, numbers: Iterable[int]) -> Mask:
        """Rows by their numbers."""
        marks = bytearray(self.held.size)
        for number in numbers:
            marks[number] = 1
        return pa.Array.from_buffers(pa.uint8(), len(marks), [None, pa.py_buffer(marks)]).cast(
            pa.bool_()
        )
