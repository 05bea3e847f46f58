"""What a spider's reader gives: the reading of rows and objects, with each refusal named.

Every spider's `read` is a generator of these. A row that cannot be read is put aside with its bytes,
its line and its field; the rows around it are read on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from archive.bounds import TABLE_COLUMNS
from archive.records import AnyRecord, QuarantineStage, Unreadable
from archive.records.escaping import escape_text
from archive.runs.fence import is_fatal
from archive.runs.quarantine import explain_failure
from scrapers.readers.fields import FieldError, Fields, explain_refusal, show_name
from scrapers.readers.files import BREAKING_ERRORS, SourceFile
from scrapers.readers.objects import ObjectRow, read_objects
from scrapers.readers.parsing import read_ref
from scrapers.readers.row_hashes import HashRow
from scrapers.readers.tables import CSV, TableFormat, TableRow, read_header, read_table

FindRef = Callable[[Mapping[str, Any]], str | None]
"""Whose object it is, by its keys; `None` where that cannot be told."""


@dataclass(frozen=True)
class NotRead:
    """A file of the source that we know and do not read."""

    file: str
    reason: str


def leave_file(file: SourceFile, reasons: Mapping[str, str]) -> NotRead | None:
    """The file as not read, if a pattern of `reasons` is its name in lower case without folders."""
    name = file.base_name.lower()
    found = next((why for pattern, why in reasons.items() if re.fullmatch(pattern, name)), None)
    return NotRead(file.name, found) if found else None


class AdRow(NamedTuple):
    """A row of a table that is not read yet: if the archive knows its hash, it need not be."""

    ref: str
    row_hash: bytes
    file: SourceFile
    row: TableRow
    read_row: Callable[[Fields], AnyRecord]

    def read(self) -> AnyRecord | Unreadable:
        """What the row says; unreadable if it is not about the ad that the table's column of refs named."""
        reading = name_ad(_read_one(self.file, self.row, self.read_row), self.ref)
        if isinstance(reading, Unreadable) or getattr(reading, "ref", None) == self.ref:
            return reading
        reason = "the column of refs names another ad than the row's reader"
        return Unreadable(file=self.file.name, line=self.row.line, reason=reason, raw=self.row.raw)


Reading = AnyRecord | Unreadable | NotRead | AdRow


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of file, by what it means when one is absent."""

    required: frozenset[str]
    """They decide meaning: a file without one is put aside whole."""
    optional: frozenset[str] = frozenset()
    """Some shapes of the file do not have them."""
    expected: frozenset[str] = frozenset()
    """Every shape has them: a file without one is read, and the loss is put aside by name."""

    @property
    def known(self) -> frozenset[str]:
        """Every column we have met."""
        return self.required | self.optional | self.expected

    def share_in(self, header: list[str]) -> float:
        """How much of what decides meaning a header has, from 0 to 1."""
        return len(self.required & set(header)) / len(self.required)

    def fit(self, header: list[str]) -> bool:
        """Whether a header is this kind of file, perhaps with columns added or lost."""
        return self.share_in(header) > 0.5


def name_columns(names: str) -> frozenset[str]:
    """Column names that hold no blanks, from a text that divides them by blanks."""
    return frozenset(names.split())


@dataclass(frozen=True)
class Table:
    """One kind of table a source has, and how its rows are read.

    `read_row` raises FieldError for a value it cannot read, ValidationError for values that
    contradict one another.
    """

    columns: Columns
    read_row: Callable[..., AnyRecord]
    ref: str = ""
    """The column of the source's ids, where each row is an ad: rows that say nothing new need not be read."""
    row_id: str = ""
    """The column of ids where rows are no ads; it tells what a row that is refused was about."""
    read_ref: Callable[[str], str] = read_ref
    """What a cell of that column is to a record: its `ref`."""


def find_table(tables: Iterable[Table], header: list[str]) -> Table | None:
    """The kind of table a header belongs to most; `None` where it is none of them."""
    fitting = [table for table in tables if table.columns.fit(header)]
    return max(fitting, key=lambda table: table.columns.share_in(header), default=None)


def read_rows(
    file: SourceFile, table: Table, form: TableFormat = CSV
) -> Iterator[AnyRecord | Unreadable | AdRow]:
    """The records of a table, and what could not be read of it.

    Rows of ads come unread where the file says how they are hashed. A file that lacks a required column
    is put aside whole: its values could be anyone's. A column that is not known is put aside by name once,
    while its cells stay with each record under `source_fields`; so is one that every shape of the file had
    until now and this one lacks.
    """
    columns = table.columns
    header = list(form.columns) or read_header(file, form)
    if refusal := _refuse_header(file, header, columns):
        yield refusal
        return
    unknown = [name for name in header if name not in columns.known]
    for name in unknown:
        yield _hold_name(file, 1, name, "column")
    for name in sorted(columns.expected - set(header)):
        reason = "the column is missing; what it would say is unknown for every row of this file"
        yield Unreadable(
            file=file.name, line=1, field=name, reason=reason, raw=name.encode(), hides=False
        )
    hash_row = _choose_hash(file, table, header)
    at = header.index(table.ref) if hash_row else 0
    for row in read_table(file, form):
        if isinstance(row, Unreadable):
            yield row
        elif hash_row and (ref := _find_ref(table, row.values[at])):
            yield AdRow(ref, hash_row(row.raw), file, row, table.read_row)
        else:
            reading = _read_one(file, row, table.read_row)
            if isinstance(reading, Unreadable) and (column := table.ref or table.row_id):
                reading.ref = _find_ref(table, row.cells.get(column, ""))
                reading.hides = not (table.ref and reading.ref)
            yield reading


