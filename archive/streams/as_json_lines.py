"""A stream as JSON Lines: an object a row, and `{"end": …}` as the last line.

`archive.streams.forms` calls it. Names and values are those of the API's JSON.
"""

from collections.abc import Iterator, Sequence

import orjson

from archive.canonical import CANONICAL, canonical_json
from archive.streams.columns import Column
from archive.streams.ending import Ending
from archive.streams.select import RowStream, Values

LINE = CANONICAL & ~orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
"""Instants as everywhere, columns in their order."""


def write_json_lines(stream: RowStream) -> Iterator[bytes]:
    """The rows block by block, then `{"end": {"rows": N, …}}`."""
    ending = Ending.open(stream)
    for block in stream.blocks:
        ending.count(block)
        yield b"".join(_write_row(stream.columns, row) for row in block)
    yield canonical_json({"end": ending.describe()}) + b"\n"


def _write_row(columns: Sequence[Column], row: Values) -> bytes:
    values = {
        column.name: orjson.Fragment(canonical_json(value)) if column.kind is list else value
        for column, value in zip(columns, row, strict=True)
    }
    return orjson.dumps(values, option=LINE)
