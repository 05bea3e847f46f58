"""Windows of rules on the election calendar: from when until when a rule watches, zone by zone.

Evaluation and `rules windows` call `compute_window`. Years, months, weeks and days are counted on the
local calendar, keeping the local time of day; hours and minutes are elapsed time. A month that has no
such day ends on its last one: 31 May minus three months is 28 or 29 February.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from config.yaml_files import FileModel
from oversight.reference.elections import Election, PollHours
from oversight.reference.periods import Period


class Anchor(StrEnum):
    """The moments of an election that a window can be counted from."""

    CALLED_ON = "called_on"
    MONTH_START = "month_start"
    POLLING_DAY = "polling_day"
    POLL_OPENS = "poll_opens"
    POLL_CLOSES = "poll_closes"


EDGE = re.compile(
    r"(?P<anchor>[a-z_]+)(?:\s*(?P<sign>[+-])\s*P(?=\d|T\d)"
    r"(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?)?)?"
)


@dataclass(frozen=True)
class Edge:
    """One end of a window: a moment of the election, moved by calendar units and by elapsed time."""

    anchor: Anchor
    months: int = 0
    days: int = 0
    elapsed: timedelta = timedelta()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `polling_day - P1D`, `poll_opens - PT48H`, `poll_closes`.

        Raises:
            ValueError: if it is not a known moment with an ISO 8601 duration.
        """
        found = EDGE.fullmatch(text.strip())
        if not found or found["anchor"] not in set(Anchor):
            names = ", ".join(Anchor)
            raise ValueError(f"{text!r} is not one of {names}, with or without - P1D, + PT24H …")
        sign = -1 if found["sign"] == "-" else 1
        count = {k: sign * int(found[k] or 0) for k in found.groupdict() if k not in NOT_COUNTED}
        return cls(
            anchor=Anchor(found["anchor"]),
            months=12 * count["years"] + count["months"],
            days=7 * count["weeks"] + count["days"],
            elapsed=timedelta(hours=count["hours"], minutes=count["minutes"]),
        )


NOT_COUNTED = {"anchor", "sign"}


class WindowSpec(FileModel):
    """A window as a rule writes it, made for each election: it opens at `from`, is over at `to`."""

    starts: str = Field(alias="from", description="Moment the window opens.")
    ends: str = Field(alias="to", description="Moment from which it is over.")
    kinds: tuple[str, ...] = Field(default=(), description="Kinds of election; none named: all.")
    countries: tuple[str, ...] = Field(default=(), description="Countries; none named: all.")

    @field_validator("starts", "ends")
    @classmethod
    def check_edge(cls, text: str) -> str:
        """Refuse what is not an edge.

        Raises:
            ValueError: with the ones there are.
        """
        Edge.parse(text)
        return text

    def concerns(self, election: Election) -> bool:
        """Whether the rule has a window for this election."""
        of_kind = not self.kinds or election.kind in self.kinds
        return of_kind and (not self.countries or election.country in self.countries)


@dataclass(frozen=True)
class Span:
    """The window in one zone: from `start_at` to just before `end_at`, both UTC."""

    zone: str
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True)
class Window:
    """The window of one election, zone by zone; no spans: a moment it counts from is not known."""

    spans: tuple[Span, ...]

    def ask(self, question: Callable[[datetime, datetime], bool | None]) -> bool | None:
        """Put a question to every zone's span: true or false only if all agree."""
        answers = {question(span.start_at, span.end_at) for span in self.spans}
        return answers.pop() if len(answers) == 1 else None

    def overlaps(self, period: Period) -> bool | None:
        """Whether a run touches the window, whichever zone the ad was shown in."""
        return self.ask(period.overlaps)

    def contains(self, period: Period) -> bool | None:
        """Whether a run lies wholly within the window."""
        return self.ask(period.is_inside)

    def contains_start(self, period: Period) -> bool | None:
        """Whether a run starts within the window."""
        return self.ask(period.starts_inside)


def compute_window(spec: WindowSpec, election: Election) -> Window:
    """The window of a rule at an election.

    Raises:
        ValueError: if it would be over before it opens, or beyond all calendars.
    """
    first, last = Edge.parse(spec.starts), Edge.parse(spec.ends)
    if election.called_on is None and Anchor.CALLED_ON in {first.anchor, last.anchor}:
        return Window(())
    try:
        spans = tuple(_place_span(first, last, election, polls) for polls in election.polls)
    except (OverflowError, ValueError):
        raise ValueError(f"the window of {election.id} is beyond the calendar") from None
    if any(span.end_at <= span.start_at for span in spans):
        raise ValueError(f"the window of {election.id} is over before it opens")
    return Window(spans)


def find_window(spec: WindowSpec, election: Election) -> Window:
    """The window of a rule in use at an election; one that cannot be computed has no spans.

    A rule that was in use before stays so when an election comes that its window does not suit.
    """
    try:
        return compute_window(spec, election)
    except ValueError:
        return Window(())


def _place_span(first: Edge, last: Edge, election: Election, polls: PollHours) -> Span:
    start_at = _place_edge(first, election, polls)
    return Span(polls.zone, start_at, _place_edge(last, election, polls))


def _place_edge(edge: Edge, election: Election, polls: PollHours) -> datetime:
    day, clock = _find_moment(edge.anchor, election, polls)
    moved = _add_months(day, edge.months) + timedelta(days=edge.days)
    return datetime.combine(moved, clock, ZoneInfo(polls.zone)).astimezone(UTC) + edge.elapsed


def _find_moment(anchor: Anchor, election: Election, polls: PollHours) -> tuple[date, time]:
    first, last = election.polling_days[0], election.polling_days[-1]
    moments = {
        Anchor.CALLED_ON: (election.called_on or first, time()),
        Anchor.MONTH_START: (first.replace(day=1), time()),
        Anchor.POLLING_DAY: (first, time()),
        Anchor.POLL_OPENS: (first, polls.opens),
        Anchor.POLL_CLOSES: (last, polls.closes),
    }
    return moments[anchor]


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last_day = calendar.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last_day))
