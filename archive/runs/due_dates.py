"""When a partition's next run is due, told by its newest crawl.

Workers and the scheduler ask through `scrapers.work.plan.due`, and `archive.reading.sources.metrics` counts
what is overdue. No clock that was ticking while we were down is asked: what was missed meanwhile is overdue
by the rows.
"""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import Run
from archive.models.runs import Outcome, RunKind
from archive.store.clock import CLOCK_SKEW

RETRY_AFTER = timedelta(hours=1)
"""A run that failed is tried again sooner than its due date."""


def next_due_at(run: Run, every: timedelta, now: datetime) -> datetime:
    """When a partition is due again after its last run; at once where a wrong clock dated that ahead."""
    if run.started_at > now + CLOCK_SKEW:
        return now
    if run.outcome == Outcome.RUNNING:
        return run.lease_until or run.started_at
    if run.not_before_at:
        return run.not_before_at
    if run.outcome in {Outcome.FAILED, Outcome.PARTIAL}:
        return run.started_at + min(every, RETRY_AFTER)
    return run.started_at + every


def find_last_crawls(session: Session, source: str) -> dict[str, Run]:
    """The newest crawl of each partition of a source."""
    newest = (
        select(func.max(Run.id))
        .where(Run.source == source, Run.kind == RunKind.CRAWL)
        .group_by(Run.partition)
    )
    runs = session.exec(select(Run).where(col(Run.id).in_(newest)))
    return {run.partition: run for run in runs}
