"""Alerts: which sources have fallen silent, and what the monitors last found at the others.

Who crawls on a schedule calls `note_rhythm`; commands, the API, pages, feeds and mail ask
`list_alerts`. It reads what `archive.runs.monitors` wrote and checks no run itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from archive.models import CrawlPromise, MonitorFinding, Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from config.counts import write_count

SILENT = "silent"
"""Kind of an alert about a source that has not been seen whole for too long."""
ROUNDS_TO_SILENCE = 2
"""Rounds of its schedule that a source may miss before it counts as silent."""


@dataclass(frozen=True)
class Alert:
    """One thing about a source that somebody should look at."""

    id: str
    """Name of it that never changes, such as `finding/12`."""
    source: str
    kind: str
    """`silent`, a `Monitor`, or `credential`."""
    reason: str
    since_at: datetime


def note_rhythm(session: Session, source: str, every: timedelta | None, now: datetime) -> None:
    """Keep how often a source is promised a run; `None`: it is no longer."""
    connection = session.connection()
    if every is None:
        connection.execute(delete(CrawlPromise).where(col(CrawlPromise.source) == source))
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"every_seconds": int(every.total_seconds())}
    # Several crawls of a source begin at once, and each may be the first.
    connection.execute(
        insert(CrawlPromise)
        .values(source=source, since_at=now, **values)
        .on_conflict_do_update(index_elements=["source"], set_=values)
    )


def list_alerts(session: Session, now: datetime) -> list[Alert]:
    """What stands out now: silent sources, then what the newest runs differ in; by source."""
    alerts = [*find_silent(session, now), *(show_finding(f) for f in _current_findings(session))]
    return sorted(alerts, key=lambda alert: alert.source)


def list_findings(session: Session, limit: int) -> list[Alert]:
    """What monitors ever found, newest first."""
    query = select(MonitorFinding).order_by(col(MonitorFinding.id).desc()).limit(limit)
    return [show_finding(finding) for finding in session.exec(query)]


def find_silent(session: Session, now: datetime) -> list[Alert]:
    """Sources without a complete run within twice the time between runs that is promised."""
    newest = read_last_crawls(session)
    alerts = []
    for rhythm in session.exec(select(CrawlPromise).order_by(col(CrawlPromise.source))):
        every = timedelta(seconds=rhythm.every_seconds)
        last = newest.get(rhythm.source)
        since_at = max(last or rhythm.since_at, rhythm.since_at) + ROUNDS_TO_SILENCE * every
        if since_at < now:
            seen = f"the last was on {last:%Y-%m-%d %H:%M} UTC" if last else "there never was one"
            reason = f"no complete look for {_tell_span(ROUNDS_TO_SILENCE * every)}: {seen}"
            name = f"silent/{rhythm.source}/{since_at:%Y-%m-%dT%H:%MZ}"
            alerts.append(Alert(name, rhythm.source, SILENT, reason, since_at))
    return alerts


def read_last_crawls(session: Session) -> dict[str, datetime]:
    """When each source was last crawled to the end, by its id."""
    newest: dict[str, datetime] = {}
    for (source, _), at in read_last_crawls_by_partition(session).items():
        newest[source] = max(at, newest.get(source, at))
    return newest


def read_last_crawls_by_partition(session: Session) -> dict[tuple[str, str], datetime]:
    """When each partition was last crawled to the end, by its source and name.

    A crawl that ended well counts although it was no sweep: it may have gone on from a cursor, or the
    source may be one that nobody can see the whole of.
    """
    well = and_(col(Run.kind) == RunKind.CRAWL, col(Run.outcome) == Outcome.DONE)
    query = (
        select(Run.source, Run.partition, func.max(Run.observed_at))
        .where(or_(col(Run.complete), well))
        .group_by(Run.source, Run.partition)
    )
    return {(source, partition): at for source, partition, at in session.exec(query)}


def show_finding(finding: MonitorFinding) -> Alert:
    """A finding as an alert."""
    reason = f"{finding.partition}: {finding.reason}"
    name = f"finding/{finding.id}"
    return Alert(name, finding.source, finding.monitor, reason, finding.found_at)


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
