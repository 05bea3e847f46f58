"""Delimited text as sources write it: rows with their line numbers, and what could not be read.

Spiders iterate `read_table`; a damaged row comes out as `Unreadable` with its bytes, and reading goes
on at the next line. Python's `csv` module is the reader, strict about quotes.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from archive.bounds import TABLE_LINES, TABLE_RECORD
from archive.records import Unreadable
from config.counts import write_count
from scrapers.readers.fields import show_name
from scrapers.readers.files import BREAKING_ERRORS, Reached, SourceFile

ROWS_SAMPLED = 20
SKIPPED_AT_ONCE = 1 << 20
LONGEST_HEADER = 1 << 20
DELIMITERS = ("\t", ";", ",")
NAMED_DELIMITER = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([\t ,;|:^~])"?\r?\n', re.IGNORECASE)
"""How Excel is told, in a line before the names, what divides cells."""

MISSING_WORDS = frozenset(
    {"NA", "<NA>", "NaN", "nan", "NULL", "\\N", "(null)", "[NULL]", "<null>", "#N/A"}
)
"""What R, pandas, SQL clients and spreadsheets write into a table where a value is missing."""

# Google's targeting cells "can run to megabytes".
csv.field_size_limit(TABLE_RECORD.most)

READ_ERRORS = (csv.Error, *BREAKING_ERRORS)


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

    blank_words: frozenset[str] = frozenset()
    """What programs write where a value is missing; the same word between quotes is a text."""
    always_given: frozenset[str] = frozenset()
    """Columns that the source never leaves blank: such a word there is a name."""
    lines_before: int = 0
    """Lines that stand before the column names."""
    numbers_rows: bool = False
    """Each row begins with a cell more than there are names: its number, as R's `write.table` puts it."""

    @property
    def reader_options(self) -> dict[str, Any]:
        """The options of Python's csv reader."""
        quoting = csv.QUOTE_MINIMAL if self.is_quoted else csv.QUOTE_NONE
        return {"delimiter": self.delimiter, "quoting": quoting, "strict": True}


class TableRow(NamedTuple):
    """One record of a file."""

    line: int
    columns: list[str]
    values: list[str]
    lines: list[str]
    form: TableFormat

    @property
    def cells(self) -> dict[str, str]:
        """The values by column name, in a dictionary of the caller's own; blank where a value is missing."""
        cells = dict(zip(self.columns, self.values, strict=True))
        for word in self.form.blank_words.intersection(self.values):
            if not any(f'"{word}"' in line for line in self.lines):
                blank = {n for n, value in cells.items() if value == word}
                cells |= dict.fromkeys(blank - self.form.always_given, "")
        return cells

    @property
    def raw(self) -> bytes:
        """The bytes of the record."""
        return encode_lines(self.lines, self.form.encoding)


def encode_lines(lines: list[str], encoding: str) -> bytes:
    """The bytes that lines were decoded from, also where they were not in the encoding."""
    return "".join(lines).encode(encoding, errors="surrogateescape")


class _Lines(Iterator[str]):
    """Physical lines of a file that can be handed back, so that reading can start over at one."""

    def __init__(self, text: IO[str], reached: Reached) -> None:
        self._text = text
        self._reached = reached
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 0
        self._characters = 0

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._text.readline(TABLE_RECORD.most)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.line += 1
        self._characters += len(line)
        self._reached.characters += len(line)
        if self._characters >= TABLE_RECORD.most:
            self.taken[-1] = self._end_line(line)
            raise csv.Error(TABLE_RECORD.tell())
        if len(self.taken) > TABLE_LINES.most:
            raise csv.Error(TABLE_LINES.tell())
        # Reports of 2018 have a mark of UTF-8 before later lines too, as files put one behind another have.
        return line.removeprefix("\ufeff") if len(self.taken) == 1 else line

    def _end_line(self, line: str) -> str:
        """A line of which the beginning is held, without what stands behind that."""
        rest = line
        while rest and not rest.endswith("\n"):
            rest = self._text.readline(SKIPPED_AT_ONCE)
        return line.removesuffix("\n") + "\n"

    def begin_record(self) -> int:
        """Forget the lines of the record before; returns the line the next one starts on."""
        self.taken, self._characters = [], 0
        return self.line + 1

    def give_back(self, lines: list[str]) -> None:
        """Hand lines back, to be read again."""
        self._waiting.extendleft(reversed(lines))
        self.line -= len(lines)


CSV = TableFormat()


@contextmanager
def _open_lines(file: SourceFile, form: TableFormat) -> Iterator[_Lines]:
    """The lines of a table; a byte that is not in the encoding comes as a lone surrogate."""
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    with (
        file.open() as stream,
        io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="\n") as text,
    ):
        lines = _Lines(text, file.reached)
        for _ in range(form.lines_before):
            lines.begin_record()
            next(lines, None)
        yield lines


