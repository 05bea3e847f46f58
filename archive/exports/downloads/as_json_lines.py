"""A stream as JSON Lines: an object a row, and nothing else.

`archive.exports.downloads.forms` calls it. Names and values are those of the API's JSON.
"""

from collections.abc import Iterator, Sequence

import orjson

from archive.exports.downloads.columns import Column
from archive.exports.downloads.select import RowStream, Values
from archive.exports.downloads.turning import turn_block, write_column
from archive.exports.rows import spell_fragment
from archive.records.canonical import CANONICAL

LINE = CANONICAL & ~orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
"""Instants as everywhere, columns in their order."""


def write_json_lines(stream: RowStream) -> Iterator[bytes]:
    """The rows block by block."""
    for block in stream.blocks:
        yield _write_block(stream.columns, block)


def _write_block(columns: Sequence[Column], block: Sequence[Values]) -> bytes:
    names = [column.name for column in columns]
    spelled = [
        write_column(column, values, spell_fragment) if column.kind is list else values
        for column, values in turn_block(columns, block)
    ]
    rows = zip(*spelled, strict=True)
    return b"".join(orjson.dumps(dict(zip(names, row, strict=True)), option=LINE) for row in rows)
