"""Coverage by day: on which days a source was crawled, and the gaps between them.

A run counts for the day on which the source said what was read (`observed_at`, UTC).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from sqlmodel import Session, col, select

from archive.models import Run
from archive.models.runs import ENDED_WELL, Outcome
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage.answers import CrawledDays, tell_crawled_days
from archive.reading.coverage.runs import PastRun, limit_runs, list_past_runs
from archive.reading.coverage.stops import StoppedDays, list_stopped_days
from archive.reading.views import DayCover, Gap, SourceCoverage

DAY = timedelta(days=1)

CRAWLED, PARTIAL, FAILED, NOT_CRAWLED = "crawled", "partial", "failed", "not_crawled"


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
    days without any run since are a gap too. At a moment: of the runs known and made by then.
    """
    runs = list_past_runs(session, source, now=now, moment=moment)
    observed = [run.day_on for run in runs]
    start_on = start_on or min(observed, default=None)
    if now is not None and observed:
        observed.append(now.astimezone(UTC).date() - DAY)
    end_on = end_on or max(observed, default=None)
    within = [run for run in runs if start_on and end_on and start_on <= run.day_on <= end_on]
    days = cover_days(within, start_on, end_on) if start_on and end_on else []
    answered = [run.observed_at for run in runs if run.ended_well]
    return SourceCoverage(
        source=source,
        start_on=start_on,
        end_on=end_on,
        days=len(days),
        days_crawled=sum(day.state == CRAWLED for day in days),
        runs=len(within),
        last_crawled_at=max(answered, default=None),
        gaps=_find_gaps(days, within, list_stopped_days(session, moment)),
    )


def summarise_coverage(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    moment: Moment = NOW,
) -> CrawledDays:
    """How well a source was crawled, in figures and as a sentence; parameters as `cover_source`.

    It looks for no gaps, so of each run it reads when it was.
    """
    runs = select(col(Run.observed_at)).where(Run.source == source, *limit_runs(moment))
    times = session.scalars(runs).all()
    answered = session.scalars(runs.where(col(Run.outcome).in_(ENDED_WELL))).all()
    first_on = start_on or min((_day_of(at) for at in times), default=None)
    last_on = end_on or max((_day_of(at) for at in times), default=None)
    days = (last_on - first_on).days + 1 if first_on and last_on else 0
    crawled = {_day_of(at) for at in answered}
    days_crawled = sum(first_on <= day <= last_on for day in crawled) if first_on and last_on else 0
    last_at = max(answered, default=None)
    return CrawledDays(
        source=source,
        days=days,
        days_crawled=days_crawled,
        last_crawled_at=last_at,
        sentence=tell_crawled_days(days, days_crawled, last_at),
    )


def _day_of(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def cover_days(runs: Sequence[PastRun], start_on: date, end_on: date) -> list[DayCover]:
    """The state of each day between two days, both included, by the best run of that day."""
    states: dict[date, str] = {}
    for run in runs:
        best = states.get(run.day_on, NOT_CRAWLED)
        states[run.day_on] = min(best, _state_of(run), key=_RANK.__getitem__)
    days = (start_on + i * DAY for i in range((end_on - start_on).days + 1))
    return [DayCover(day_on=day, state=states.get(day, NOT_CRAWLED)) for day in days]


def cover_source_days(
    session: Session, source: str, start_on: date, end_on: date, *, now: datetime | None = None
) -> list[DayCover]:
    """The state of each day of a source between two days, both included."""
    runs = list_past_runs(session, source, from_on=start_on, to_on=end_on, now=now)
    return cover_days(runs, start_on, end_on)


_RANK: Mapping[str, int] = {CRAWLED: 0, PARTIAL: 1, FAILED: 2, NOT_CRAWLED: 3}


def _state_of(run: PastRun) -> str:
    if run.ended_well:
        return CRAWLED
    is_part = run.outcome in {Outcome.PARTIAL, Outcome.RUNNING} or run.seen
    return PARTIAL if is_part else FAILED


def _find_gaps(
    days: Sequence[DayCover], runs: Sequence[PastRun], stops: Sequence[StoppedDays]
) -> list[Gap]:
    gaps = []
    for is_looked, row_range in groupby(days, key=lambda day: day.state == CRAWLED):
        if not is_looked:
            span = [day.day_on for day in row_range]
            gaps.append(_make_gap(span[0], span[-1], runs, stops))
    return gaps


def _make_gap(
    start_on: date, end_on: date, runs: Sequence[PastRun], stops: Sequence[StoppedDays]
) -> Gap:
    reasons = [run.reason or run.outcome for run in runs if start_on <= run.day_on <= end_on]
    reasons += [stop.reason for stop in stops if stop.touches(start_on, end_on)]
    return Gap(start_on=start_on, end_on=end_on, reason="; ".join(dict.fromkeys(reasons)))
