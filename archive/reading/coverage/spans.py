"""Sets of days as the spans that they make: a year that was crawled every day is one. Pure.

Days are numbered as `date.toordinal` does. Sets hold their spans in rising order, none touching the next.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Days in a row."""

    first: int
    last: int
    """Itself included."""


Spans = tuple[Span, ...]


def join_spans(spans: Iterable[Span]) -> Spans:
    """The set of all days in any of these spans, which may overlap and come in any order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].last + 1:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return tuple(joined)


def leave_out(days: Spans, others: Spans) -> Spans:
    """The days of the one set that are not in the other."""
    left: list[Span] = []
    waiting = iter(others)
    other = next(waiting, None)
    for first, last in days:
        begin = first
        while other and other.first <= last:
            if begin < other.first:
                left.append(Span(begin, other.first - 1))
            begin = max(begin, other.last + 1)
            if other.last > last:
                break
            other = next(waiting, None)
        if begin <= last:
            left.append(Span(begin, last))
    return tuple(left)


def keep_common(days: Spans, others: Spans) -> Spans:
    """The days that are in both sets."""
    return leave_out(days, leave_out(days, others))


def count_days(days: Spans) -> int:
    """How many days a set has."""
    return sum(last - first + 1 for first, last in days)


def has_any(days: Spans, first: int, last: int) -> bool:
    """Whether any day from the one to the other is in a set."""
    before = bisect_right(days, last, key=lambda span: span.first)
    return first <= last and before > 0 and days[before - 1].last >= first
