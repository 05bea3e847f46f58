"""The end of a stream: how many rows were written and where to go on.

Parquet has it in its footer, the sidecar tells it of the other forms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from archive.exports.downloads.columns import CURSOR
from archive.exports.downloads.select import RowStream, Values


@dataclass
class StreamEnd:
    """What is known after the last row."""

    rows: int
    data_as_of: datetime | None
    """When this archive had last learned anything, when the stream began."""
    as_of: datetime | None
    """The rows are what this archive knew at this time; `None`: what it knows."""
    valid_at: datetime | None
    """The rows are what held at their sources at this time; `None`: what they said last."""
    next_after: str | None
    """The cursor of the last row, where rows have one: what is learned later comes after it."""
    has_cursors: bool

    @classmethod
    def open(cls, stream: RowStream) -> Self:
        """The end of a stream of which nothing has been written yet."""
        moment = stream.moment
        has_cursors = stream.columns[-1] is CURSOR
        return cls(0, stream.data_as_of, moment.as_of, moment.valid_at, stream.after, has_cursors)

    def count(self, block: Sequence[Values]) -> None:
        """Take note of rows that are being written."""
        self.rows += len(block)
        if block and self.has_cursors:
            self.next_after = block[-1][-1]

    def describe(self) -> dict[str, Any]:
        """The end as the names and values that are written."""
        told = ("rows", "data_as_of", "as_of", "valid_at")
        return {name: getattr(self, name) for name in (*told, *["next_after"] * self.has_cursors)}
