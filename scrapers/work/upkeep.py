"""What keeps an archive well over the years: statistics, leftovers, rows that must agree, the last backup.

`paidforby maintain` calls it, and once a night whoever follows the crawls. It can be killed at any point and
done again at any time; nothing that the archive knows is changed.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Engine, func
from sqlalchemy.exc import DatabaseError
from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import ArchiveError
from archive.exports.mirror import find_folder
from archive.exports.mirror.checking import check_mirror
from archive.models import Ad, AdVersion, Disclosure, DisclosureVersion, PublicAd
from archive.reading.shown_rows import check_shown
from archive.store.checking import MOST_NAMED, ArchiveCheck
from archive.store.database import is_postgresql, read, write
from archive.store.home_facts import LAST_UPKEEP, judge_backup, note_time, read_time
from archive.store.kept_findings import keep_findings
from archive.store.outages import tell_cause
from archive.store.references import find_damage
from archive.terminal import note
from config.counts import write_count
from config.settings import Settings
from scrapers.fetching.spooling import Spool
from search.copies.comparing import check_copy, tell_check
from search.copies.status import index_status
from search.engines import open_search
from search.port import SearchUnavailableError

PARTS_LAST = timedelta(days=1)
"""Nothing is written to the store or the home for so long under a passing name."""
NIGHT = time(2)
"""In UTC; from then on the night's upkeep is due."""
VERIFY = "paidforby verify"
RESTORE = "paidforby restore --from DIR (another home)"
ROWS_SAMPLED = 1_000
"""Of each index on SQLite, enough for the planner (SQLite documentation, "ANALYZE")."""


class Upkeep(SQLModel):
    """One part of the work, what was done, and what is wrong."""

    name: str = Field(
        description="database, statistics, leftovers, counts, shown, search, mirror or backup."
    )
    told: str = Field(description="What was done or found.")
    wrong: list[str] = Field(default_factory=list, description="What somebody should see to.")


def keep_up(settings: Settings, engine: Engine, now: datetime) -> list[Upkeep]:
    """All of it, one part after the other; what was found of the database and its rows is kept."""
    database = _try_check("database", lambda: _check_file(engine))
    done = [
        _tell_check(database, "its pages are whole", RESTORE),
        _sweep_leftovers(settings, now),
    ]
    if database.ok:
        done += _keep_rows_up(settings, engine, now)
    else:
        # Nothing that is read of it can be relied on.
        keep_findings(settings, [database], now, are_all=False)
    with write(engine) as session:
        note_time(session, LAST_UPKEEP, now)
    return done


def _keep_rows_up(settings: Settings, engine: Engine, now: datetime) -> Iterator[Upkeep]:
    _refresh_statistics(engine)
    yield Upkeep(name="statistics", told="the database's planner has new ones")
    with read(engine) as session:
        counts, counted = _reconcile(session)
        mirror = check_mirror(session, find_folder(settings), lambda _: None)
        backup = _judge_backup(session, now)
    shown = _try_check("shown", lambda: check_shown(engine, lambda _: None))
    sound = ArchiveCheck(name="database")
    keep_findings(settings, [sound, counts, shown, mirror], now, are_all=False)
    as_recorded = f"{write_count(shown.checked, 'row')} as recorded"
    as_written = mirror.detail or f"{write_count(mirror.checked, 'file')} as written"
    yield _tell_check(counts, counted, VERIFY)
    yield _tell_check(shown, as_recorded, VERIFY)
    yield _check_search_copy(settings, engine, now)
    yield _tell_check(mirror, as_written)
    yield backup


def _try_check(name: str, check: Callable[[], ArchiveCheck]) -> ArchiveCheck:
    """A check; that the database cannot be read is what it was looking for."""
    try:
        return check()
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        found = ArchiveCheck(name=name)
        found.note_bad(f"could not be read: {tell_cause(error)}")
        return found


def _check_file(engine: Engine) -> ArchiveCheck:
    check = ArchiveCheck(name="database")
    with read(engine) as session:
        for fault in find_damage(session, "quick_check"):
            check.note_bad(fault)
    return check


def _tell_check(check: ArchiveCheck, told: str, to_type: str = "") -> Upkeep:
    """A check as a part of the work; what is wrong ends with what to type."""
    more = check.bad_count - len(check.bad)
    wrong = [*check.bad, *([f"and {more:,} more"] if more else [])]
    if wrong and to_type:
        wrong[-1] = f"{wrong[-1]}; type: {to_type}"
    return Upkeep(name=check.name, told="" if wrong else told, wrong=wrong)