def fit_form(file: SourceFile, form: TableFormat) -> TableFormat:
    """The form as this file has it: with a mark of UTF-8 it is that; spreadsheets choose what divides cells.

    A first line `sep=;` names it. Else, where the form's own delimiter leaves a header whole, that of tabs,
    semicolons and commas which stands in it most does.
    """
    try:
        with file.open() as stream:
            header = stream.readline(LONGEST_HEADER)
            if header.startswith(codecs.BOM_UTF8):
                form = replace(form, encoding="utf-8")
            if named := NAMED_DELIMITER.fullmatch(header):
                form = replace(form, delimiter=named[1].decode(), lines_before=1)
                header = stream.readline(LONGEST_HEADER)
            names = header.decode(form.encoding, errors="replace")
            if not (form.columns or form.delimiter in names):
                form = replace(form, delimiter=_guess_delimiter(names) or form.delimiter)
            return replace(form, numbers_rows=_numbers_rows(names, stream, form))
    except READ_ERRORS:
        return form


def _guess_delimiter(names: str) -> str | None:
    best = max(DELIMITERS, key=names.count)
    return best if best in names else None


def _numbers_rows(names: str, stream: IO[bytes], form: TableFormat) -> bool:
    """Whether the first row has a number between quotes before the cells that are named."""
    row = stream.readline(TABLE_RECORD.most)
    if not (form.is_quoted and row.startswith(b'"1"')) or form.columns:
        return False
    text = io.TextIOWrapper(stream, form.encoding, errors="surrogateescape", newline="\n")
    lines = chain([row.decode(form.encoding, errors="surrogateescape")], text)
    named, first = (next(csv.reader(of, **form.reader_options), []) for of in ([names], lines))
    return len(first) == len(named) + 1


def read_header(file: SourceFile, form: TableFormat = CSV) -> list[str]:
    """The column names of a file, without a byte-order mark; empty where there is no readable row."""
    form = fit_form(file, form)
    try:
        with _open_lines(file, form) as lines:
            header = next(csv.reader(lines, **form.reader_options), [])
    except READ_ERRORS:
        return []
    return [name.lower() for name in header] if form.folds_names else header


def has_rows(file: SourceFile, form: TableFormat) -> bool:
    """Whether one of the first rows has as many cells as the form has columns."""
    return any(isinstance(row, TableRow) for row in islice(read_table(file, form), ROWS_SAMPLED))


def read_table(file: SourceFile, form: TableFormat = CSV) -> Iterator[TableRow | Unreadable]:
    """Rows of a file in order, each with its first line.

    Without `form.columns` the first row names the columns. A row with another number of cells, with
    bytes outside the encoding, or with broken quotes is `Unreadable`; when it swallowed further
    lines, those are read again on their own.
    """
    form = fit_form(file, form)
    columns = list(form.columns) or read_header(file, form)
    line = 0
    try:
        with _open_lines(file, form) as lines:
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
            reason = f"the row cannot be read ({error})"
            yield _leave_line(name, lines, line, reason, form.encoding)
            reader = csv.reader(lines, **form.reader_options)
            continue
        if not cells:
            continue
        cells = cells[form.numbers_rows :]
        if len(cells) != len(columns):
            named = write_count(len(columns), "column is", "columns are")
            reason = f"the row has {write_count(len(cells), 'cell')} where {named} named"
            yield _leave_line(name, lines, line, reason, form.encoding)
            reader = csv.reader(lines, **form.reader_options)
        elif not _is_plain(lines.taken) and (
            unfit := _find_unfit_cell(columns, cells, form.encoding)
        ):
            column, reason = unfit
            raw = encode_lines(lines.taken, form.encoding)
            yield Unreadable(file=name, line=line, field=column, reason=reason, raw=raw)
        else:
            yield TableRow(line, columns, cells, lines.taken, form)


def _leave_line(name: str, lines: _Lines, line: int, reason: str, encoding: str) -> Unreadable:
    """Put the first line of a broken record aside and hand the others back."""
    first, *others = lines.taken or [""]
    lines.give_back(others)
    return Unreadable(file=name, line=line, reason=reason, raw=encode_lines([first], encoding))


def _is_plain(lines: list[str]) -> bool:
    """Whether every database could hold the text: no NUL, and no byte outside the encoding."""
    try:
        for line in lines:
            line.encode()
            if "\0" in line:
                return False
    except UnicodeEncodeError:
        return False
    return True


def _find_unfit_cell(columns: list[str], cells: list[str], encoding: str) -> tuple[str, str] | None:
    """The first column whose text no database could hold, and why."""
    for column, cell in zip(columns, cells, strict=True):
        if "\0" in cell:
            return show_name(column), "holds a NUL byte"
        if not _is_plain([cell]):
            return show_name(column), f"the text is not {encoding.upper()}"
    return None
