"""Coverage by day: on which days a source was crawled, all of its partitions, and the gaps between them.

A run counts for the day on which the source said what was read (`observed_at`, UTC).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from archive.models.runs import Outcome
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage.answers import CrawledDays, tell_crawled_days
from archive.reading.coverage.expected import Expectations, find_expectations
from archive.reading.coverage.runs import PastRun, list_past_runs
from archive.reading.coverage.stops import StoppedDays, list_stopped_days
from archive.reading.views import DayCover, Gap, SourceCoverage

DAY = timedelta(days=1)

CRAWLED, PARTIAL, FAILED, NOT_CRAWLED = "crawled", "partial", "failed", "not_crawled"
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
    observed = [run.day_on for run in runs]
    today = now.astimezone(UTC).date() if now else max(observed, default=None)
    expected = find_expectations(session, source, runs)
    first_on = min(observed, default=None)
    if now is not None and end_on is not None:
        end_on = min(end_on, now.astimezone(UTC).date())
    if start_on is None or (
        first_on and start_on < first_on and (not end_on or first_on <= end_on)
    ):
        start_on = first_on
    if now is not None and observed:
        observed.append(now.astimezone(UTC).date() - DAY)
    end_on = end_on or max(observed, default=None)
    within = [run for run in runs if start_on and end_on and start_on <= run.day_on <= end_on]
    states = _rank_days(within, expected, today)
    counts = Counter(states.values())
    gaps = []
    if start_on and end_on:
        stops = list_stopped_days(session, moment)
        gaps = _find_gaps(start_on, end_on, states, within, stops, expected)
    answered = [run.observed_at for run in runs if run.ended_well]
    return SourceCoverage(
        source=source,
        start_on=start_on,
        end_on=end_on,
        days=max(0, (end_on - start_on).days + 1) if start_on and end_on else 0,
        days_crawled=counts[CRAWLED],
        days_partial=counts[PARTIAL],
        days_failed=counts[FAILED],
        runs=len(within),
        last_crawled_at=max(answered, default=None),
        gaps=gaps,
    )


def summarise_coverage(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    moment: Moment = NOW,
) -> CrawledDays:
    """How well a source was crawled, in figures and as a sentence; parameters as `cover_source`."""
    cover = cover_source(session, source, start_on, end_on, moment=moment)
    sentence = tell_crawled_days(
        cover.days,
        cover.days_crawled,
        cover.last_crawled_at,
        cover.days_partial,
        cover.days_failed,
    )
    if start_on and cover.start_on and start_on < cover.start_on:
        sentence += f"; not before {cover.start_on.day} {cover.start_on:%b %Y}"
    return CrawledDays(
        source=source,
        days=cover.days,
        days_crawled=cover.days_crawled,
        days_partial=cover.days_partial,
        days_failed=cover.days_failed,
        last_crawled_at=cover.last_crawled_at,
        sentence=sentence,
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
    states = _rank_days(runs, expected, today)
    days = (start_on + n * DAY for n in range((end_on - start_on).days + 1))
    return [DayCover(day_on=day, state=states.get(day, NOT_CRAWLED)) for day in days]


def _rank_days(
    runs: Sequence[PastRun], expected: Expectations | None, today: date | None
) -> dict[date, str]:
    """The state of each day with a run."""
    tried: defaultdict[date, dict[str, str]] = defaultdict(dict)
    for run in runs:
        best = tried[run.day_on].get(run.partition, NOT_CRAWLED)
        tried[run.day_on][run.partition] = min(best, _state_of(run), key=_RANK.__getitem__)
    states = {}
    for day, by_partition in tried.items():
        wanted = expected.list_expected(day) if expected else set()
        if today is not None and day >= today:
            wanted &= set(by_partition)
        states[day] = _join_states(by_partition, wanted)
    return states


def _join_states(states: Mapping[str, str], wanted: Collection[str]) -> str:
    """How a day went by what was tried on it and what was wanted."""
    best = min(states.values(), key=_RANK.__getitem__, default=NOT_CRAWLED)
    is_lacking = any(states.get(name, NOT_CRAWLED) != CRAWLED for name in wanted)
    return PARTIAL if best == CRAWLED and is_lacking else best


def cover_source_days(
    session: Session, source: str, start_on: date, end_on: date, *, now: datetime | None = None
) -> list[DayCover]:
    """The state of each day of a source between two days, both included."""
    runs = list_past_runs(session, source, now=now)
    today = now.astimezone(UTC).date() if now else None
    return cover_days(runs, start_on, end_on, find_expectations(session, source, runs), today)


_RANK: Mapping[str, int] = {CRAWLED: 0, PARTIAL: 1, FAILED: 2, NOT_CRAWLED: 3}


def _state_of(run: PastRun) -> str:
    if run.ended_well:
        return CRAWLED
    is_part = run.outcome in {Outcome.PARTIAL, Outcome.RUNNING} or run.seen
    return PARTIAL if is_part else FAILED


def _find_gaps(
    start_on: date,
    end_on: date,
    states: Mapping[date, str],
    runs: Sequence[PastRun],
    stops: Sequence[StoppedDays],
    expected: Expectations,
) -> list[Gap]:
    """What lies between days that were crawled; a period may have more days than can be walked through."""
    crawled = sorted(day_on for day_on, state in states.items() if state == CRAWLED)
    begins = [start_on, *(day_on + DAY for day_on in crawled)]
    ends = [*(day_on - DAY for day_on in crawled), end_on]
    spans = zip(begins, ends, strict=True)
    return [_make_gap(begin, end, runs, stops, expected) for begin, end in spans if begin <= end]


def _make_gap(
    start_on: date,
    end_on: date,
    runs: Sequence[PastRun],
    stops: Sequence[StoppedDays],
    expected: Expectations,
) -> Gap:
    within = [run for run in runs if start_on <= run.day_on <= end_on]
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
