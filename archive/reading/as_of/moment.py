"""The moment a read is asked for: what this archive knew then, of what held at its source then.

Every read function takes a `Moment`. It is made where a question comes in and only handed on; it reads
nothing itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlmodel import col


class Observed(Protocol):
    """What carries both clocks."""

    observed_at: datetime
    recorded_at: datetime


@dataclass(frozen=True)
class Moment:
    """A point on each of the two clocks; both together: of what was recorded by the one, what held."""

    as_of: datetime | None = None
    """This archive's clock: only what it had learned by then counts. `None`: all it knows."""
    valid_at: datetime | None = None
    """The sources' clock: only what they had said by then counts. `None`: all they said."""

    @property
    def is_now(self) -> bool:
        """Whether nothing is left out."""
        return self.as_of is None and self.valid_at is None

    def knows(self, recorded_at: datetime) -> bool:
        """Whether this archive had learned by then what it recorded at this time."""
        return self.as_of is None or recorded_at <= self.as_of

    def includes(self, recorded_at: datetime, observed_at: datetime) -> bool:
        """Whether something recorded here and said at its source at these times counts."""
        said = self.valid_at is None or observed_at <= self.valid_at
        return said and self.knows(recorded_at)

    def limit(self, table: type[Observed]) -> list[ColumnElement[bool]]:
        """The same as conditions on the rows of a table."""
        conditions = []
        if self.as_of is not None:
            conditions.append(col(table.recorded_at) <= self.as_of)
        if self.valid_at is not None:
            conditions.append(col(table.observed_at) <= self.valid_at)
        return conditions


NOW = Moment()
"""All that is known."""
