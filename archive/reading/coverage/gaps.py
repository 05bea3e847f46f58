"""Days of a week on which no run of a partition ended well, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from archive.models.runs import Outcome
from archive.reading.coverage.answers import WeekGap
from archive.reading.coverage.days import NOBODY_CRAWLED
from archive.reading.coverage.runs import PastRun
from archive.reading.coverage.stops import StoppedDays
from archive.reading.coverage.tried import NOT_CRAWLED

UncoveredDay = tuple[str, str]
"""How the last run of a day ended, and why."""


def find_gaps(
    runs: Mapping[str, Sequence[PastRun]],
    expected: Mapping[str, Sequence[date]],
    days: Sequence[date],
    today: date,
    stops: Sequence[StoppedDays] = (),
) -> list[WeekGap]:
    """The gaps of some days, oldest first; partitions that lack the same days alike share one.

    `runs`: those of these days, by partition, in the order of time; `expected`: the days on which each
    partition is expected to be crawled. A day that is not over lacks nothing before a run has failed on it.
    """
    alike: defaultdict[tuple[date, date, UncoveredDay], list[str]] = defaultdict(list)
    for partition in sorted({*runs, *expected}):
        data_gaps = _list_data_gaps(
            runs.get(partition, ()), expected.get(partition, ()), days, today, stops
        )
        for start_on, end_on, data_gap in _join_days(data_gaps):
            alike[start_on, end_on, data_gap].append(partition)
    return [
        WeekGap(
            partitions=names, start_on=start, end_on=end, outcome=data_gap[0], reason=data_gap[1]
        )
        for (start, end, data_gap), names in sorted(alike.items())
    ]


def _list_data_gaps(
    runs: Iterable[PastRun],
    expected: Sequence[date],
    days: Sequence[date],
    today: date,
    stops: Sequence[StoppedDays],
) -> Iterator[tuple[date, UncoveredDay]]:
    by_day: defaultdict[date, list[PastRun]] = defaultdict(list)
    for run in runs:
        by_day[run.day_on].append(run)
    for day in days:
        tried = by_day[day]
        if not tried and day in expected and day < today:
            stopped = (stop.reason for stop in stops if stop.touches(day, day))
            yield day, (NOT_CRAWLED, next(stopped, NOBODY_CRAWLED))
        if tried and not any(run.ended_well or _still_runs(run) for run in tried):
            reasons = dict.fromkeys(run.reason or run.outcome.value for run in tried)
            yield day, (tried[-1].outcome.value, "; ".join(reasons))


def _still_runs(run: PastRun) -> bool:
    return run.outcome is Outcome.RUNNING


def _join_days(
    data_gaps: Iterable[tuple[date, UncoveredDay]],
) -> Iterator[tuple[date, date, UncoveredDay]]:
    """Days in a row that lack alike, as ranges."""
    numbered = enumerate(data_gaps)
    for _, row_range in groupby(numbered, key=lambda n: (n[1][0] - timedelta(days=n[0]), n[1][1])):
        days = [item for _, item in row_range]
        yield days[0][0], days[-1][0], days[0][1]
