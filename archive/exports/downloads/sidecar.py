"""What stands beside a file of rows, as a file of its own: how many they are, and of what moment.

`archive.exports.downloads.forms` calls it. Whoever asks for a file again as of the time given here gets the
same rows, and can tell by the hash that they are.
"""

from collections.abc import Iterator
from hashlib import sha256

from archive.exports.downloads.ending import StreamEnd
from archive.exports.downloads.select import RowStream
from archive.records.canonical import canonical_json

ID = "id"


def write_sidecar(stream: RowStream) -> Iterator[bytes]:
    """One JSON object: `rows`, `ids_sha256` where rows have an id, the moment, what was asked.

    The hash is of the ids in the order of the rows, with a line feed between two.
    """
    ending, ids = StreamEnd.open(stream), sha256()
    place = next((n for n, column in enumerate(stream.columns) if column.name == ID), None)
    for block in stream.blocks:
        if place is not None and block:
            joined = "\n".join(values[place] for values in block)
            ids.update(f"\n{joined}".encode() if ending.rows else joined.encode())
        ending.count(block)
    hashed = {} if place is None else {"ids_sha256": ids.hexdigest()}
    yield canonical_json({**stream.asked, **ending.describe(), **hashed}) + b"\n"
