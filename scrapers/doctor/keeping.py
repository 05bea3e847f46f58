"""How what is kept is kept: room on the disk, by this archive's own growth, backups, the last checks."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from archive.errors import ArchiveError
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read
from archive.store.growth import Growth, read_growth
from archive.store.home_facts import judge_backup
from archive.store.kept_findings import read_findings, tell_findings
from config.counts import write_count
from config.settings import Settings
from scrapers.doctor.findings import Finding

T = TypeVar("T")

LOOKED_AT = timedelta(days=30)
WARNED_DAYS, LACKING_DAYS = 30, 3
"""Room for fewer days is a warning; for so few, a fault."""
MOST_DAYS = 3_650
"""Nobody believes in a longer forecast."""


def examine_disk(settings: Settings, now: datetime) -> Finding:
    """Room at the home, or at the folder it will be made in, and for how many days it lasts."""
    folder = settings.home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    spare = free - (settings.disk_reserve_mb << 20)
    told = f"{free / (1 << 30):,.1f} GiB free at {settings.home}"
    advice = "make room, or a larger disk"
    blobs = BlobStore(settings.blobs_dir)
    growth = _ask_archive(settings, lambda session: read_growth(session, blobs, now, LOOKED_AT))
    if spare <= 0:
        told = f"{told}, and {settings.disk_reserve_mb:,} MB are to stay free"
        return Finding("disk", False, told, to_type=advice)
    if growth is None or not growth.bytes_per_day:
        return Finding(
            "disk", True, f"{told}; nothing came in of late that a forecast could rest on"
        )
    days = spare / growth.bytes_per_day
    told = f"{told}; {tell_forecast(growth, days)}"
    return Finding("disk", days >= LACKING_DAYS, told, to_type=advice, warns=days < WARNED_DAYS)


def tell_forecast(growth: Growth, days: float) -> str:
    """For how long there is room, by what, and which source takes the most of it."""
    room = (
        f"room for about {write_count(round(days), 'day')}"
        if days < 3_650
        else "room for more than ten years"
    )
    span = "last day" if growth.days < 2 else f"last {write_count(round(growth.days), 'day')}"
    told = f"{room} at what came in during the {span}"
    most = growth.evidence_bytes.most_common(1)
    return f"{told}, most of it {most[0][0]}" if most and most[0][1] else told


def examine_backup(settings: Settings, now: datetime) -> Finding | None:
    """How old the last backup is; nothing where there is no archive, which is said of the archive."""

    def ask(session: Session) -> Finding:
        told, is_old = judge_backup(session, now)
        return Finding("backup", True, told, to_type="paidforby backup --to DIR", warns=is_old)

    return _ask_archive(settings, ask)


def examine_findings(settings: Settings) -> Finding:
    """What was last found of what is kept: not looked at again here, since that takes long."""
    findings = read_findings(settings)
    if told := tell_findings(findings):
        return Finding("contents", False, told, to_type="paidforby verify")
    when = f"sound on {max(each.found_at for each in findings):%d %b %Y}" if findings else "never"
    return Finding("contents", True, f"last verified: {when}")


def _ask_archive(settings: Settings, ask: Callable[[Session], T]) -> T | None:
    """An answer of the archive; `None` where none can be read, which is said of the archive."""
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return None
    try:
        engine = open_archive(settings)
    except (ArchiveError, SQLAlchemyError):
        return None
    try:
        with read(engine) as session:
            return ask(session)
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()
