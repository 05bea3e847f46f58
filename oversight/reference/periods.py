"""When an ad ran, as far as it is known, and whether that touches a span of time.

A period holds bounds for its start and its end. Questions are answered true or false only if that is
so for every start and end within the bounds; otherwise `None`, unknown.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
OPEN = (EARLIEST, LATEST)

Bounds = tuple[datetime, datetime]
"""The earliest and the latest instant at which something may have happened."""


class Running(Protocol):
    """What is known of an ad's run: instants where the source gives them, else days of `day_zone`."""

    started_at: datetime | None
    ended_at: datetime | None
    started_on: date | None
    ended_on: date | None
    day_zone: str


class Period(NamedTuple):
    """Inclusive bounds for the start and the end of a run; never start_lower > end_upper."""

    start_lower: datetime
    start_upper: datetime
    end_lower: datetime
    end_upper: datetime

    def overlaps(self, start_at: datetime, end_at: datetime) -> bool | None:
        """Whether the run touches the span from `start_at` to just before `end_at`."""
        if self.start_lower >= end_at or self.end_upper < start_at:
            return False
        return True if self.start_upper < end_at and self.end_lower >= start_at else None

    def is_inside(self, start_at: datetime, end_at: datetime) -> bool | None:
        """Whether the whole run lies within the span."""
        if self.start_upper < start_at or self.end_lower >= end_at:
            return False
        return True if self.start_lower >= start_at and self.end_upper < end_at else None

    def starts_inside(self, start_at: datetime, end_at: datetime) -> bool | None:
        """Whether the run starts within the span."""
        if self.start_upper < start_at or self.start_lower >= end_at:
            return False
        return True if self.start_lower >= start_at and self.start_upper < end_at else None

    def cut(self, since: Bounds | None, until: Bounds | None) -> "Period | None":
        """The part of the run in which a version was what the ad said; `None`: it was replaced before.

        `since`: bounds of when it replaced the version before, `until`: of when the next replaced it. What
        came after the whole run says again what the run was, and stands for all of it.
        """
        starts, ends = (self.start_lower, self.start_upper), (self.end_lower, self.end_upper)
        if since and since[0] <= self.end_upper:
            is_known = self.start_lower > EARLIEST
            starts = max(starts[0], since[0]), max(starts[1], since[1]) if is_known else since[1]
        if until:
            ends = min(ends[0], until[0]), min(ends[1], until[1])
        if starts[0] > ends[1]:
            return None
        return Period(starts[0], min(starts[1], ends[1]), max(starts[0], ends[0]), ends[1])

    def as_json(self) -> dict[str, str | None]:
        """The bounds by name, as instants; empty: open."""
        edges = self._asdict().items()
        return {name: None if at in OPEN else at.isoformat() for name, at in edges}

    @property
    def start_days(self) -> tuple[date, date] | None:
        """First and last UTC day on which the run may have started; `None`: nothing is known of it."""
        is_known = self.start_lower > EARLIEST
        return (self.start_lower.date(), self.start_upper.date()) if is_known else None


def find_period(ad: Running, seen_at: datetime | None = None) -> Period:
    """When an ad ran; an end that is not known lies anywhere after the start, and the reverse.

    `seen_at`: when it was last seen to be running, which counts where no end is known.
    """
    start = _bound_instant(ad.started_at, ad.started_on, ad.day_zone)
    end = _bound_instant(ad.ended_at, ad.ended_on, ad.day_zone)
    if start and end and end[1] < start[0]:
        # The source contradicts itself, and when the ad ended nobody knows.
        end = None
    seen_at = None if end else seen_at
    start_lower, start_upper = start or (EARLIEST, end[1] if end else seen_at or LATEST)
    end_lower, end_upper = end or (max(start_lower, seen_at or start_lower), LATEST)
    return Period(start_lower, start_upper, max(start_lower, end_lower), end_upper)


def _bound_instant(at: datetime | None, on: date | None, zone: str) -> Bounds | None:
    if at is not None:
        return at, at
    if on is None:
        return None
    try:
        return begin_day(on, zone), begin_day(on + timedelta(days=1), zone) - timedelta.resolution
    except OverflowError:
        # The last day there is stands in for "no end" wherever people keep files.
        return None


def begin_day(day: date, zone: str) -> datetime:
    """The instant a day begins in a zone, in UTC; where the clocks skip midnight, just after it.

    Raises:
        OverflowError: if UTC has no year for it.
    """
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
