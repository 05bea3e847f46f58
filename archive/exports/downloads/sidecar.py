"""What stands beside a file of rows, as a file of its own: how many they are, and of what moment.

`archive.exports.downloads.forms` writes it alone, `search.result_sets.files` beside a file. Whoever asks for
a file again as of the time given here gets the same rows, and can tell by the hash that they are.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from archive.exports.downloads.ending import StreamEnd
from archive.exports.downloads.select import RowStream, Values
from archive.records.canonical import canonical_json

ID = "id"


class Sidecar:
    """Counts the rows of a stream while somebody reads them."""

    def __init__(self, stream: RowStream) -> None:
        self._ending, self._ids = StreamEnd.open(stream), sha256()
        names = [column.name for column in stream.columns]
        self._place = names.index(ID) if ID in names else None
        self._asked = stream.asked
        self.stream = replace(stream, blocks=self._count(stream.blocks))
        """The same rows, to be read in place of the others."""

    def _count(self, blocks: Iterator[list[Values]]) -> Iterator[list[Values]]:
        for block in blocks:
            if self._place is not None and block:
                joined = "\n".join(values[self._place] for values in block)
                self._ids.update(("\n" * (self._ending.rows > 0) + joined).encode())
            self._ending.count(block)
            yield block

    def describe(self) -> dict[str, Any]:
        """What was asked; `rows`, the moment, and `ids_sha256` where rows have an id.

        The hash is of the ids of the rows that were read, in their order, with a line feed between two.
        """
        hashed = {} if self._place is None else {"ids_sha256": self._ids.hexdigest()}
        return {**self._asked, **self._ending.describe(), **hashed}


def write_sidecar(stream: RowStream) -> Iterator[bytes]:
    """The description of all rows as one JSON object."""
    sidecar = Sidecar(stream)
    for _ in sidecar.stream.blocks:
        pass
    yield canonical_json(sidecar.describe()) + b"\n"
