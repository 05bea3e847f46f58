"""A stream as CSV: UTF-8, RFC 4180, a header of field names, and one comment line at the end.

`archive.streams.forms` calls it; cells are written by `archive.streams.cells`. Texts stand in quotes,
so only the last line begins with `#`: readers skip it when told that `#` begins a comment.
"""

from collections.abc import Iterator
from datetime import datetime

from archive.streams.cells import LINE_END, write_line, write_time
from archive.streams.ending import Ending
from archive.streams.select import RowStream


def write_csv(stream: RowStream) -> Iterator[bytes]:
    """The header, the rows block by block, and `# end: rows: N; …`."""
    ending = Ending.open(stream)
    yield write_line(column.name for column in stream.columns).encode()
    for block in stream.blocks:
        ending.count(block)
        yield "".join(map(write_line, block)).encode()
    yield _write_end(ending).encode()


def _write_end(ending: Ending) -> str:
    said = {name: value for name, value in ending.describe().items() if value is not None}
    said |= {name: write_time(value) for name, value in said.items() if isinstance(value, datetime)}
    return f"# end: {'; '.join(f'{name}: {value}' for name, value in said.items())}{LINE_END}"
