"""How processes of one archive keep out of each other's way: leases, and shares of a request budget.

`scrapers/work/dispatch/singleton_lease.py` and `scrapers/fetching/budget.py` own the tables; nothing of them
is about a source's data.
"""

from datetime import datetime, timedelta

from sqlmodel import Field, SQLModel

BUDGET_WINDOW = timedelta(hours=1)
"""Requests are counted by the hour."""
QUEUE_SCHEMA = "work_queue"
"""PostgreSQL schema of the queue's tables: procrastinate's own, made by
`scrapers/work/dispatch/queue_schema.py`."""


class SingletonLease(SQLModel, table=True):
    """What only one process may do at a time, and which one does it."""

    __tablename__ = "singleton_lease"

    name: str = Field(
        primary_key=True, description="What it is for: `scheduler`, `worker` or `mail`."
    )
    worker: str = Field(description="Machine and process that holds it, or held it last.")
    token: int = Field(description="Fence: raised each time another process takes the lease.")
    lease_until: datetime | None = Field(
        default=None, description="When the hold ends unless renewed; empty: it was given back."
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
