"""A stream as CSV: UTF-8, RFC 4180, a header of field names, then the rows and nothing else.

`archive.exports.downloads.forms` calls it; cells are written by `archive.exports.downloads.cells`.
"""

from collections.abc import Iterator, Sequence

from archive.exports.downloads.cells import (
    LINE_END,
    UNKNOWN,
    quote,
    spare_text,
    write_cell,
    write_line,
)
from archive.exports.downloads.columns import Column
from archive.exports.downloads.select import RowStream, Values
from archive.exports.downloads.turning import turn_block, write_column
from archive.exports.rows import spell_json


def write_csv(stream: RowStream) -> Iterator[bytes]:
    """The header, and the rows block by block."""
    yield write_line(column.name for column in stream.columns).encode()
    for block in stream.blocks:
        yield _write_block(stream.columns, block).encode()


def _write_block(columns: Sequence[Column], block: Sequence[Values]) -> str:
    cells = [
        write_column(column, values, _write_nested if column.kind is list else write_cell)
        for column, values in turn_block(columns, block)
    ]
    return "".join(",".join(row) + LINE_END for row in zip(*cells, strict=True))


def _write_nested(value: object) -> str:
    spelled = spell_json(value)
    return UNKNOWN if spelled is None else quote(spare_text(spelled))
