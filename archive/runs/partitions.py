"""Partitions one by one: how each last ended, when it was last seen whole, whether it is overdue or silent.

A source is as good as its worst partition. Alerts, the lists of sources, coverage, metrics and the doctor
ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from archive.models import Run
from archive.models.runs import Outcome, RunKind
from archive.runs.due_dates import find_last_crawls, next_due_at
from archive.runs.lease import WORKER_STOPPED
from archive.runs.promises import find_pace, find_silence, read_promises
from archive.runs.silence import has_fallen_silent
from archive.store.clock import CLOCK_SKEW

LATE_AFTER = timedelta(hours=1)
"""A partition that is due waits for others of its source; after this long, or its own pace, it is overdue."""

UNDER_WAY = select(Run).where(Run.outcome == Outcome.RUNNING, Run.kind != RunKind.REREAD)


@dataclass(frozen=True)
class PartitionStatus:
    """How one partition stands."""

    source: str
    partition: str
    every: timedelta | None
    """Time between runs as it is promised now; `None`: nobody promises any."""
    last_complete_at: datetime | None
    """When the source last answered a run that went to its end."""
    outcome: str
    """How its newest run ended that is over; empty: there is none."""
    reason: str
    """Why, in words that may quote the source: for operators."""
    ended_at: datetime | None
    due_at: datetime | None
    """When it is due by what is promised; `None`: never crawled, or nobody promises it."""
    silent_at: datetime | None
    """When it fell or falls silent; `None`: nobody promises it."""

    def is_overdue(self, now: datetime) -> bool:
        """Whether a crawl that was promised is late, or none has gone to its end for too long."""
        if self.every is None or self.due_at is None:
            return self.is_silent(now)
        return self.due_at + min(self.every, LATE_AFTER) < now or self.is_silent(now)

    def is_silent(self, now: datetime) -> bool:
        """Whether it was promised crawls and has not been seen whole for too long."""
        return self.silent_at is not None and self.silent_at < now


def list_partitions(session: Session, now: datetime) -> list[PartitionStatus]:
    """Every partition that is promised a crawl; of a source without a promise, those that had a run."""
    promises, ended = read_promises(session), _list_last_runs(session, now)
    completed = read_last_crawls(session, now)
    statuses = []
    for source in sorted({*promises, *(run.source for run in ended)}):
        crawls = find_last_crawls(session, source)
        runs = {run.partition: run for run in ended if run.source == source}
        held = {name: find_pace(kept) for name, kept in promises.get(source, {}).items()}
        promised = {name for name, every in held.items() if every}
        for name in sorted(promised or runs):
            every, run, crawl = held.get(name), runs.get(name), crawls.get(name)
            last_at = completed.get((source, name))
            statuses.append(
                PartitionStatus(
                    source=source,
                    partition=name,
                    every=every,
                    last_complete_at=last_at,
                    outcome=_tell_outcome(run),
                    reason=WORKER_STOPPED
                    if run and run.ended_at is None
                    else run.reason
                    if run
                    else "",
                    ended_at=(run.ended_at or run.heartbeat_at) if run else None,
                    due_at=next_due_at(crawl, every, now) if crawl and every else None,
                    silent_at=find_silence(promises.get(source, {}).get(name, []), last_at),
                )
            )
    return statuses


def _tell_outcome(run: Run | None) -> str:
    if run is None:
        return ""
    return Outcome.FAILED if run.ended_at is None else run.outcome


def find_last_complete(partitions: Sequence[PartitionStatus]) -> datetime | None:
    """When a source was last seen whole; where any is promised, by the partition that was longest ago."""
    times = [each.last_complete_at for each in partitions]
    known = [time for time in times if time]
    if not any(each.every for each in partitions):
        return max(known, default=None)
    return min(known) if known and len(known) == len(times) else None


def find_worst(partitions: Sequence[PartitionStatus]) -> PartitionStatus | None:
    """The partition that tells how a source stands: of those that are promised, whose last run ended worst.

    Of several, that which was not seen whole for longest. Where none is promised: that of the newest run.
    """
    if promised := [each for each in partitions if each.every]:
        return min(promised, key=_rank)
    ended = [each for each in partitions if each.ended_at]
    return max(ended, key=lambda each: str(each.ended_at), default=None)


OUTCOMES_BY_HARM = (
    Outcome.FAILED,
    Outcome.BLOCKED,
    Outcome.PARTIAL,
    Outcome.DEFERRED,
    Outcome.ATTENTION,
    Outcome.DONE,
)


def _rank(status: PartitionStatus) -> tuple[int, float]:
    harm = (
        OUTCOMES_BY_HARM.index(Outcome(status.outcome)) if status.outcome else len(OUTCOMES_BY_HARM)
    )
    last = status.last_complete_at
    return harm, last.timestamp() if last else 0.0


def read_last_crawls(session: Session, now: datetime) -> dict[tuple[str, str], datetime]:
    """When each partition was last crawled to the end, by source and partition; of no time to come.

    A crawl that ended well counts although it was no sweep: it may have gone on from a cursor, or the
    source may be one that nobody can see the whole of.
    """
    well = and_(col(Run.kind) == RunKind.CRAWL, col(Run.outcome) == Outcome.DONE)
    query = (
        select(Run.source, Run.partition, func.max(Run.observed_at))
        .where(or_(col(Run.complete), well), col(Run.observed_at) <= now + CLOCK_SKEW)
        .group_by(Run.source, Run.partition)
    )
    return {(source, partition): at for source, partition, at in session.exec(query) if at}


def _list_last_runs(session: Session, now: datetime) -> list[Run]:
    """The newest run of each partition that is over, also where its process could not say so."""
    newest = (
        select(func.max(Run.id))
        .where(col(Run.ended_at).is_not(None), col(Run.kind) != RunKind.REREAD)
        .group_by(Run.source, Run.partition)
    )
    runs = {
        (run.source, run.partition): run
        for run in session.exec(select(Run).where(col(Run.id).in_(newest)))
    }
    for run in session.exec(UNDER_WAY):
        if has_fallen_silent(run, now):
            runs[run.source, run.partition] = run
    return list(runs.values())


def list_running(session: Session, now: datetime) -> list[Run]:
    """Runs under way of processes that live as far as can be told, the oldest first."""
    runs = session.exec(UNDER_WAY.order_by(col(Run.id)))
    return [run for run in runs if not has_fallen_silent(run, now)]
