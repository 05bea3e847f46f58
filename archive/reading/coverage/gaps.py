"""Days of a week on which no look at a partition ended well, and why.

A partition that was crawled once is expected to be looked at every day from then on, which is how
often every shipped schedule looks or oftener; one that was only ever imported is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from archive.models.runs import Outcome
from archive.reading.coverage.answers import WeekGap
from archive.reading.coverage.days import NOT_LOOKED
from archive.reading.coverage.runs import TakenLook

NOBODY_LOOKED = "nobody looked"

Lack = tuple[str, str]
"""How the last look of a day ended, and why."""


def find_gaps(
    looks: Mapping[str, Sequence[TakenLook]],
    first_crawls: Mapping[str, date],
    days: Sequence[date],
    today: date,
) -> list[WeekGap]:
    """The gaps of some days, oldest first; partitions that lack the same days alike share one.

    `looks`: those of these days, by partition, in the order of time. A day that is not over lacks
    nothing before a look has failed on it.
    """
    alike: defaultdict[tuple[date, date, Lack], list[str]] = defaultdict(list)
    for partition in sorted({*looks, *first_crawls}):
        lacks = _list_lacks(looks.get(partition, ()), first_crawls.get(partition), days, today)
        for start_on, end_on, lack in _join_days(lacks):
            alike[start_on, end_on, lack].append(partition)
    return [
        WeekGap(partitions=names, start_on=start, end_on=end, outcome=lack[0], reason=lack[1])
        for (start, end, lack), names in sorted(alike.items())
    ]


def _list_lacks(
    looks: Iterable[TakenLook], first_crawl: date | None, days: Sequence[date], today: date
) -> Iterator[tuple[date, Lack]]:
    by_day: defaultdict[date, list[TakenLook]] = defaultdict(list)
    for look in looks:
        by_day[look.day_on].append(look)
    for day in days:
        tried = by_day[day]
        if not tried and first_crawl is not None and first_crawl <= day < today:
            yield day, (NOT_LOOKED, NOBODY_LOOKED)
        if tried and not any(look.ended_well or _still_runs(look) for look in tried):
            reasons = dict.fromkeys(look.reason or look.outcome.value for look in tried)
            yield day, (tried[-1].outcome.value, "; ".join(reasons))


def _still_runs(look: TakenLook) -> bool:
    return look.outcome is Outcome.RUNNING


def _join_days(lacks: Iterable[tuple[date, Lack]]) -> Iterator[tuple[date, date, Lack]]:
    """Days in a row that lack alike, as stretches."""
    numbered = enumerate(lacks)
    for _, stretch in groupby(numbered, key=lambda n: (n[1][0] - timedelta(days=n[0]), n[1][1])):
        days = [item for _, item in stretch]
        yield days[0][0], days[-1][0], days[0][1]
