"""How well a source was crawled, counted from spans of days: what stands under sums and lists of results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage.answers import CrawledDays, tell_crawled_days
from archive.reading.coverage.expected import find_expectations
from archive.reading.coverage.ranks import rank_days
from archive.reading.coverage.spans import DaySpan, DaySpans, count_days, join_spans, keep_common
from archive.reading.coverage.tried import CRAWLED, FAILED, PARTIAL, read_tried


@dataclass(frozen=True)
class SourceDays:
    """All days on which a source was tried, by how they went; its answers for a period are cut out of it."""

    source: str
    by_state: Mapping[str, DaySpans]
    last_crawled_at: datetime | None


def summarise_coverage(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    moment: Moment = NOW,
) -> CrawledDays:
    """How well a source was crawled, in figures and as a sentence; parameters as `cover_source`."""
    return summarise_days(read_source_days(session, source, moment), start_on, end_on)


def read_source_days(session: Session, source: str, moment: Moment = NOW) -> SourceDays:
    """The days of a source: of the runs known and made by a moment."""
    tried, last_at = read_tried(session, source, moment)
    expected = find_expectations(session, source, tried)
    days = join_spans(span for each in tried.values() for span in each.list_all())
    return SourceDays(source, rank_days(tried, expected, days[-1].last if days else None), last_at)


def summarise_days(
    known: SourceDays, start_on: date | None = None, end_on: date | None = None
) -> CrawledDays:
    """What is known of the days of a source, in a period, in figures and as a sentence."""
    tried = join_spans(span for days in known.by_state.values() for span in days)
    first_on = date.fromordinal(tried[0].first) if tried else None
    last_on = date.fromordinal(tried[-1].last) if tried else None
    begin_on, finish_on = limit_period(start_on, end_on, first_on, last_on)
    counts = count_states(known.by_state, begin_on, finish_on)
    days = count_period(begin_on, finish_on)
    sentence = tell_crawled_days(
        days, counts[CRAWLED], known.last_crawled_at, counts[PARTIAL], counts[FAILED]
    )
    if start_on and begin_on and start_on < begin_on:
        sentence += f"; not before {begin_on.day} {begin_on:%b %Y}"
    return CrawledDays(
        source=known.source,
        days=days,
        days_crawled=counts[CRAWLED],
        days_partial=counts[PARTIAL],
        days_failed=counts[FAILED],
        last_crawled_at=known.last_crawled_at,
        sentence=sentence,
    )


def limit_period(
    start_on: date | None, end_on: date | None, first_on: date | None, last_on: date | None
) -> tuple[date | None, date | None]:
    """The days in question of a source that was crawled from `first_on` to `last_on`.

    Without days: all of these. Days before the first run do not count.
    """
    if start_on is None or (
        first_on and start_on < first_on and (not end_on or first_on <= end_on)
    ):
        start_on = first_on
    return start_on, end_on or last_on


def count_period(start_on: date | None, end_on: date | None) -> int:
    """Days from the one to the other, both included."""
    return max(0, (end_on - start_on).days + 1) if start_on and end_on else 0


def count_states(
    by_state: Mapping[str, DaySpans], start_on: date | None, end_on: date | None
) -> dict[str, int]:
    """How many days of a period are in each state."""
    if not count_period(start_on, end_on) or not start_on or not end_on:
        return dict.fromkeys(by_state, 0)
    period = (DaySpan(start_on.toordinal(), end_on.toordinal()),)
    return {state: count_days(keep_common(days, period)) for state, days in by_state.items()}
