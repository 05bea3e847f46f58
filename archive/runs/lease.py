"""Runs of sources: leased when they begin, fenced while they write, closed with an outcome.

`import`, the crawl pipeline and the worker call it. The rows of `run` are the coverage log: a run
that ends badly leaves its row, so that a gap is never silent.
"""

import os
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from archive.errors import AlreadyCrawledError, LeaseLostError, PartitionBusyError
from archive.models import Checkpoint, Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.runs.crawling_stops import require_crawling
from archive.runs.observation_times import DECLARED, HAS_READ, find_place
from archive.runs.processes import is_gone, mark_process, show_process
from archive.store.changes import append_seen

LEASE = timedelta(minutes=10)
WORKER_STOPPED = "the worker stopped without reporting (crashed or killed)"

UNNAMED_PARTITION = "import"
"""Where files go whose partition nobody named: they may be copies of what another partition holds."""


@dataclass(frozen=True)
class RunLease:
    """A run under way: what it reads, when the source said it, and its fence."""

    run_id: int
    source: str
    partition: str
    token: int
    observed_at: datetime
    """As its row says; after a clock that was ahead, `find_place`."""
    is_sweep: bool
    """What it sees lives in its partition; only one that saw all of it says what has vanished."""
    lease_time: timedelta = LEASE
    """How long its worker may be silent before another may take the partition over."""
    is_reread: bool = False
    """All evidence of its source is read again, the oldest first (`RunKind.REREAD`): what newer runs saw
    unmoved affirms nothing, since it was the reader that saw it so."""

    def replaces(self, observed_at: datetime) -> bool:
        """Whether what was read at a time was read from the evidence that is read again now."""
        return self.is_reread and observed_at == self.observed_at


@dataclass
class Counts:
    """What a run met so far."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    withdrawn: int = 0
    quarantined: int = 0

    def add(self, other: "Counts") -> None:
        """Take another page's counts in."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def begin_run(
    session: Session,
    source: str,
    partition: str,
    kind: RunKind,
    now: datetime,
    *,
    observed_on: datetime | None = None,
    is_sweep: bool = False,
    lease_time: timedelta = LEASE,
    after_run: int | None = None,
    rereads: Run | None = None,
) -> RunLease:
    """Take the partition's lease and open a run.

    A run that still stands as running although its lease has ended, or its process of this machine, is
    closed as failed: its worker stopped without reporting. `after_run` is the newest ended crawl that whoever
    found the partition due knew of, 0 for none: of several who found it due at once, one runs. `rereads` is
    the run whose evidence is read again: its time is taken, and how that is known.

    Raises:
        PartitionBusyError: if another run holds a lease that has not ended.
        AlreadyCrawledError: if a crawl has ended since `after_run`.
        CrawlingStoppedError: if it is a crawl, and all of them are stopped.
    """
    if kind == RunKind.CRAWL:
        require_crawling(session)
    if after_run is not None and find_ended_crawl(session, source, partition) != after_run:
        raise AlreadyCrawledError(source, partition)
    token = _take_lease(session, source, partition, now + lease_time, now)
    _close_abandoned(session, source, partition, now)
    run = Run(
        source=source,
        partition=partition,
        kind=kind,
        started_at=now,
        heartbeat_at=now,
        observed_at=rereads.observed_at if rereads else observed_on or now,
        observed_how=rereads.observed_how if rereads else DECLARED if observed_on else kind.value,
        lease_token=token,
        lease_until=now + lease_time,
        worker=mark_process(os.getpid()),
    )
    session.add(run)
    session.flush()
    if run.id is None:
        raise ValueError("a run has its id once it is flushed")
    place = (run.id, source, partition, token, find_place(session, rereads or run))
    return RunLease(*place, is_sweep, lease_time, kind is RunKind.REREAD)


def find_ended_crawl(session: Session, source: str, partition: str) -> int:
    """Id of the newest crawl of a partition that has ended, 0 if there is none."""
    return list_ended_crawls(session, source).get(partition, 0)


def list_ended_crawls(session: Session, source: str) -> dict[str, int]:
    """Ids of the newest crawls that have ended, by partition."""
    # One under way may end between being found overdue and being taken over.
    query = (
        select(Run.partition, func.max(Run.id))
        .where(Run.source == source, Run.kind == RunKind.CRAWL, col(Run.ended_at).is_not(None))
        .group_by(Run.partition)
    )
    return {partition: newest for partition, newest in session.exec(query) if newest}


def _take_lease(
    session: Session, source: str, partition: str, until: datetime, now: datetime
) -> int:
    mark = session.get(Checkpoint, (source, partition))
    if mark is None:
        mark = Checkpoint(source=source, partition=partition)
    if mark.lease_until is not None and mark.lease_until > now:
        holder = _find_holder(session, source, partition)
        if not is_gone(holder):
            raise PartitionBusyError(source, partition, show_process(holder), mark.lease_until)
    mark.lease_token += 1
    mark.lease_until = until
    session.add(mark)
    session.flush()
    return mark.lease_token


def _find_holder(session: Session, source: str, partition: str) -> str:
    running = select(Run.worker).filter_by(
        source=source, partition=partition, outcome=Outcome.RUNNING
    )
    return session.exec(running.order_by(col(Run.id).desc()).limit(1)).first() or ""


