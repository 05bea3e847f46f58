"""How processes of one archive keep out of each other's way: leases, request budgets, and the stop of all.

`archive/runs/singleton_lease.py`, `archive/runs/workers.py`, `scrapers/fetching/budget.py` and
`archive/runs/crawling_stops.py` own the tables; nothing of them is about a source's data.
"""

from datetime import datetime, timedelta

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID

BUDGET_WINDOW = timedelta(hours=1)
"""Requests are counted by the hour."""
QUEUE_SCHEMA = "work_queue"
"""PostgreSQL schema of the queue's tables: procrastinate's own, made by
`scrapers/work/dispatch/queue_schema.py`."""


class SingletonLease(SQLModel, table=True):
    """What only one process may do at a time, and which one does it."""

    __tablename__ = "singleton_lease"

    name: str = Field(
        primary_key=True,
        description="What it is for: `scheduler`, `worker`, `mail`, or a search copy by its name.",
    )
    worker: str = Field(
        description="Machine and process that holds it, or held it last, as `run.worker` names it."
    )
    token: int = Field(description="Fence: raised each time another process takes the lease.")
    taken_at: datetime | None = Field(
        default=None, description="Since when that process holds it, or when it took it last."
    )
    lease_until: datetime | None = Field(
        default=None, description="When the hold ends unless renewed; empty: it was given back."
    )


class WorkerHeartbeat(SQLModel, table=True):
    """A process that crawls or schedules, while it lives; one that was killed leaves its row for a day."""

    __tablename__ = "worker_heartbeat"

    name: str = Field(primary_key=True, description="Machine and process: `host/4711`.")
    kind: str = Field(
        description="scheduler, worker, or queue: a worker that takes from the queue."
    )
    since_at: datetime = Field(description="Since when it is at work.")
    heartbeat_at: datetime = Field(description="When it last said that it is alive.")
    crawls: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="What it is crawling: `source/partition` each.",
    )


class RequestBudget(SQLModel, table=True):
    """What one key of one source has used of what it may ask, all workers together."""

    __tablename__ = "request_budget"

    key: str = Field(
        primary_key=True,
        description="The source, and the beginning of the SHA-256 of the secret shown to it, if any.",
    )
    window_started_at: datetime = Field(description="When the hour began that is counted.")
    used: int = Field(description="Requests sent within that hour.")
    not_before_at: datetime = Field(
        description="No request before this: what the source asked for, or our own pace."
    )
    requests_per_hour: int | None = Field(
        default=None,
        description="Most requests within an hour, as whoever asked last knew it; empty: nobody names "
        "a number.",
    )


class CrawlingStop(SQLModel, table=True):
    """A time in which nothing was fetched because somebody stopped it; a row is never taken away."""

    __tablename__ = "crawling_stop"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    stopped_at: datetime = Field(description="Since when.")
    stopped_by: str = Field(description="Who stopped it.")
    because: str = Field(description="Why, in that person's words, as everyone is shown it.")
    resumed_at: datetime | None = Field(
        default=None, description="When it went on; empty: it is stopped still."
    )
    resumed_by: str | None = Field(default=None, description="Who let it go on.")
    resumed_because: str | None = Field(default=None, description="Why, in that person's words.")
