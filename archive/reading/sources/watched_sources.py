"""Sources as whoever keeps the archive sees them: with their last complete run and what stands out.

The API's list of sources, its feed and `paidforby sources` ask it; it writes nothing.
"""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel

from archive.reading.sources.sources import list_sources
from archive.reading.views import SourceView
from archive.runs.alerts import Alert, find_silent, list_alerts, list_findings, read_last_crawls

FINDINGS_TOLD = 50


class AlertView(SQLModel):
    """One thing about a source that somebody should look at."""

    id: str = Field(description="Name of it that never changes.")
    kind: str = Field(
        description="silent, few_records, many_records, fall, blank_field or credential."
    )
    reason: str = Field(description="What was found and what was expected, in plain words.")
    since_at: datetime = Field(description="Since when.")


class WatchedSourceView(SourceView):
    """A source, its last complete run, and what stands out about it now."""

    last_complete_at: datetime | None = Field(
        description="When the source last answered a run that went to its end; empty: never."
    )
    alerts: list[AlertView] = Field(description="What stands out now; empty: nothing.")


def list_watched_sources(session: Session, now: datetime) -> list[WatchedSourceView]:
    """Every source with its counts, its runs and what stands out, by id."""
    completed, alerts = read_last_crawls(session), list_alerts(session, now)
    return [
        WatchedSourceView.model_validate(
            source,
            update={
                "last_complete_at": completed.get(source.id),
                "alerts": [show_alert(alert) for alert in alerts if alert.source == source.id],
            },
        )
        for source in list_sources(session)
    ]


def list_told_alerts(session: Session, now: datetime) -> list[Alert]:
    """Silent sources and what monitors found lately, also what is over since; newest first."""
    told = [*find_silent(session, now), *list_findings(session, FINDINGS_TOLD)]
    return sorted(told, key=lambda alert: alert.since_at, reverse=True)[:FINDINGS_TOLD]


def show_alert(alert: Alert) -> AlertView:
    """An alert as readers see it."""
    return AlertView(id=alert.id, kind=alert.kind, reason=alert.reason, since_at=alert.since_at)
