"""Days on which nothing was crawled because the operator had stopped it, for gaps to say so."""

from dataclasses import dataclass
from datetime import UTC, date

from sqlmodel import Session

from archive.reading.as_of.moment import NOW, Moment
from archive.runs.crawling_stops import list_stops, tell_stop


@dataclass(frozen=True)
class StoppedDays:
    """The days (UTC) of one stop, in whole or in part."""

    start_on: date
    end_on: date
    """Far ahead while it holds."""
    reason: str

    def touches(self, start_on: date, end_on: date) -> bool:
        """Whether it was stopped on a day between the two, both included."""
        return self.start_on <= end_on and start_on <= self.end_on


def list_stopped_days(session: Session, moment: Moment = NOW) -> list[StoppedDays]:
    """Every stop that was known at a moment, oldest first."""
    return [
        StoppedDays(
            stop.stopped_at.astimezone(UTC).date(),
            stop.resumed_at.astimezone(UTC).date() if stop.resumed_at else date.max,
            tell_stop(stop),
        )
        for stop in list_stops(session)
        if moment.includes(stop.stopped_at, stop.stopped_at)
    ]