def _close_abandoned(session: Session, source: str, partition: str, now: datetime) -> None:
    running = update(Run).filter_by(source=source, partition=partition, outcome=Outcome.RUNNING)
    failed = {"outcome": Outcome.FAILED, "ended_at": now, "reason": WORKER_STOPPED}
    session.connection().execute(running.values(**failed))


class CheckpointValues(TypedDict, total=False):
    """What a transaction may move in its partition's checkpoint (`archive.models.Checkpoint`)."""

    cursor: str | None
    etag: str | None
    last_modified: str | None


def hold_lease(
    session: Session, lease: RunLease, now: datetime, **checkpoint: Unpack[CheckpointValues]
) -> None:
    """Renew the lease in the transaction of the data, and move the checkpoint with it.

    Raises:
        LeaseLostError: if a newer run has taken the partition; nothing of this transaction may stay.
    """
    # A walk goes on where it stood, whatever is read again meanwhile.
    moved = {} if lease.is_reread else checkpoint
    values = {"lease_until": now + lease.lease_time, "run_id": lease.run_id} | moved
    is_ours = (
        col(Checkpoint.source) == lease.source,
        col(Checkpoint.partition) == lease.partition,
        col(Checkpoint.lease_token) == lease.token,
    )
    result = session.connection().execute(update(Checkpoint).where(*is_ours).values(**values))
    if result.rowcount != 1:
        raise LeaseLostError(f"another run has taken over {lease.source}/{lease.partition}")


def has_newer_run(session: Session, lease: RunLease) -> bool:
    """Whether a run of a later observation time has read anything from the same source, or found it empty."""
    query = select(Run.id).where(
        Run.source == lease.source, col(Run.observed_at) > lease.observed_at, HAS_READ
    )
    return session.exec(query.limit(1)).first() is not None


def note_progress(
    session: Session, lease: RunLease, counts: Counts, now: datetime, cursor: str | None = None
) -> None:
    """Add a page and its counts to the run, in the page's own transaction."""
    values: dict[str, Any] = {
        field.name: getattr(Run, field.name) + getattr(counts, field.name)
        for field in fields(counts)
    }
    values |= {"pages": Run.pages + 1, "cursor": cursor}
    _set_run(session, lease, **values, heartbeat_at=now, lease_until=now + lease.lease_time)


def _set_run(session: Session, lease: RunLease, **values: Any) -> None:  # noqa: ANN401 (any column)
    session.connection().execute(update(Run).where(col(Run.id) == lease.run_id).values(**values))


def note_alive(session: Session, lease: RunLease, now: datetime) -> None:
    """Say that a run is alive between its pages, and keep its lease.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
    """
    hold_lease(session, lease, now)
    _set_run(session, lease, heartbeat_at=now, lease_until=now + lease.lease_time)


def count_pages(session: Session, lease: RunLease) -> int:
    """Pages of a run that are committed."""
    return session.exec(select(Run.pages).where(Run.id == lease.run_id)).one()


def has_begun(session: Session, lease: RunLease) -> bool:
    """Whether the row of a run is in the archive."""
    return session.get(Run, lease.run_id) is not None


def has_ended(session: Session, lease: RunLease) -> bool:
    """Whether a run was closed."""
    run = session.get(Run, lease.run_id)
    return run is not None and run.outcome != Outcome.RUNNING


def end_run(
    session: Session,
    lease: RunLease,
    outcome: Outcome,
    now: datetime,
    *,
    reason: str = "",
    complete: bool = False,
    not_read: list[str] | None = None,
    not_before_at: datetime | None = None,
    vanished: int = 0,
    withdrawn: int = 0,
) -> None:
    """Close a run with its outcome and give the lease back.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
    """
    start_over: CheckpointValues = {"cursor": None} if outcome in ENDED_WELL else {}
    hold_lease(session, lease, now, **start_over)
    hold_until_now = update(Checkpoint).where(
        col(Checkpoint.source) == lease.source, col(Checkpoint.partition) == lease.partition
    )
    session.connection().execute(hold_until_now.values(lease_until=None))
    _set_run(
        session,
        lease,
        outcome=outcome,
        ended_at=now,
        heartbeat_at=now,
        reason=reason,
        complete=complete,
        not_read=not_read or [],
        not_before_at=not_before_at,
        vanished=vanished,
        withdrawn=withdrawn,
        lease_until=None,
    )
    append_seen(session, lease.run_id, lease.source, now)


def read_cursor(session: Session, source: str, partition: str) -> str | None:
    """Where the next run of a partition goes on; empty: from its start."""
    mark = session.get(Checkpoint, (source, partition))
    return mark.cursor if mark else None


def last_runs(session: Session) -> dict[str, Run]:
    """The newest ended run of each source, by the source's id."""
    ended = (col(Run.ended_at).is_not(None), col(Run.kind) != RunKind.REREAD)
    newest = select(func.max(Run.id)).where(*ended).group_by(Run.source)
    return {run.source: run for run in session.exec(select(Run).where(col(Run.id).in_(newest)))}
