"""What only one process may do at a time: held by a row with a lease, and fenced like a run.

Whoever schedules takes the lease here before it starts anything, and so does whoever mails or fills a
search copy. A process that was killed leaves a lease that ends; one that stalled and was replaced learns so
when it next speaks up.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from archive.errors import ArchiveError
from archive.models import SingletonLease
from archive.runs.processes import is_gone, mark_process, show_process
from archive.store.database import write

SCHEDULER = "scheduler"
"""`paidforby scheduler`: fills the queue."""
WORKER = "worker"
"""The one that schedules, of those that run `paidforby worker`."""

RIVALS = {WORKER: SCHEDULER, SCHEDULER: WORKER}
HOW_TO_FIX = {
    WORKER: "here a worker takes from the queue: paidforby worker --queue; to work without a queue, stop "
    "the scheduler first",
    SCHEDULER: "stop every such worker first; beside a scheduler, workers take from the queue: paidforby "
    "worker --queue",
}


RENEWALS_PER_LEASE = 3


class SingletonTakenError(ArchiveError):
    """Another process does this already, or has taken it over."""

    def __init__(self, message: str, worker: str = "", since: datetime | None = None) -> None:
        super().__init__(message)
        self.worker, self.since = worker, since


class RivalError(ArchiveError):
    """Work on this archive is dispatched in the other way."""


@dataclass(frozen=True)
class HeldSingletonLease:
    """A singleton lease this process holds, and its fence."""

    name: str
    token: int
    lease_time: timedelta


def require_no_rival(session: Session, name: str, now: datetime) -> None:
    """Refuse a scheduler while a worker schedules, and a worker while there is a scheduler.

    Raises:
        RivalError: naming who is at work, and how to fix it.
    """
    rival = session.get(SingletonLease, RIVALS[name])
    if rival is not None and _is_held(rival, now):
        raise RivalError(
            f"paidforby {rival.name} is at work on this archive: {_tell_holder(rival)}; "
            f"{HOW_TO_FIX[name]}"
        )


def take_singleton(
    session: Session, name: str, lease_time: timedelta, now: datetime
) -> HeldSingletonLease:
    """Take a lease that nobody holds, or whose holder is gone or has been silent for its lease.

    Raises:
        SingletonTakenError: naming who holds it, and until when.
    """
    singleton = session.get(SingletonLease, name) or SingletonLease(name=name, worker="", token=0)
    if _is_held(singleton, now):
        message = f"there is a {name} already: {_tell_holder(singleton)}"
        raise SingletonTakenError(message, show_process(singleton.worker), singleton.taken_at)
    singleton.taken_at = now
    singleton.worker = mark_process(os.getpid())
    singleton.token += 1
    singleton.lease_until = now + lease_time
    session.add(singleton)
    session.flush()
    return HeldSingletonLease(name, singleton.token, lease_time)


@contextmanager
def holding_singleton(
    engine: Engine, name: str, lease_time: timedelta, now: datetime
) -> Iterator[HeldSingletonLease]:
    """Hold a lease for as long as the block takes, and say meanwhile that this process is alive.

    Raises:
        SingletonTakenError: if another process holds it.
    """
    with write(engine) as session:
        held = take_singleton(session, name, lease_time, now)
    is_over = Event()
    renewing = Thread(target=_renew, args=(engine, held, now, is_over), daemon=True)
    renewing.start()
    try:
        yield held
    finally:
        is_over.set()
        renewing.join()
        # Taken over meanwhile, it is no longer ours to give back; one that cannot be ends by itself.
        with suppress(SingletonTakenError, SQLAlchemyError), write(engine) as session:
            release_singleton(session, held)


def _renew(engine: Engine, held: HeldSingletonLease, now: datetime, is_over: Event) -> None:
    began = time.monotonic()
    while not is_over.wait(held.lease_time.total_seconds() / RENEWALS_PER_LEASE):
        passed = timedelta(seconds=time.monotonic() - began)
        # Whoever lost the lease, or the database, learns so by what it writes next.
        with suppress(SingletonTakenError, SQLAlchemyError), write(engine) as session:
            keep_singleton(session, held, now + passed)


def _is_held(singleton: SingletonLease, now: datetime) -> bool:
    until = singleton.lease_until
    return until is not None and until > now and not is_gone(singleton.worker)


def _tell_holder(singleton: SingletonLease) -> str:
    until = f"{singleton.lease_until:%Y-%m-%d %H:%M:%S} UTC"
    return f"{show_process(singleton.worker)}, until {until} unless it says again that it is alive"


def keep_singleton(session: Session, held: HeldSingletonLease, now: datetime) -> None:
    """Renew the lease.

    Raises:
        SingletonTakenError: if another process has taken the lease over.
    """
    _set_lease(session, held, now + held.lease_time)


def require_held(session: Session, held: HeldSingletonLease) -> None:
    """Make sure that nobody has taken the lease over, though it may have ended.

    Raises:
        SingletonTakenError: if another process has.
    """
    singleton = session.get(SingletonLease, held.name)
    if singleton is None or singleton.token != held.token:
        raise SingletonTakenError(f"another process has taken over as {held.name}")


def release_singleton(session: Session, held: HeldSingletonLease) -> None:
    """End the lease now, so that the next process need not wait for it.

    Raises:
        SingletonTakenError: if another process has taken the lease over.
    """
    _set_lease(session, held, None)


def _set_lease(session: Session, held: HeldSingletonLease, until: datetime | None) -> None:
    ours = (col(SingletonLease.name) == held.name, col(SingletonLease.token) == held.token)
    result = session.connection().execute(
        update(SingletonLease).where(*ours).values(lease_until=until)
    )
    if result.rowcount != 1:
        raise SingletonTakenError(f"another process has taken over as {held.name}")
