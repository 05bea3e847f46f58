"""A stream as JSON Lines: an object a row, and `{"end": …}` as the last line.

`archive.streams.forms` calls it. Names and values are those of the API's JSON.
"""

from collections.abc import Iterator

from archive.streams.ending import Ending
from archive.streams.json_text import write_json
from archive.streams.select import RowStream


def write_json_lines(stream: RowStream) -> Iterator[bytes]:
    """The rows block by block, then `{"end": {"rows": N, "data_as_of": …, "next_after": …}}`."""
    ending = Ending.open(stream)
    names = [column.name for column in stream.columns]
    for block in stream.blocks:
        ending.count(block)
        yield "".join(
            f"{write_json(dict(zip(names, row, strict=True)))}\n" for row in block
        ).encode()
    yield f"{write_json({'end': ending.describe()})}\n".encode()
