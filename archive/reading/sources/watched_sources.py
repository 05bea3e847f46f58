"""Sources as whoever keeps the archive sees them: partition by partition, and what stands out.

The API's list of sources, its feed and `paidforby sources` ask it; it writes nothing.
"""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel

from archive.reading.sources.sources import list_sources
from archive.reading.views import SourceView
from archive.runs.alerts import Alert, find_silent, list_alerts, list_findings
from archive.runs.partitions import (
    PartitionStatus,
    find_last_complete,
    find_worst,
    list_partitions,
)

FINDINGS_TOLD = 50


class AlertView(SQLModel):
    """One thing about a source that somebody should look at."""

    id: str = Field(description="Name of it that never changes.")
    kind: str = Field(
        description="silent, few_records, many_records, fall, blank_field or credential."
    )
    partition: str = Field(description="Partition it is about; empty: the source as a whole.")
    reason: str = Field(description="What was found and what was expected, in plain words.")
    since_at: datetime = Field(description="Since when.")


class PartitionView(SQLModel):
    """How one partition of a source stands."""

    partition: str = Field(description="Partition.")
    every_seconds: float | None = Field(
        description="Time between runs as the schedule promises them; empty: nobody promises any."
    )
    last_complete_at: datetime | None = Field(
        description="When the source last answered a run of it that went to its end; empty: never."
    )
    outcome: str = Field(description="How its newest run that is over ended; empty: there is none.")
    ended_at: datetime | None = Field(description="When that was.")
    is_overdue: bool = Field(description="A run that was promised is late.")
    silent_since_at: datetime | None = Field(
        description="Since when it counts as silent: not seen whole for two rounds; empty: it does not."
    )


class WatchedSourceView(SourceView):
    """A source, its last complete run, and what stands out about it now."""

    last_complete_at: datetime | None = Field(
        description="When the source last answered a run that went to its end; of several partitions that "
        "are promised runs, that for which it is longest ago; empty: never."
    )
    outcome: str = Field(
        description="How the newest run of its worst partition ended; empty: no run is over yet."
    )
    partitions: list[PartitionView] = Field(
        description="Partitions that are promised runs; without a promise, those that had any."
    )
    alerts: list[AlertView] = Field(description="What stands out now; empty: nothing.")


def list_watched_sources(session: Session, now: datetime) -> list[WatchedSourceView]:
    """Every source with its counts, its runs and what stands out, by id."""
    alerts, partitions = list_alerts(session, now), list_partitions(session, now)
    shown = []
    for source in list_sources(session, now):
        own = [each for each in partitions if each.source == source.id]
        worst = find_worst(own)
        told = {
            "last_complete_at": find_last_complete(own),
            "outcome": worst.outcome if worst else "",
            "partitions": [show_partition(each, now) for each in own],
            "alerts": [show_alert(alert) for alert in alerts if alert.source == source.id],
        }
        shown.append(WatchedSourceView.model_validate(source, update=told))
    return shown


def show_partition(status: PartitionStatus, now: datetime) -> PartitionView:
    """A partition as readers see it: without the words of its source."""
    return PartitionView(
        partition=status.partition,
        every_seconds=status.every.total_seconds() if status.every else None,
        last_complete_at=status.last_complete_at,
        outcome=status.outcome,
        ended_at=status.ended_at,
        is_overdue=status.is_overdue(now),
        silent_since_at=status.silent_at if status.is_silent(now) else None,
    )


def list_told_alerts(session: Session, now: datetime) -> list[Alert]:
    """Silent partitions and what monitors found lately, also what is over since; newest first."""
    told = [*find_silent(session, now), *list_findings(session, FINDINGS_TOLD)]
    return sorted(told, key=lambda alert: alert.since_at, reverse=True)[:FINDINGS_TOLD]


def show_alert(alert: Alert) -> AlertView:
    """An alert as readers see it."""
    return AlertView.model_validate(vars(alert))
