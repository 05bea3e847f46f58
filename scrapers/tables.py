"""Delimited text as sources write it: rows with their line numbers, and what could not be read.

Spiders iterate `read_table`; a damaged row comes out as `Unreadable` with its bytes, and reading goes
on at the next line. Python's `csv` module is the reader, strict about quotes.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from archive.records import Unreadable
from scrapers.files import BREAKING_ERRORS, SourceFile

MAX_CELL_CHARACTERS = 16 << 20
"""Google's targeting cells 'can run to megabytes'; beyond this a cell is a damaged file."""

ROWS_LOOKED_AT = 20

csv.field_size_limit(MAX_CELL_CHARACTERS)

READ_ERRORS = (csv.Error, *BREAKING_ERRORS)


@dataclass(frozen=True)
class TableRow:
    """One record of a file, by column name."""

    line: int
    cells: dict[str, str]
    raw: bytes


class _Lines(Iterator[str]):
    """Physical lines of a file that can be handed back, so that reading can start over at one."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 0

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read_line()
        self.taken.append(line)
        self.line += 1
        return line

    def _read_line(self) -> str:
        data = self._stream.readline()
        if not data:
            raise StopIteration
        return data.decode(self._encoding, errors="surrogateescape")

    def begin_record(self) -> int:
        """Forget the lines of the record before; returns the line the next one starts on."""
        self.taken = []
        return self.line + 1

    def give_back(self, lines: list[str]) -> None:
        """Hand lines back, to be read again."""
        self._waiting.extendleft(reversed(lines))
        self.line -= len(lines)

    def encode(self, text: str) -> bytes:
        """The bytes a text was decoded from, also where they were not in the encoding."""
        return text.encode(self._encoding, errors="surrogateescape")

    @property
    def raw(self) -> bytes:
        """The bytes of the record just read."""
        return self.encode("".join(self.taken))


@dataclass(frozen=True)
class TableFormat:
    """How a source writes its tables."""

    delimiter: str = ","
    is_quoted: bool = True
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    """Column names of a file that has no header line."""
    folds_names: bool = False
    """Column names are read in lower case, where a source writes the same ones in several ways."""

    @property
    def reader_options(self) -> dict[str, Any]:
        """The options of Python's csv reader."""
        quoting = csv.QUOTE_MINIMAL if self.is_quoted else csv.QUOTE_NONE
        return {"delimiter": self.delimiter, "quoting": quoting, "strict": True}


CSV = TableFormat()


def read_header(file: SourceFile, form: TableFormat = CSV) -> list[str]:
    """The column names of a file, without a byte-order mark; empty where there is no readable row."""
    try:
        with file.open() as stream:
            header = next(csv.reader(_Lines(stream, form.encoding), **form.reader_options), [])
    except READ_ERRORS:
        return []
    names = [header[0].removeprefix("\ufeff"), *header[1:]] if header else []
    return [name.lower() for name in names] if form.folds_names else names


def has_rows(file: SourceFile, form: TableFormat) -> bool:
    """Whether one of the first rows has as many cells as the form has columns."""
    return any(isinstance(row, TableRow) for row in islice(read_table(file, form), ROWS_LOOKED_AT))


def read_table(file: SourceFile, form: TableFormat = CSV) -> Iterator[TableRow | Unreadable]:
    """Rows of a file in order, each with its first line.

    Without `form.columns` the first row names the columns. A row with another number of cells, with
    bytes outside the encoding, or with broken quotes is `Unreadable`; when it swallowed further
    lines, those are read again on their own.
    """
    columns = list(form.columns) or read_header(file, form)
    line = 0
    try:
        with file.open() as stream:
            lines = _Lines(stream, form.encoding)
            if not form.columns:
                next(csv.reader(lines, **form.reader_options), None)
            for row in _read_rows(file.name, lines, form, columns):
                yield row
                line = lines.line
    except BREAKING_ERRORS as error:
        yield Unreadable(
            file=file.name, line=line + 1, reason=f"the file breaks off here ({error})"
        )


def _read_rows(
    name: str, lines: _Lines, form: TableFormat, columns: list[str]
) -> Iterator[TableRow | Unreadable]:
    reader = csv.reader(lines, **form.reader_options)
    while True:
        line = lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _leave_line(name, lines, line, f"the row cannot be read ({error})")
            reader = csv.reader(lines, **form.reader_options)
            continue
        if not cells:
            continue
        if len(cells) != len(columns):
            reason = f"the row has {len(cells)} cells where {len(columns)} columns are named"
            yield _leave_line(name, lines, line, reason)
            reader = csv.reader(lines, **form.reader_options)
        elif unfit := _find_unfit_cell(columns, cells, form.encoding):
            column, reason = unfit
            yield Unreadable(file=name, line=line, field=column, reason=reason, raw=lines.raw)
        else:
            yield TableRow(line, dict(zip(columns, cells, strict=True)), lines.raw)


def _leave_line(name: str, lines: _Lines, line: int, reason: str) -> Unreadable:
    """Put the first line of a broken record aside and hand the others back."""
    first, *others = lines.taken or [""]
    lines.give_back(others)
    return Unreadable(file=name, line=line, reason=reason, raw=lines.encode(first))


def _find_unfit_cell(columns: list[str], cells: list[str], encoding: str) -> tuple[str, str] | None:
    """The first column whose text no database could hold, and why."""
    for column, cell in zip(columns, cells, strict=True):
        if "\0" in cell:
            return column, "holds a NUL byte"
        if not cell.isascii() and any("\udc80" <= c <= "\udcff" for c in cell):
            return column, f"the text is not {encoding.upper()}"
    return None
