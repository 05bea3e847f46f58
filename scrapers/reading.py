"""What a spider's reader gives, and the reading of a table row by row with its refusals named.

Every spider's `read` is a generator of these. A row that cannot be read is put aside with its bytes,
its line and its field; the rows around it are read on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from archive.records import AnyRecord, Unreadable
from scrapers.files import SourceFile
from scrapers.parsing import FieldError, Fields, explain_refusal
from scrapers.tables import CSV, TableFormat, TableRow, read_header, read_table


@dataclass(frozen=True)
class NotRead:
    """A file of the source that we know and do not read."""

    file: str
    reason: str


Reading = AnyRecord | Unreadable | NotRead


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of file: those that decide meaning, and those that may be absent."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    def fit(self, header: list[str]) -> bool:
        """Whether a header is this kind of file, perhaps with columns added or lost."""
        return len(self.required & set(header)) * 2 > len(self.required)


def read_rows(
    file: SourceFile,
    columns: Columns,
    read_row: Callable[[Fields], AnyRecord],
    form: TableFormat = CSV,
) -> Iterator[AnyRecord | Unreadable]:
    """The records of a table, and what could not be read of it.

    A file that lacks a required column is put aside whole: its values could be anyone's. A column
    that is not known is put aside by name once, while its cells stay with each record under
    `source_fields`.
    """
    header = list(form.columns) or read_header(file, form)
    lost = sorted(columns.required - set(header))
    if lost:
        yield _refuse_header(file, header, lost)
        return
    unknown = [name for name in header if name not in columns.required | columns.optional]
    for name in unknown:
        reason = "the source has a column we do not know; its cells are kept word for word"
        yield Unreadable(
            file=file.name, line=1, field=name or "(no name)", reason=reason, raw=name.encode()
        )
    for row in read_table(file, form):
        yield row if isinstance(row, Unreadable) else _read_one(file, row, read_row)


def _refuse_header(file: SourceFile, header: list[str], lost: list[str]) -> Unreadable:
    found = ", ".join(header[:60]) or "nothing"
    reason = f"the column {', '.join(lost)} is missing; the file has: {found}"
    return Unreadable(file=file.name, line=1, field=lost[0], reason=reason[:2_000])


def _read_one(
    file: SourceFile, row: TableRow, read_row: Callable[[Fields], AnyRecord]
) -> AnyRecord | Unreadable:
    try:
        return read_row(Fields(row.cells))
    except ValidationError as refusal:
        error = explain_refusal(refusal)
    except FieldError as refused:
        error = refused
    return Unreadable(
        file=file.name, line=row.line, field=error.field, reason=error.reason, raw=row.raw
    )


def refuse_file(file: SourceFile, source_title: str) -> Unreadable:
    """A file that is none of the source's: shown with what it begins with."""
    with file.open() as stream:
        start = stream.read(200)
    shown = start.decode("utf-8", errors="replace").strip().splitlines()
    begins = shown[0][:80] if shown else "nothing"
    kind = "an HTML page" if start.lstrip()[:1] == b"<" else "not a file we know"
    reason = f"this is {kind} of {source_title}; it begins: {begins}"
    return Unreadable(file=file.name, line=1, reason=reason)
