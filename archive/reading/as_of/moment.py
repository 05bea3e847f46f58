"""The moment a read is asked for: what this archive knew then, of what held at its source then.

Every read function takes a `Moment`. It is made where a question comes in, by `read_moment` whoever asks,
and only handed on; it reads nothing itself.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped
from sqlmodel import col

from archive.errors import QuestionError

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(?P<clock>[T ]\d\d:\d\d.*)?", re.ASCII)
HOW_TO_WRITE = "a day (its last instant, UTC) or a time, such as 2026-11-20 or 2026-11-20T07:20Z"


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
        return self.limit_clocks(col(table.recorded_at), col(table.observed_at))

    def limit_clocks(
        self, recorded_at: Mapped[Any], observed_at: Mapped[Any]
    ) -> list[ColumnElement[bool]]:
        """The same as conditions on the columns that stand for the two clocks."""
        conditions = []
        if self.as_of is not None:
            conditions.append(recorded_at <= self.as_of)
        if self.valid_at is not None:
            conditions.append(observed_at <= self.valid_at)
        return conditions


NOW = Moment()
"""All that is known."""


def read_moment(as_of: str | None, valid_at: str | None, now: datetime) -> Moment:
    """The moment that the texts of a question name; one that is empty leaves its clock open.

    Raises:
        QuestionError: if a text cannot be read, or what it names has not come yet.
    """
    return Moment(read_time("as_of", as_of, now), read_time("valid_at", valid_at, now))


def read_day(text: str) -> date:
    """The day that a text such as `2026-11-20` names.

    Raises:
        ValueError: if it names none; says what to write.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None or written["clock"]:
        raise ValueError("write a day such as 2026-11-20")
    try:
        return date.fromisoformat(written[0])
    except ValueError:
        raise ValueError(
            f"{written[0]} is in no calendar; write a day such as 2026-11-20"
        ) from None


def read_time(field: str, text: str | None, now: datetime) -> datetime | None:
    """The time that a text names; `None`: it is empty.

    A day is its last instant, and the day of `now` is `now`; a time without a zone is UTC.

    Raises:
        QuestionError: if it cannot be read, or has not come yet.
    """
    if text is None or not text.strip():
        return None
    written = _WRITTEN.fullmatch(text.strip().upper())
    try:
        at = datetime.fromisoformat(written[0] if written else "")
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise QuestionError(
            field, f"{field} {text[:50]!r} cannot be read; write {HOW_TO_WRITE}"
        ) from None
    if at > now:
        raise QuestionError(field, f"{field} {text.strip()} has not come yet; leave it out for now")
    is_day = written is not None and written["clock"] is None
    return min(datetime.combine(at, time.max, UTC), now) if is_day else at
