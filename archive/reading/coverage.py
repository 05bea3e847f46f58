"""Where this archive looked and when: days of a source with a look, and the gaps between them.

A look counts for the day on which the source said what was read (`observed_at`, UTC).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from sqlmodel import Session, col, select

from archive.models import Run
from archive.models.collecting import Outcome
from archive.reading.views import DayCover, Gap, SourceCoverage

ENDED_WELL = frozenset({Outcome.DONE, Outcome.ATTENTION})

LOOKED, PARTIAL, FAILED, NOT_LOOKED = "looked", "partial", "failed", "not_looked"


def cover_source(
    session: Session, source: str, start_on: date | None = None, end_on: date | None = None
) -> SourceCoverage:
    """Looks, days looked at and gaps of a source between two days, both included.

    Without days: from the first look to the last.
    """
    runs = _select_runs(session, source)
    observed = [run.observed_at.date() for run in runs]
    start_on = start_on or min(observed, default=None)
    end_on = end_on or max(observed, default=None)
    within = [r for r in runs if start_on and end_on and start_on <= r.observed_at.date() <= end_on]
    days = cover_days(within, start_on, end_on) if start_on and end_on else []
    answered = [run.observed_at for run in runs if run.outcome in ENDED_WELL]
    return SourceCoverage(
        source=source,
        start_on=start_on,
        end_on=end_on,
        days=len(days),
        days_looked_at=sum(day.state == LOOKED for day in days),
        looks=len(within),
        last_look_at=max(answered, default=None),
        gaps=_find_gaps(days, within),
    )


def cover_days(runs: Sequence[Run], start_on: date, end_on: date) -> list[DayCover]:
    """The state of each day between two days, both included, by the best look of that day."""
    states: dict[date, str] = {}
    for run in runs:
        day = run.observed_at.date()
        states[day] = min(states.get(day, NOT_LOOKED), _state_of(run), key=_RANK.__getitem__)
    days = (start_on + timedelta(days=i) for i in range((end_on - start_on).days + 1))
    return [DayCover(day_on=day, state=states.get(day, NOT_LOOKED)) for day in days]


def cover_source_days(
    session: Session, source: str, start_on: date, end_on: date
) -> list[DayCover]:
    """The state of each day of a source between two days, both included."""
    return cover_days(_select_runs(session, source), start_on, end_on)


_RANK: Mapping[str, int] = {LOOKED: 0, PARTIAL: 1, FAILED: 2, NOT_LOOKED: 3}


def _state_of(run: Run) -> str:
    if run.outcome in ENDED_WELL:
        return LOOKED
    return PARTIAL if run.outcome in (Outcome.PARTIAL, Outcome.RUNNING) or run.seen else FAILED


def _select_runs(session: Session, source: str) -> Sequence[Run]:
    query = select(Run).where(Run.source == source)
    return session.exec(query.order_by(col(Run.observed_at))).all()


def _find_gaps(days: Sequence[DayCover], runs: Sequence[Run]) -> list[Gap]:
    gaps = []
    for is_looked, stretch in groupby(days, key=lambda day: day.state == LOOKED):
        if not is_looked:
            span = [day.day_on for day in stretch]
            gaps.append(_make_gap(span[0], span[-1], runs))
    return gaps


def _make_gap(start_on: date, end_on: date, runs: Sequence[Run]) -> Gap:
    reasons = [
        run.reason or run.outcome for run in runs if start_on <= run.observed_at.date() <= end_on
    ]
    return Gap(start_on=start_on, end_on=end_on, reason="; ".join(dict.fromkeys(reasons)))
