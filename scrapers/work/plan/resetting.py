"""After a wrong clock: what it had put off to a time to come is due, free and allowed now.

`paidforby schedule reset` calls it, when a person says that this machine's clock is right. Rows of data stay
as they were written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Delete, Update, delete, func, or_, update
from sqlmodel import Session, col, select

from archive.models import (
    Checkpoint,
    CrawlPromise,
    RequestBudget,
    Run,
    SingletonLease,
    WorkerHeartbeat,
)
from archive.store.clock import CLOCK_SKEW, accept_clock


@dataclass(frozen=True)
class ScheduleReset:
    """What a wrong clock had put off."""

    runs: int
    """Runs that began at a time to come; their partitions are due now."""
    newest_at: datetime | None
    """The latest of those times."""
    budgets: int
    leases: int


def reset_schedule(
    session: Session, source: str | None, longest_lease: timedelta, now: datetime
) -> ScheduleReset:
    """Let this machine's clock count, and take back what was put off beyond it; `source`: only of this one.

    A lease counts as put off where it ends later than any that is taken now.
    """
    accept_clock(session)
    ahead = col(Run.started_at) > now + CLOCK_SKEW
    query = select(func.count(), func.max(Run.started_at)).where(ahead)
    runs, newest_at = session.exec(
        query if source is None else query.where(Run.source == source)
    ).one()
    budgets = delete(RequestBudget).where(col(RequestBudget.window_started_at) > now)
    begun = delete(CrawlPromise).where(col(CrawlPromise.since_at) > now)
    ended = update(CrawlPromise).where(col(CrawlPromise.until_at) > now).values(until_at=now)
    too_late = now + longest_lease + CLOCK_SKEW
    leases = update(Checkpoint).where(col(Checkpoint.lease_until) > too_late)
    if source is not None:
        key = col(RequestBudget.key)
        budgets = budgets.where(or_(key == source, key.startswith(f"{source}:", autoescape=True)))
        begun = begun.where(col(CrawlPromise.source) == source)
        ended = ended.where(col(CrawlPromise.source) == source)
        leases = leases.where(col(Checkpoint.source) == source)
    _change(session, begun)
    _change(session, ended)
    _change(session, delete(WorkerHeartbeat).where(col(WorkerHeartbeat.heartbeat_at) > now))
    singletons = update(SingletonLease).where(col(SingletonLease.lease_until) > too_late)
    freed = [leases.values(lease_until=None), singletons.values(lease_until=None)]
    return ScheduleReset(
        runs=runs,
        newest_at=newest_at,
        budgets=_change(session, budgets),
        leases=sum(_change(session, each) for each in freed),
    )


def _change(session: Session, statement: Delete | Update) -> int:
    result: CursorResult[tuple[()]] = session.connection().execute(statement)
    return result.rowcount
