"""Windows of rules on the election calendar: from when until when a rule watches, zone by zone.

Evaluation and `rules windows` call `compute_window`. A local time that the clocks skip is as long after
midnight as it says; of one that comes twice it is the first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import product
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from config.yaml_files import FileModel
from oversight.reference.edges import DAY_OF, Anchor, Edge, FirstDay
from oversight.reference.elections import Election, PollHours
from oversight.reference.periods import Period


class Per(StrEnum):
    """What a rule has a window for: the election as a whole, or each of its parts."""

    ELECTION = "election"
    ROUND = "round"
    PHASE = "phase"
    DISTRICT = "district"


class WindowSpec(FileModel):
    """A window as a rule writes it, made for each election: it opens at `from`, is over at `to`."""

    starts: str = Field(alias="from", description="Moment the window opens.")
    ends: str = Field(alias="to", description="Moment from which it is over.")
    per: Per = Field(default=Per.ELECTION, description="election, round, phase or district.")
    first_day: FirstDay = Field(
        default=FirstDay.NOT_COUNTED,
        description="Whether the day that days are counted from is the first of them.",
    )
    counted_in: Literal["days", "hours"] = Field(
        default="days", description="hours: an end may be so many elapsed hours from a moment."
    )
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

    @model_validator(mode="after")
    def check_counting(self) -> Self:
        """Refuse hours that are not said to be meant, and a first day where no days are counted.

        Raises:
            ValueError: with what to write.
        """
        edges = [Edge.parse(self.starts), Edge.parse(self.ends)]
        if any(edge.elapsed for edge in edges) and self.counted_in != "hours":
            raise ValueError(
                "PT48H is 48 elapsed hours and P2D two days of the calendar, which differ when the clocks "
                "change: write counted_in: hours, or days"
            )
        counts_days = any(edge.days or edge.working_days for edge in edges)
        if self.first_day is FirstDay.COUNTED and not counts_days:
            raise ValueError("first_day: counted is about days, and no end is counted in days")
        return self

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
    round: int = 1
    part: str = ""
    """Round, phase or district, in words; empty: everywhere in the zone."""

    @property
    def place(self) -> str:
        """Zone and part, for people."""
        return f"{self.zone}, {self.part}" if self.part else self.zone


@dataclass(frozen=True)
class Window:
    """The window of one election, zone by zone; no spans: a moment it counts from is not known."""

    spans: tuple[Span, ...]

    @cached_property
    def rounds(self) -> list[list[Span]]:
        """The spans of each round."""
        by_round: dict[int, list[Span]] = {}
        for span in self.spans:
            by_round.setdefault(span.round, []).append(span)
        return list(by_round.values())

    def ask(self, question: Callable[[datetime, datetime], bool | None]) -> bool | None:
        """Put a question to the span of every place: known only if all agree; of rounds, one yes is yes."""
        if len(self.spans) == 1:
            return question(self.spans[0].start_at, self.spans[0].end_at)
        told = [{question(s.start_at, s.end_at) for s in spans} for spans in self.rounds]
        if {True} in told:
            return True
        return False if told and all(answers == {False} for answers in told) else None

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
    anchors = {Edge.parse(text).anchor for text in (spec.starts, spec.ends)}
    if any(anchor in DAY_OF and not getattr(election, DAY_OF[anchor]) for anchor in anchors):
        return Window(())
    if spec.per in {Per.PHASE, Per.DISTRICT} and not all(
        getattr(p, spec.per) for p in election.polls
    ):
        raise ValueError(f"not all polls of {election.id} name their {spec.per}")
    try:
        spans = [_place_span(spec, election, *polls) for polls in _pair_polls(spec.per, election)]
    except OverflowError:
        raise ValueError(f"the window of {election.id} is beyond the calendar") from None
    except ValueError as error:
        raise ValueError(f"the window of {election.id} cannot be counted: {error}") from None
    if any(span.end_at <= span.start_at for span in spans):
        raise ValueError(f"the window of {election.id} is over before it opens")
    return Window(tuple(dict.fromkeys(spans)))


@lru_cache(maxsize=1_000)
def find_window(spec: WindowSpec, election: Election) -> Window:
    """The window of a rule in use at an election; one that cannot be computed has no spans.

    A rule that was in use before stays so when an election comes that its window does not suit.
    """
    try:
        return compute_window(spec, election)
    except ValueError:
        return Window(())


def _pair_polls(per: Per, election: Election) -> Iterator[tuple[PollHours, PollHours]]:
    """The polls by which windows open and close: of each part, or the first and last of a place."""
    for polls in election.polls if per is not Per.ELECTION else ():
        yield polls, polls
    places = {(p.zone, p.district): None for p in election.polls} if per is Per.ELECTION else {}
    for place in places:
        there = [polls for polls in election.polls if (polls.zone, polls.district) == place]
        first = min(election.find_days(polls)[0] for polls in there)
        last = max(election.find_days(polls)[-1] for polls in there)
        opening = [polls for polls in there if election.find_days(polls)[0] == first]
        closing = [polls for polls in there if election.find_days(polls)[-1] == last]
        yield from product(opening, closing)


def _place_span(spec: WindowSpec, election: Election, opens: PollHours, closes: PollHours) -> Span:
    is_whole = spec.per is Per.ELECTION
    first, last = election.find_days(opens)[0], election.find_days(closes)[-1]
    moments = _list_moments(election, (first, opens), (last, closes))
    zone = ZoneInfo(opens.zone)

    def place(text: str) -> datetime:
        edge = Edge.parse(text)
        day, clock = moments[edge.anchor]
        moved = edge.move(day, spec.first_day, election.holidays)
        return datetime.combine(moved, edge.clock or clock, zone).astimezone(UTC) + edge.elapsed

    part = (opens.district or "") if is_whole else opens.part
    number = 1 if is_whole else opens.round
    return Span(opens.zone, place(spec.starts), place(spec.ends), number, part)


def _list_moments(
    election: Election, opening: tuple[date, PollHours], closing: tuple[date, PollHours]
) -> dict[Anchor, tuple[date, time]]:
    """Local day and time of every moment, from the polls that open first and those that close last."""
    first, opens = opening
    days = {anchor: getattr(election, name) or first for anchor, name in DAY_OF.items()}
    days |= {
        Anchor.POLLING_DAY: first,
        Anchor.MONTH_START: first.replace(day=1),
        Anchor.YEAR_START: first.replace(month=1, day=1),
    }
    return {anchor: (day, time()) for anchor, day in days.items()} | {
        Anchor.POLL_OPENS: (first, opens.opens),
        Anchor.POLL_CLOSES: closing[1].find_close(closing[0]),
    }
