"""Runs of sources as coverage counts them: how each ended, also where its process could not say so."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import Session, col

from archive.models import Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.reasons import tell_run
from archive.runs.lease import WORKER_STOPPED
from archive.runs.silence import has_fallen_silent
from archive.store.clock import CLOCK_SKEW

READ_NOTHING = "the import read no record"

COLUMNS = (
    col(Run.id),
    col(Run.source),
    col(Run.partition),
    col(Run.kind),
    col(Run.observed_at),
    col(Run.observed_how),
    col(Run.heartbeat_at),
    col(Run.outcome),
    col(Run.reason),
    col(Run.complete),
    col(Run.seen),
    col(Run.worker),
)


@dataclass(frozen=True)
class PastRun:
    """A run of one partition, and what became of it as far as can be told."""

    run_id: int
    source: str
    partition: str
    is_crawl: bool
    observed_at: datetime
    is_dated: bool
    """It is known when the source said what was read; an import may be of an old file."""
    outcome: Outcome
    reason: str
    complete: bool
    seen: int

    @property
    def day_on(self) -> date:
        """The day for which it counts: that on which the source said what was read (UTC)."""
        return self.observed_at.astimezone(UTC).date()

    @property
    def ended_well(self) -> bool:
        """It reached its end, whatever it found there."""
        return self.outcome in ENDED_WELL


def list_past_runs(
    session: Session,
    source: str | None = None,
    *,
    from_on: date | None = None,
    to_on: date | None = None,
    now: datetime | None = None,
    moment: Moment = NOW,
) -> list[PastRun]:
    """Runs by observation time, at one source or all, between two days, both included.

    With `now`, a run that fell silent counts as failed before anybody closes its run; so does, always, an
    import that read nothing: it tells of no day. One of a time to come is left out: its machine's clock was
    ahead. At a moment, only runs that had ended by then, at what the source said by then.
    """
    # Columns, not rows of the model: a year of runs is many thousands.
    query = select(*COLUMNS).order_by(col(Run.observed_at), col(Run.id))
    if source is not None:
        query = query.where(col(Run.source) == source)
    if from_on is not None:
        query = query.where(col(Run.observed_at) >= datetime.combine(from_on, time(), UTC))
    if to_on is not None:
        query = query.where(col(Run.observed_at) <= datetime.combine(to_on, time.max, UTC))
    if now is not None:
        query = query.where(col(Run.observed_at) <= now + CLOCK_SKEW)
    query = query.where(*limit_runs(moment))
    return [_take(run, now) for run in session.connection().execute(query)]


def limit_runs(moment: Moment) -> list[ColumnElement[bool]]:
    """Runs that had ended by a moment, and read what the source had said by then, as conditions."""
    return moment.limit_clocks(col(Run.ended_at), col(Run.observed_at))


def has_read_nothing(kind: str, outcome: str, seen: int) -> bool:
    """Whether a run is an import that ended well and tells of no day."""
    return kind == RunKind.IMPORT and outcome in ENDED_WELL and not seen


def _take(run: Row[*tuple[Any, ...]], now: datetime | None) -> PastRun:
    failure = ""
    if now is not None and has_fallen_silent(run, now):
        failure = WORKER_STOPPED
    elif has_read_nothing(run.kind, run.outcome, run.seen):
        failure = READ_NOTHING
    return PastRun(
        run_id=run.id,
        source=run.source,
        partition=run.partition,
        is_crawl=run.kind == RunKind.CRAWL,
        observed_at=run.observed_at,
        is_dated=run.observed_how != RunKind.IMPORT,
        outcome=Outcome.FAILED if failure else Outcome(run.outcome),
        reason=failure or tell_run(run.outcome, run.reason),
        complete=run.complete,
        seen=run.seen,
    )
