"""Processes that crawl or schedule, and whether they live: each says so at every tick.

The workers and the scheduler write it (`scrapers.work.dispatch`); `paidforby workers`, the doctor and
metrics read it.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from archive.models import WorkerHeartbeat
from archive.runs.processes import name_process

ALIVE_FOR = timedelta(minutes=2)
"""Ticks are half a minute apart at most; a process that has missed several of them counts as dead."""
FORGOTTEN_AFTER = timedelta(days=1)


def note_worker(
    session: Session, kind: str, since_at: datetime, crawls: Sequence[str], now: datetime
) -> None:
    """Say that this process is alive and what it crawls; rows of the long dead go."""
    session.connection().execute(
        delete(WorkerHeartbeat).where(col(WorkerHeartbeat.heartbeat_at) < now - FORGOTTEN_AFTER)
    )
    session.merge(
        WorkerHeartbeat(
            name=name_process(os.getpid()),
            kind=kind,
            since_at=since_at,
            heartbeat_at=now,
            crawls=sorted(crawls),
        )
    )


def forget_worker(session: Session) -> None:
    """Take this process out: it ends as it was told to."""
    own = col(WorkerHeartbeat.name) == name_process(os.getpid())
    session.connection().execute(delete(WorkerHeartbeat).where(own))


def list_workers(session: Session, host: str = "") -> list[WorkerHeartbeat]:
    """Who is at work or was within a day, by name; `host`: only on this machine."""
    query = select(WorkerHeartbeat).order_by(WorkerHeartbeat.name)
    found = session.exec(query)
    return [each for each in found if not host or each.name.rpartition("/")[0] == host]


def is_alive(worker: WorkerHeartbeat, now: datetime) -> bool:
    """Whether a process has said lately that it is alive."""
    return worker.heartbeat_at > now - ALIVE_FOR
