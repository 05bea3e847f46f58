"""The end of a stream: how many rows were written and where to go on. Every form closes with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from archive.exports.downloads.select import RowStream, Values


@dataclass
class StreamEnd:
    """What is said after the last row; a file without it was cut."""

    rows: int
    data_as_of: datetime | None
    """When this archive had last learned anything, when the stream began."""
    as_of: datetime | None
    """The rows are what this archive knew at this time; `None`: what it knows."""
    valid_at: datetime | None
    """The rows are what held at their sources at this time; `None`: what they said last."""
    next_after: str | None
    """The cursor of the last row: what is learned later comes after it."""

    @classmethod
    def open(cls, stream: RowStream) -> Self:
        """The end of a stream of which nothing has been written yet."""
        moment = stream.moment
        return cls(0, stream.data_as_of, moment.as_of, moment.valid_at, stream.after)

    def count(self, block: Sequence[Values]) -> None:
        """Take note of rows that are being written."""
        if block:
            self.rows += len(block)
            self.next_after = block[-1][-1]

    def describe(self) -> dict[str, Any]:
        """The end as the names and values that every form writes."""
        return vars(self)
