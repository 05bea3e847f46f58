"""A stream as CSV: UTF-8, RFC 4180, a header of field names, and one comment line at the end.

`archive.exports.downloads.forms` calls it; cells are written by `archive.exports.downloads.cells`. Texts
stand in quotes, so only the last line begins with `#`: readers skip it when told that `#` begins a comment.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from archive.exports.downloads.cells import (
    LINE_END,
    UNKNOWN,
    quote,
    spare_text,
    write_cell,
    write_line,
    write_time,
)
from archive.exports.downloads.columns import Column
from archive.exports.downloads.ending import StreamEnd
from archive.exports.downloads.select import RowStream, Values
from archive.exports.downloads.turning import turn_block, write_column
from archive.exports.rows import spell_json


def write_csv(stream: RowStream) -> Iterator[bytes]:
    """The header, the rows block by block, and `# end: rows: N; …`."""
    ending = StreamEnd.open(stream)
    yield write_line(column.name for column in stream.columns).encode()
    for block in stream.blocks:
        ending.count(block)
        yield _write_block(stream.columns, block).encode()
    yield _write_end(ending).encode()


def _write_block(columns: Sequence[Column], block: Sequence[Values]) -> str:
    cells = [
        write_column(column, values, _write_nested if column.kind is list else write_cell)
        for column, values in turn_block(columns, block)
    ]
    return "".join(",".join(row) + LINE_END for row in zip(*cells, strict=True))


def _write_nested(value: object) -> str:
    spelled = spell_json(value)
    return UNKNOWN if spelled is None else quote(spare_text(spelled))


def _write_end(ending: StreamEnd) -> str:
    said = {name: value for name, value in ending.describe().items() if value is not None}
    said |= {name: write_time(value) for name, value in said.items() if isinstance(value, datetime)}
    return f"# end: {'; '.join(f'{name}: {value}' for name, value in said.items())}{LINE_END}"
