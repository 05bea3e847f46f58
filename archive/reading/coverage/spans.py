"""Sets of days as the spans that they make: a year that was crawled every day is one. Pure.

Days are numbered as `date.toordinal` does. Sets hold their spans in rising order, none touching the next.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class DaySpan(NamedTuple):
    """Days in a row."""

    first: int
    last: int
    """Itself included."""


DaySpans = tuple[DaySpan, ...]


def join_spans(spans: Iterable[DaySpan]) -> DaySpans:
    """The set of all days in any of these spans, which may overlap and come in any order."""
    joined: list[DaySpan] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].last + 1:
            joined[-1] = DaySpan(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return tuple(joined)


def leave_out(days: DaySpans, others: DaySpans) -> DaySpans:
    """The days of the one set that are not in the other."""
    left: list[DaySpan] = []
    waiting = iter(others)
    other = next(waiting, None)
    for first, last in days:
        begin = first
        while other and other.first <= last:
            if begin < other.first:
                left.append(DaySpan(begin, other.first - 1))
            begin = max(begin, other.last + 1)
            if other.last > last:
                break
            other = next(waiting, None)
        if begin <= last:
            left.append(DaySpan(begin, last))
    return tuple(left)


def keep_common(days: DaySpans, others: DaySpans) -> DaySpans:
    """The days that are in both sets."""
    return leave_out(days, leave_out(days, others))


def count_days(days: DaySpans) -> int:
    """How many days a set has."""
    return sum(last - first + 1 for first, last in days)


def has_any(days: DaySpans, first: int, last: int) -> bool:
    """Whether any day from the one to the other is in a set."""
    before = bisect_right(days, last, key=lambda span: span.first)
    return first <= last and before > 0 and days[before - 1].last >= first
