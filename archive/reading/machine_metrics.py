"""What a monitoring system is told about the machine and its copies: room, size, lag, who works.

`api.routes.metrics` asks. Each figure costs a look at a file or at one row, however large the archive is.
"""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import text
from sqlmodel import Session, col, select

from archive.models import Change
from archive.models.changes import ChangeKind
from archive.runs.workers import is_alive, list_workers
from archive.store.changes import last_change_seq
from archive.store.home_facts import read_last_backup
from config.settings import Settings

KINDS = ("scheduler", "worker", "queue")


def read_machine_metrics(
    session: Session, settings: Settings, positions: Mapping[str, int], now: datetime
) -> list[Metric]:
    """The metrics; `positions`: up to which change each copy that was ever filled has followed."""
    metrics = [
        *_tell_lag(session, positions, now),
        *_tell_room(session, settings),
        *_tell_workers(session, now),
        _tell_backup(session, now),
    ]
    return [metric for metric in metrics if metric.samples]


def _tell_lag(
    session: Session, positions: Mapping[str, int], now: datetime
) -> Iterator[GaugeMetricFamily]:
    told = "Changes of the archive that the copy has not followed yet."
    changes = GaugeMetricFamily("paidforby_copy_lag_changes", told, labels=["copy"])
    told = "Age of the oldest change that the copy has not followed yet; 0: there is none."
    ages = GaugeMetricFamily("paidforby_copy_lag_seconds", told, labels=["copy"], unit="seconds")
    last = last_change_seq(session)
    for copy, seq in positions.items():
        # Creatives are counted after most copies have followed, and only search looks at them.
        oldest = session.exec(
            select(Change.recorded_at)
            .where(col(Change.seq) > seq, Change.kind != ChangeKind.AD_CREATIVE)
            .order_by(col(Change.seq))
            .limit(1)
        ).first()
        # Numbers of the sequence may lack; this many changes there are at most.
        changes.add_metric([copy], max(0, last - seq) if oldest else 0)
        ages.add_metric([copy], max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
    yield from (changes, ages)


def _tell_room(session: Session, settings: Settings) -> Iterator[GaugeMetricFamily]:
    figures = [
        ("paidforby_database_size_bytes", "Size of the database.", _measure_database(session))
    ]
    if settings.home.is_dir():
        disk = shutil.disk_usage(settings.home)
        figures += [
            ("paidforby_disk_free_bytes", "Room left on the disk of the home folder.", disk.free),
            ("paidforby_disk_size_bytes", "Size of the disk of the home folder.", disk.total),
        ]
    for name, told, value in figures:
        yield GaugeMetricFamily(name, told, value, unit="bytes")


def _measure_database(session: Session) -> int:
    bind = session.get_bind()
    if bind.dialect.name == "postgresql":
        query = text("SELECT pg_database_size(current_database())")
        return int(session.connection().execute(query).scalar_one())
    file = Path(str(bind.engine.url.database))
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _tell_workers(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    told = "Processes that are alive, by what they do: queue takes from the queue, worker does all of it."
    alive = GaugeMetricFamily("paidforby_workers_alive", told, labels=["kind"])
    told = "Time since the last of them said that it is alive; none: there was none within a day."
    ages = GaugeMetricFamily(
        "paidforby_worker_heartbeat_age_seconds", told, labels=["kind"], unit="seconds"
    )
    found = list_workers(session)
    for kind in KINDS:
        own = [each for each in found if each.kind == kind]
        alive.add_metric([kind], sum(is_alive(each, now) for each in own))
        if own:
            newest = max(each.heartbeat_at for each in own)
            ages.add_metric([kind], max(0.0, (now - newest).total_seconds()))
    yield from (alive, ages)


def _tell_backup(session: Session, now: datetime) -> Metric:
    told = "Time since the moment that the last backup shows; none: there never was one."
    age = GaugeMetricFamily("paidforby_last_backup_age_seconds", told, unit="seconds")
    if made_at := read_last_backup(session):
        age.add_metric([], max(0.0, (now - made_at).total_seconds()))
    return age
