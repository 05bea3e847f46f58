"""Alerts: which partitions have fallen silent, and what the monitors last found at the others.

Commands, the API, pages, feeds and mail ask `list_alerts`. It reads what `archive.runs.monitors` wrote and
checks no run itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from archive.models import MonitorFinding, Run
from archive.models.runs import ENDED_WELL
from archive.runs.partitions import PartitionStatus, list_partitions
from archive.runs.promises import ROUNDS_TO_SILENCE
from archive.store.clock import find_newest_time, tell_clock
from config.counts import write_count

SILENT = "silent"
"""Kind of an alert about a partition that has not been seen whole for too long."""

CLOCK = "clock"
"""Kind of the alert that this machine's clock is behind the archive, about no source."""


@dataclass(frozen=True)
class Alert:
    """One thing about a source that somebody should look at."""

    id: str
    """Name of it that never changes, such as `finding/12`."""
    source: str
    kind: str
    """`silent`, a `Monitor`, `credential` or `clock`."""
    reason: str
    since_at: datetime
    partition: str = ""
    """Empty: it is about the source as a whole."""


def list_alerts(session: Session, now: datetime) -> list[Alert]:
    """What stands out now: silent partitions, then what the newest runs differ in; by source."""
    found = [show_finding(each) for each in _current_findings(session)]
    alerts = [*_find_clock(session, now), *find_silent(session, now), *found]
    return sorted(alerts, key=lambda alert: alert.source)


def list_findings(session: Session, limit: int) -> list[Alert]:
    """What monitors ever found, newest first."""
    query = select(MonitorFinding).order_by(col(MonitorFinding.id).desc()).limit(limit)
    return [show_finding(finding) for finding in session.exec(query)]


def find_silent(session: Session, now: datetime) -> list[Alert]:
    """Partitions without a complete run for as many rounds as may be missed; each until it is seen whole."""
    statuses = list_partitions(session, now)
    return [_tell_silence(status) for status in statuses if status.is_silent(now)]


def _find_clock(session: Session, now: datetime) -> list[Alert]:
    """That this machine's clock and the archive contradict each other."""
    newest = find_newest_time(session)
    if newest is None or not (told := tell_clock(session, now)):
        return []
    return [Alert(f"clock/{newest:%Y-%m-%dT%H:%MZ}", "", CLOCK, told, now)]


def _tell_silence(status: PartitionStatus) -> Alert:
    since_at, last = status.silent_at, status.last_complete_at
    if since_at is None or status.every is None:
        raise ValueError("only what is promised falls silent")
    seen = f"the last was on {last:%Y-%m-%d %H:%M} UTC" if last else "there never was one"
    reason = f"no complete look for {_tell_span(ROUNDS_TO_SILENCE * status.every)}: {seen}"
    if status.ended_at and status.outcome not in ENDED_WELL:
        reason += f"; the last run was {status.outcome} on {status.ended_at:%Y-%m-%d %H:%M} UTC"
    name = f"silent/{status.source}/{status.partition}/{since_at:%Y-%m-%dT%H:%MZ}"
    told = f"{status.partition}: {reason}"
    return Alert(name, status.source, SILENT, told, since_at, status.partition)


def show_finding(finding: MonitorFinding) -> Alert:
    """A finding as an alert."""
    reason = f"{finding.partition}: {finding.reason}"
    name = f"finding/{finding.id}"
    about = (finding.source, finding.monitor, reason, finding.found_at, finding.partition)
    return Alert(name, *about)


def _current_findings(session: Session) -> list[MonitorFinding]:
    """Findings about the newest run of each partition that ended well and read anything."""
    newest = (
        select(func.max(Run.id))
        .where(col(Run.outcome).in_(ENDED_WELL), or_(col(Run.seen) > 0, _has_finding()))
        .group_by(Run.source, Run.partition)
    )
    query = select(MonitorFinding).where(col(MonitorFinding.run_id).in_(newest))
    return list(session.exec(query.order_by(col(MonitorFinding.id))))


def _has_finding() -> ColumnElement[bool]:
    return select(MonitorFinding.id).where(col(MonitorFinding.run_id) == col(Run.id)).exists()


def _tell_span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3_600)
    if span >= timedelta(days=2):
        return write_count(span.days, "day")
    if hours > 1:
        return write_count(hours, "hour")
    return write_count(int(span.total_seconds() // 60), "minute")
