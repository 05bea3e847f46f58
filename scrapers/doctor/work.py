"""The clock, the home that machines share, who is at work, and what of the schedule is late."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from archive.errors import ArchiveError
from archive.records.escaping import escape_text
from archive.runs.partitions import list_partitions
from archive.runs.workers import is_alive, list_workers
from archive.store.clock import tell_clock
from archive.store.database import open_archive, read
from archive.store.home import tell_home
from archive.terminal import format_time
from config.settings import Settings
from scrapers.doctor.access import examine_keys
from scrapers.doctor.findings import Finding

NAMED_AT_MOST = 6


def examine_work(settings: Settings, now: datetime) -> list[Finding]:
    """How the work of this archive stands; nothing where there is none yet."""
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return []
    try:
        engine = open_archive(settings)
    except (SQLAlchemyError, ArchiveError):
        # That the database does not answer, or is another's, is said of the archive.
        return []
    try:
        with read(engine) as session:
            return [
                _examine_clock(session, now),
                _examine_home(session, settings),
                *_examine_workers(session, now),
                *examine_keys(session, now),
            ]
    except SQLAlchemyError:
        return []
    finally:
        engine.dispose()


def _examine_clock(session: Session, now: datetime) -> Finding:
    told = tell_clock(session, now)
    detail = told or f"{format_time(now)}, not before anything that is recorded"
    return Finding("clock", not told, detail, to_type="set the clock, or: paidforby schedule reset")


def _examine_home(session: Session, settings: Settings) -> Finding:
    told = tell_home(session, settings)
    advice = "let PAIDFORBY_HOME be the one folder that all machines of this archive share"
    return Finding("shared home", not told, told or "the archive's own", to_type=advice)


def _examine_workers(session: Session, now: datetime) -> Iterator[Finding]:
    """Who is at work, where anything is promised; and what is late."""
    partitions = list_partitions(session, now)
    alive = [worker for worker in list_workers(session) if is_alive(worker, now)]
    if not alive and not any(each.every for each in partitions):
        return
    told = ", ".join(f"{worker.name} ({worker.kind})" for worker in alive)
    advice = "paidforby worker, or with a queue: paidforby scheduler and paidforby worker --queue"
    detail = f"alive: {told}" if alive else "none is alive: nothing is crawled by itself"
    yield Finding("workers", True, detail, to_type=advice, warns=not alive)
    late = [f"{each.source}/{each.partition}" for each in partitions if each.is_overdue(now)]
    more = f" and {len(late) - NAMED_AT_MOST:,} more" if len(late) > NAMED_AT_MOST else ""
    detail = f"overdue: {', '.join(late[:NAMED_AT_MOST])}{more}" if late else "none is overdue"
    advice = "paidforby workers, then: paidforby sources"
    yield Finding("partitions", True, escape_text(detail), to_type=advice, warns=bool(late))