def keep_up_nightly(settings: Settings, engine: Engine, now: datetime) -> None:
    """The same, if it was not done since the last night began; what is wrong is said on standard error."""
    with read(engine) as session:
        last = read_time(session, LAST_UPKEEP)
    if last is None:
        # A new archive has nothing to keep up, and its first night is to come.
        with write(engine) as session:
            note_time(session, LAST_UPKEEP, now)
        return
    begun = datetime.combine(now, NIGHT, now.tzinfo)
    if last >= (begun if begun <= now else begun - timedelta(days=1)):
        return
    try:
        done = keep_up(settings, engine, now)
    except (ArchiveError, OSError, sqlite3.Error) as error:
        note(f"no upkeep for now: {error}")
        return
    except DatabaseError as error:
        # As in `_try_check`: of what comes after it.
        if type(error) is not DatabaseError:
            raise
        note(f"no upkeep for now: {tell_cause(error)}")
        return
    for part in done:
        for what in part.wrong:
            note(f"{part.name}: {what}")


def _refresh_statistics(engine: Engine) -> None:
    if is_postgresql(engine):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        return
    raw = engine.raw_connection()
    try:
        for command in (
            f"PRAGMA analysis_limit = {ROWS_SAMPLED}",
            "ANALYZE",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ):
            raw.cursor().execute(command)
    finally:
        raw.close()


def _sweep_leftovers(settings: Settings, now: datetime) -> Upkeep:
    """Delete what killed processes left under passing names."""
    before = (now - PARTS_LAST).timestamp()
    count = size = 0
    for path in _list_parts(settings):
        found = path.stat()
        if found.st_mtime < before:
            path.unlink(missing_ok=True)
            count, size = count + 1, size + found.st_size
    Spool(settings.spool_dir, 0).sweep(now)
    return Upkeep(
        name="leftovers", told=f"{write_count(count, 'file')} swept, {size / 1e6:,.1f} MB"
    )


def _list_parts(settings: Settings) -> Iterator[Path]:
    yield from settings.blobs_dir.rglob("*.part")
    yield from settings.home.glob(".*.part")
    yield from find_folder(settings).glob(".*.part")


def _reconcile(session: Session) -> tuple[ArchiveCheck, str]:
    """Compare what is counted beside rows with the rows; also gives the counts in words."""
    pairs = (
        ("ads", func.count(col(Ad.id)), "ads in the public view", func.count(col(PublicAd.id))),
        ("versions that ads count", func.sum(Ad.versions), "kept", func.count(col(AdVersion.id))),
        (
            "versions that filings count",
            func.sum(Disclosure.versions),
            "kept",
            func.count(col(DisclosureVersion.id)),
        ),
    )
    check, told = ArchiveCheck(name="counts"), []
    for what, one, where, other in pairs:
        counted, kept = (session.scalar(select(each)) or 0 for each in (one, other))
        told.append(f"{counted:,} {what}")
        if counted != kept:
            check.note_bad(f"{counted:,} {what}, {kept:,} {where}")
    return check, ", ".join(told)


def _check_search_copy(settings: Settings, engine: Engine, now: datetime) -> Upkeep:
    """Compare the search copy with the archive, and put it right; one that was never filled stays so."""
    search = open_search(settings, engine)
    try:
        if search.read_copy() is None:
            return Upkeep(name="search", told="nothing has been indexed yet; paidforby index sync")
        found = check_copy(engine, search, now)
        lacking = index_status(engine, search, now).rejected
    except SearchUnavailableError as error:
        return Upkeep(name="search", told="", wrong=[str(error)])
    if found.differing:
        note(f"search: {tell_check(found)}; first: {found.named[0]}")
    wrong = [f"{row.id}: the engine does not take it: {row.reason}" for row in lacking]
    return Upkeep(name="search", told=tell_check(found), wrong=wrong[:MOST_NAMED])


def _judge_backup(session: Session, now: datetime) -> Upkeep:
    told, is_old = judge_backup(session, now)
    wrong = [f"{told}; type: paidforby backup --to DIR"] if is_old else []
    return Upkeep(name="backup", told=told, wrong=wrong)