def _choose_hash(file: SourceFile, table: Table, header: list[str]) -> HashRow | None:
    """How the rows of a table are hashed; `None`: each is read."""
    # A table may have a column without a name.
    if file.hashing is None or not table.ref or table.ref not in header:
        return None
    return file.hashing.open_table(file.base_name, header)


def _find_ref(table: Table, cell: str) -> str | None:
    """Whose row it is; `None` where that cannot be told without reading it."""
    try:
        return table.read_ref(cell)
    except ValueError:
        return None


def name_ad(reading: AnyRecord | Unreadable, ref: str | None) -> AnyRecord | Unreadable:
    """A reading; where its row was refused, with the id of its ad, which is there all the same."""
    if isinstance(reading, Unreadable) and ref:
        reading.ref, reading.hides = ref, False
    return reading


def read_each_object(
    file: SourceFile,
    known: frozenset[str],
    read_object: Callable[[Fields], AnyRecord],
    find_ref: FindRef | None = None,
) -> Iterator[AnyRecord | Unreadable]:
    """The records of a JSON file, and what could not be read of it.

    A key that is not known is put aside by name once a file, while its values stay with each record
    under `source_fields`. `find_ref`: whose object it is, where that can be told although it is refused.
    """
    noted = set(known)
    for row in read_objects(file):
        if isinstance(row, Unreadable):
            yield row
            continue
        if len(noted | row.cells.keys()) > TABLE_COLUMNS.most + len(known):
            yield Unreadable(
                file=file.name, line=row.line, reason=TABLE_COLUMNS.tell(), raw=row.raw
            )
            continue
        for name in sorted(set(row.cells) - noted):
            yield _hold_name(file, row.line, name, "key")
        noted |= set(row.cells)
        # Who reads the object takes its keys away.
        ref = find_ref(row.cells) if find_ref else None
        yield name_ad(_read_one(file, row, read_object), ref)


def find_key(name: str) -> FindRef:
    """What tells whose object it is by the id under a key."""

    def find(cells: Mapping[str, Any]) -> str | None:
        try:
            return read_ref(cells[name]) if cells.get(name) else None
        except ValueError:
            return None

    return find


def _hold_name(file: SourceFile, line: int, name: str, kind: str) -> Unreadable:
    reason = f"the source has a {kind} we do not know; its values are kept word for word"
    field = show_name(name)
    return Unreadable(
        file=file.name, line=line, field=field, reason=reason, raw=name.encode(), hides=False
    )


def _refuse_header(file: SourceFile, header: list[str], columns: Columns) -> Unreadable | None:
    """A file whose columns do not say which value is whose, or are more than one could tell apart."""
    if len(header) > TABLE_COLUMNS.most:
        return Unreadable(file=file.name, line=1, reason=TABLE_COLUMNS.tell())
    lost = sorted(columns.required - set(header))
    twice = sorted(name for name, times in Counter(header).items() if times > 1)
    unfit = [name for name in header if not name.isprintable()]
    wrong = [
        *(f"the column {name} is missing" for name in lost),
        *(f"the column {name} stands there twice" for name in twice),
        *(f"the column name {name} is not plain UTF-8 text" for name in unfit),
    ]
    if not wrong:
        return None
    reason = escape_text(f"{'; '.join(wrong)}; the file has: {', '.join(header[:60])}")
    field = escape_text((lost + twice + unfit)[0])
    return Unreadable(file=file.name, line=1, field=field, reason=reason[:2_000])


def _read_one(
    file: SourceFile,
    row: TableRow | ObjectRow,
    read_row: Callable[[Fields], AnyRecord],
) -> AnyRecord | Unreadable:
    try:
        return read_row(Fields(row.cells))
    except ValidationError as refusal:
        error = explain_refusal(refusal)
    except FieldError as refused:
        error = refused
    except Exception as failure:  # noqa: BLE001 (raised again, if it is no fault of the row)
        return fail_unforeseen(file, failure, line=row.line, raw=row.raw)
    return Unreadable(
        file=file.name, line=row.line, field=error.field, reason=error.reason, raw=row.raw
    )


def fail_unforeseen(
    file: SourceFile, error: Exception, line: int | None = None, raw: bytes = b""
) -> Unreadable:
    """What a reader failed on for a reason nobody foresaw; call it where the error is caught.

    Raises:
        Exception: the error, if it is no fault of what was read.
    """
    if is_fatal(error):
        raise error
    reason, detail = explain_failure(QuarantineStage.READING, error)
    return Unreadable(file=file.name, line=line, reason=reason, raw=raw, detail=detail)


def refuse_file(file: SourceFile, source_title: str) -> Unreadable:
    """A file that is none of the source's: shown with what it begins with."""
    try:
        with file.open() as stream:
            start = stream.read(200)
    except BREAKING_ERRORS as error:
        return Unreadable(file=file.name, reason=f"the file cannot be opened ({error})")
    begins = start.decode("utf-8-sig", errors="replace").strip().splitlines() or ["nothing"]
    shown = escape_text(begins[0][:80])
    reason = f"this is {_name_kind(start)} of {source_title}; it begins: {shown}"
    return Unreadable(file=file.name, line=1, reason=reason)


def _name_kind(start: bytes) -> str:
    if start.lstrip()[:1] == b"<":
        return "an HTML page, not a file"
    return "not a file we know"
