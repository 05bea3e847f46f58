"""The forms a stream leaves in, and the one function that writes it.

Routes and commands call `write_stream`; each part is made when it is asked for.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from enum import StrEnum

from sqlalchemy import Engine

from archive.exports.downloads.as_csv import write_csv
from archive.exports.downloads.as_json_lines import write_json_lines
from archive.exports.downloads.as_parquet import write_parquet
from archive.exports.downloads.filters import Wanted
from archive.exports.downloads.select import RowStream, stream_rows
from archive.exports.downloads.tables import What
from archive.reading.as_of.moment import NOW, Moment


class Form(StrEnum):
    """How a stream is written; also the ending of its file name."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


WRITERS: Mapping[Form, Callable[[RowStream], Iterator[bytes]]] = {
    Form.CSV: write_csv,
    Form.JSON_LINES: write_json_lines,
    Form.PARQUET: write_parquet,
}


def write_stream(
    engine: Engine,
    what: What,
    form: Form,
    wanted: Wanted,
    after: str | None = None,
    moment: Moment = NOW,
) -> Generator[bytes, None, None]:
    """A whole list in one form, part by part; between two parts it holds nothing of the database.

    Raises:
        CursorError: before the first part, if the cursor was not given by a stream of this kind.
    """
    yield from WRITERS[form](stream_rows(engine, what, wanted, after, moment))
