"""On which days each partition is expected to be crawled, by what was promised then.

A partition that was crawled and of which nothing was ever promised is expected every day from its first
crawl, which is how often every shipped schedule crawls or oftener; one that was only ever imported is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from archive.curation.watch_lists import list_ended
from archive.models import CrawlPromise
from archive.reading.coverage.spans import DaySpan, DaySpans, has_any, join_spans, leave_out
from archive.reading.coverage.tried import CRAWLED, TriedDays
from archive.runs.promises import read_promises

DAY = timedelta(days=1)


@dataclass(frozen=True)
class ExpectedDays:
    """Days on which one partition is expected to be crawled."""

    start_on: date
    end_on: date
    """Not itself: the day on which the promise ended."""
    days_per_round: int = 1
    """A day lacks nothing when a run ended well within so many days, itself the last of them."""


@dataclass(frozen=True)
class Expectations:
    """What is expected of the partitions of one source."""

    days: Mapping[str, Sequence[ExpectedDays]]
    crawled: Mapping[str, DaySpans]
    """Days with a run that ended well, by partition."""

    def limit(self, is_wanted: Callable[[str], bool]) -> "Expectations":
        """The same of some partitions."""
        return Expectations(
            {n: days for n, days in self.days.items() if is_wanted(n)}, self.crawled
        )

    def list_expected(self, day: date) -> set[str]:
        """Partitions that are expected to be crawled on a day: what was looked at lately is not."""
        return {name for name in self.days if self.is_expected(name, day)}

    def is_expected(self, partition: str, day: date) -> bool:
        """Whether a partition is."""
        for each in self.days.get(partition, ()):
            if each.start_on <= day < each.end_on:
                number = day.toordinal()
                found = self.crawled.get(partition, ())
                return not has_any(found, number - each.days_per_round + 1, number - 1)
        return False

    def list_lacking(self, partition: str) -> DaySpans:
        """Days on which a partition was expected to be crawled, and no run of it ended well."""
        crawled = self.crawled.get(partition, ())
        lacking: list[DaySpan] = []
        for each in self.days.get(partition, ()):
            days = DaySpan(each.start_on.toordinal(), each.end_on.toordinal() - 1)
            longer = each.days_per_round - 1
            looked_at = join_spans(DaySpan(first, last + longer) for first, last in crawled)
            lacking += leave_out((days,), looked_at) if days.first <= days.last else ()
        return join_spans(lacking)


def find_expectations(
    session: Session, source: str, tried: Mapping[str, TriedDays]
) -> Expectations:
    """What is expected of the partitions of a source; `tried`: all days with runs of it, by partition."""
    first = {name: days.first_crawl_on for name, days in tried.items() if days.first_crawl_on}
    promises = read_promises(session, source).get(source, {})
    names = {*first, *promises}
    names -= set(list_ended(session, sorted(names)))
    days = {name: _list_days(promises.get(name, ()), first.get(name)) for name in sorted(names)}
    return Expectations(days, {name: each.by_state[CRAWLED] for name, each in tried.items()})


def _list_days(promises: Sequence[CrawlPromise], first_on: date | None) -> list[ExpectedDays]:
    if not promises:
        return [ExpectedDays(first_on, date.max)] if first_on else []
    days = [_show_promise(promise) for promise in promises]
    if first_on and first_on < days[0].start_on:
        # It was crawled before anybody kept what was promised.
        days.insert(0, ExpectedDays(first_on, days[0].start_on, days[0].days_per_round))
    return days


def _show_promise(promise: CrawlPromise) -> ExpectedDays:
    """The days of a promise but the one it was made on, of which too little may have been left."""
    rounds = -(-timedelta(seconds=promise.every_seconds) // DAY)
    end_on = _day_of(promise.until_at) if promise.until_at else date.max
    return ExpectedDays(_day_of(promise.since_at) + DAY, end_on, rounds)


def _day_of(time: datetime) -> date:
    return time.astimezone(UTC).date()
