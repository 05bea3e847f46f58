"""Coverage by day: on which days a source was crawled, all of its partitions, and the gaps between them.

A run counts for the day on which the source said what was read (`observed_at`, UTC).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage.expected import Expectations, find_expectations
from archive.reading.coverage.ranks import rank_days
from archive.reading.coverage.runs import PastRun, list_past_runs
from archive.reading.coverage.spans import DaySpan, DaySpans, leave_out
from archive.reading.coverage.stops import StoppedDays, list_stopped_days
from archive.reading.coverage.summary import count_period, count_states, limit_period
from archive.reading.coverage.tried import CRAWLED, FAILED, NOT_CRAWLED, PARTIAL, sort_runs
from archive.reading.views import DayCover, Gap, SourceCoverage

DAY = timedelta(days=1)

NOBODY_CRAWLED = "nobody crawled"


def cover_source(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    now: datetime | None = None,
    moment: Moment = NOW,
) -> SourceCoverage:
    """Runs, days crawled and gaps of a source between two days, both included.

    Without days: from the first run to the last; where `now` is given to yesterday at least, so that
    days without any run since are a gap too. Days before the first run do not count, nor those to come. At a
    moment: of the runs known and made by then.
    """
    runs = list_past_runs(session, source, now=now, moment=moment)
    tried, today = sort_runs(runs), now.astimezone(UTC).date() if now else None
    first_on, last_on = (runs[0].day_on, runs[-1].day_on) if runs else (None, None)
    expected = find_expectations(session, source, tried)
    by_state = rank_days(tried, expected, (today or last_on or date.max).toordinal())
    if today is not None:
        end_on = min(end_on, today) if end_on else None
        last_on = max(last_on, today - DAY) if last_on else None
    start_on, end_on = limit_period(start_on, end_on, first_on, last_on)
    counts = count_states(by_state, start_on, end_on)
    within = [run for run in runs if start_on and end_on and start_on <= run.day_on <= end_on]
    gaps = []
    if start_on and end_on:
        stops = list_stopped_days(session, moment)
        gaps = _find_gaps(start_on, end_on, by_state[CRAWLED], within, stops, expected)
    answered = [run.observed_at for run in runs if run.ended_well]
    return SourceCoverage(
        source=source,
        start_on=start_on,
        end_on=end_on,
        days=count_period(start_on, end_on),
        days_crawled=counts[CRAWLED],
        days_partial=counts[PARTIAL],
        days_failed=counts[FAILED],
        runs=len(within),
        last_crawled_at=max(answered, default=None),
        gaps=gaps,
    )


def cover_days(
    runs: Sequence[PastRun],
    start_on: date,
    end_on: date,
    expected: Expectations | None = None,
    today: date | None = None,
) -> list[DayCover]:
    """The state of each day between two days, both included: of several partitions, by the worst.

    A day on which only some of those that are `expected` were crawled counts as partial. A day that is not
    over lacks nothing before a run has failed on it.
    """
    by_state = rank_days(sort_runs(runs), expected, today.toordinal() if today else None)
    states = {
        day: state
        for state, spans in by_state.items()
        for first, last in spans
        for day in range(max(first, start_on.toordinal()), min(last, end_on.toordinal()) + 1)
    }
    days = (start_on + n * DAY for n in range((end_on - start_on).days + 1))
    return [DayCover(day_on=day, state=states.get(day.toordinal(), NOT_CRAWLED)) for day in days]


def cover_source_days(
    session: Session, source: str, start_on: date, end_on: date, *, now: datetime | None = None
) -> list[DayCover]:
    """The state of each day of a source between two days, both included."""
    runs = list_past_runs(session, source, now=now)
    today = now.astimezone(UTC).date() if now else None
    expected = find_expectations(session, source, sort_runs(runs))
    return cover_days(runs, start_on, end_on, expected, today)


def _find_gaps(
    start_on: date,
    end_on: date,
    crawled: DaySpans,
    runs: Sequence[PastRun],
    stops: Sequence[StoppedDays],
    expected: Expectations,
) -> list[Gap]:
    """What lies between days that were crawled; a period may have more days than can be walked through."""
    period = DaySpan(start_on.toordinal(), end_on.toordinal())
    spans = leave_out((period,), crawled) if period.first <= period.last else ()
    ends = [(date.fromordinal(first), date.fromordinal(last)) for first, last in spans]
    return [_make_gap(begin, end, runs, stops, expected) for begin, end in ends]


def _make_gap(
    start_on: date,
    end_on: date,
    runs: Sequence[PastRun],
    stops: Sequence[StoppedDays],
    expected: Expectations,
) -> Gap:
    begin = bisect_left(runs, start_on, key=lambda run: run.day_on)
    within = runs[begin : bisect_right(runs, end_on, key=lambda run: run.day_on)]
    by_reason: defaultdict[str, set[str]] = defaultdict(set)
    for run in within:
        if not run.ended_well:
            by_reason[run.reason or run.outcome].add(run.partition)
    if any(run.ended_well for run in within):
        tried = {run.partition for run in within}
        days = {run.day_on for run in within}
        missed = {name for day in days for name in expected.list_expected(day)} - tried
        if missed:
            by_reason[NOBODY_CRAWLED] = missed
    is_one = len(expected.days) <= 1
    reasons = [
        why if is_one else f"{', '.join(sorted(names))}: {why}" for why, names in by_reason.items()
    ]
    reasons += [stop.reason for stop in stops if stop.touches(start_on, end_on)]
    return Gap(start_on=start_on, end_on=end_on, reason="; ".join(dict.fromkeys(reasons)))
