"""What the monitors found at the sources, how often a partition is promised a run, what was mailed.

`archive.runs.monitors` writes the findings, `archive.runs.promises` the promises,
`scrapers.work.dispatch.alerting` the mails.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class Monitor(StrEnum):
    """What is compared with what the source is expected to give."""

    FEW_RECORDS = "few_records"
    MANY_RECORDS = "many_records"
    FALL = "fall"
    BLANK_FIELD = "blank_field"


class MonitorFinding(SQLModel, table=True):
    """One thing about a run that differs from what its source is expected to give."""

    __tablename__ = "monitor_finding"
    __table_args__ = (Index("monitor_finding_by_source", "source", "id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    run_id: int = Field(
        foreign_key="run.id", index=True, sa_type=BIG_ID, description="The run it is about."
    )
    source: str = Field(description="Source.")
    partition: str = Field(description="Partition crawled.")
    monitor: str = Field(description="few_records, many_records, fall or blank_field.")
    field: str | None = Field(default=None, description="Field that is blank too often.")
    reason: str = Field(description="What was found and what was expected, in plain words.")
    figures: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="The figures that were compared, by name."
    )
    found_at: datetime = Field(description="When the run ended.")


class CrawlPromise(SQLModel, table=True):
    """How often a partition is promised a crawl, and in which time; a row is ended, never changed."""

    __tablename__ = "crawl_promise"

    source: str = Field(primary_key=True, description="Source.")
    partition: str = Field(primary_key=True, description="Partition.")
    since_at: datetime = Field(
        primary_key=True, description="When whoever crawls first read that in the schedule."
    )
    until_at: datetime | None = Field(
        default=None, description="When the schedule said otherwise; empty: it holds."
    )
    every_seconds: int = Field(description="Time between runs of the partition.")


class MailedAlert(SQLModel, table=True):
    """An alert that was mailed, so that it is mailed once."""

    __tablename__ = "mailed_alert"

    alert_id: str = Field(primary_key=True, description="Name of the alert that never changes.")
    mailed_at: datetime = Field(description="When a mail server took it.")
