"""Coverage by day: on which days a source was looked at, and the gaps between them.

A look counts for the day on which the source said what was read (`observed_at`, UTC).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from sqlmodel import Session

from archive.models.runs import Outcome
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage.answers import LookedAt, say_looked
from archive.reading.coverage.runs import TakenLook, list_looks
from archive.reading.views import DayCover, Gap, SourceCoverage

DAY = timedelta(days=1)

LOOKED, PARTIAL, FAILED, NOT_LOOKED = "looked", "partial", "failed", "not_looked"


def cover_source(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    now: datetime | None = None,
    moment: Moment = NOW,
) -> SourceCoverage:
    """Looks, days looked at and gaps of a source between two days, both included.

    Without days: from the first look to the last; where `now` is given to yesterday at least, so that
    days without any look since are a gap too. At a moment: of the looks known and made by then.
    """
    looks = list_looks(session, source, now=now, moment=moment)
    observed = [look.day_on for look in looks]
    start_on = start_on or min(observed, default=None)
    if now is not None and observed:
        observed.append(now.astimezone(UTC).date() - DAY)
    end_on = end_on or max(observed, default=None)
    within = [look for look in looks if start_on and end_on and start_on <= look.day_on <= end_on]
    days = cover_days(within, start_on, end_on) if start_on and end_on else []
    answered = [look.observed_at for look in looks if look.ended_well]
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


def look_over(
    session: Session,
    source: str,
    start_on: date | None = None,
    end_on: date | None = None,
    *,
    moment: Moment = NOW,
) -> LookedAt:
    """How well a source was looked at, in figures and as a sentence; parameters as `cover_source`."""
    cover = cover_source(session, source, start_on, end_on, moment=moment)
    return LookedAt(
        source=source,
        days=cover.days,
        days_looked_at=cover.days_looked_at,
        last_look_at=cover.last_look_at,
        sentence=say_looked(cover.days, cover.days_looked_at, cover.last_look_at),
    )


def cover_days(looks: Sequence[TakenLook], start_on: date, end_on: date) -> list[DayCover]:
    """The state of each day between two days, both included, by the best look of that day."""
    states: dict[date, str] = {}
    for look in looks:
        best = states.get(look.day_on, NOT_LOOKED)
        states[look.day_on] = min(best, _state_of(look), key=_RANK.__getitem__)
    days = (start_on + i * DAY for i in range((end_on - start_on).days + 1))
    return [DayCover(day_on=day, state=states.get(day, NOT_LOOKED)) for day in days]


def cover_source_days(
    session: Session, source: str, start_on: date, end_on: date, *, now: datetime | None = None
) -> list[DayCover]:
    """The state of each day of a source between two days, both included."""
    looks = list_looks(session, source, from_on=start_on, to_on=end_on, now=now)
    return cover_days(looks, start_on, end_on)


_RANK: Mapping[str, int] = {LOOKED: 0, PARTIAL: 1, FAILED: 2, NOT_LOOKED: 3}


def _state_of(look: TakenLook) -> str:
    if look.ended_well:
        return LOOKED
    is_part = look.outcome in {Outcome.PARTIAL, Outcome.RUNNING} or look.seen
    return PARTIAL if is_part else FAILED


def _find_gaps(days: Sequence[DayCover], looks: Sequence[TakenLook]) -> list[Gap]:
    gaps = []
    for is_looked, stretch in groupby(days, key=lambda day: day.state == LOOKED):
        if not is_looked:
            span = [day.day_on for day in stretch]
            gaps.append(_make_gap(span[0], span[-1], looks))
    return gaps


def _make_gap(start_on: date, end_on: date, looks: Sequence[TakenLook]) -> Gap:
    reasons = [look.reason or look.outcome for look in looks if start_on <= look.day_on <= end_on]
    return Gap(start_on=start_on, end_on=end_on, reason="; ".join(dict.fromkeys(reasons)))
