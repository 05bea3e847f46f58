"""The forms a stream leaves in, and the one function that writes it.

Routes and commands call `write_stream`; each part is made when it is asked for.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from sqlalchemy import Engine

from archive.exports.downloads.as_csv import write_csv
from archive.exports.downloads.as_json_lines import write_json_lines
from archive.exports.downloads.as_parquet import write_parquet
from archive.exports.downloads.filters import Wanted
from archive.exports.downloads.for_spreadsheets import BYTE_ORDER_MARK, show_units
from archive.exports.downloads.select import RowStream, stream_rows
from archive.exports.downloads.sidecar import write_sidecar
from archive.exports.downloads.tables import What
from archive.reading.as_of.moment import NOW, Moment


class Form(StrEnum):
    """How a stream is written; also the ending of its file name."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    SIDECAR = "meta"
    """No rows: what is known of those of the others."""


WRITERS: Mapping[Form, Callable[[RowStream], Iterator[bytes]]] = {
    Form.CSV: write_csv,
    Form.JSON_LINES: write_json_lines,
    Form.PARQUET: write_parquet,
    Form.SIDECAR: write_sidecar,
}


def write_rows(
    stream: RowStream, form: Form, *, for_spreadsheets: bool = False
) -> Generator[bytes, None, None]:
    """Rows in one form, part by part; CSV also as people open it in a spreadsheet."""
    if for_spreadsheets:
        yield BYTE_ORDER_MARK
        stream = show_units(stream)
    yield from WRITERS[form](stream)


def write_stream(
    engine: Engine,
    what: What,
    form: Form,
    wanted: Wanted,
    after: str | None = None,
    moment: Moment = NOW,
    asked: Mapping[str, object] | None = None,
    *,
    for_spreadsheets: bool = False,
) -> Generator[bytes, None, None]:
    """A whole list in one form; between two parts it holds nothing of the database.

    `asked`: what its sidecar says of the question.

    Raises:
        CursorError: before the first part, if the cursor was not given by a stream of this kind.
    """
    stream = stream_rows(engine, what, wanted, after, moment)
    stream = replace(stream, asked=asked or {})
    yield from write_rows(stream, form, for_spreadsheets=for_spreadsheets)
