"""Looks over this machine and this archive: what works, what is missing, how to fix it.

`paidforby doctor` calls it. It changes nothing and goes to no source.
"""

import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date

import typer
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import NotInitialisedError, OtherTablesError
from archive.records.escaping import escape_text
from archive.runs.crawling_stops import find_stop, tell_stop
from archive.runs.quarantine import count_open
from archive.store.database import create_archive_engine, is_postgresql, read
from archive.store.disk import tell_openness
from archive.store.realm import read_realm
from archive.store.revisions import require_current
from archive.terminal import DONE, FAILED, AsJson, emit_json, say, utc_now
from config.settings import Settings
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.rule_book import find_rules_here, read_rule_book
from scrapers.media.machine_text import find_tesseract, name_version
from scrapers.work.dispatch.queue_schema import TOO_NEW, list_migrations, read_release
from scrapers.work.plan.credentials import CredentialStatus, list_standings
from scrapers.work.plan.refused_files import list_refused_files
from search.engines import open_search
from search.port import SearchUnavailableError

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 5 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was crawled."""

    name: str
    works: bool
    detail: str
    is_needed: bool = True
    """Without it, something an operator asked for does not work."""
    to_type: str = ""
    warns: bool = False
    """It works, and somebody should act before it no longer does."""


def doctor(as_json: AsJson = False) -> None:
    """What works here, what is missing, how to fix it."""
    findings = examine(Settings(), utc_now().date())
    is_well = all(finding.works for finding in findings if finding.is_needed)
    if as_json:
        emit_json({"is_well": is_well, "findings": [asdict(finding) for finding in findings]})
    else:
        for line in tell_findings(findings):
            say(line)
        say("next: paidforby sources" if is_well else "next: what stands behind →, then again")
    raise typer.Exit(DONE if is_well else FAILED)


def examine(settings: Settings, today: date) -> list[Finding]:
    """Everything that is crawled, in the order of need."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _examine_python,
        _examine_disk,
        _examine_openness,
        _examine_fts5,
        _examine_database,
        _examine_search,
        _examine_machine_text,
    )
    found = [check(settings) for check in checks]
    standings = [_tell_standing(standing, today) for standing in list_standings(settings)]
    return [
        *found,
        *_examine_queue(settings),
        *_examine_rules(settings),
        *standings,
        *_examine_files(settings),
    ]


def tell_findings(findings: list[Finding]) -> list[str]:
    """Findings as lines: what, how it stands, and how to fix it."""
    width = max(len(finding.name) for finding in findings)
    return [_tell_finding(finding, width) for finding in findings]


def _tell_finding(finding: Finding, width: int) -> str:
    missing = "MISSING" if finding.is_needed else "not set"
    state = ("WARNS" if finding.warns else "works") if finding.works else missing
    is_shown = finding.to_type and (finding.warns or not finding.works)
    advice = f"  → {finding.to_type}" if is_shown else ""
    return f"{finding.name.ljust(width)}   {state.ljust(7)}   {finding.detail}{advice}"


def _examine_python(_: Settings) -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    works = sys.version_info[:2] >= LEAST_PYTHON
    return Finding("Python", works, found, to_type="install Python 3.11 or newer")


def _examine_disk(settings: Settings) -> Finding:
    folder = settings.home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / (1 << 30):,.1f} GiB free at {settings.home}"
    return Finding("disk", free >= LEAST_FREE_BYTES, detail, to_type="export PAIDFORBY_HOME=…")


def _examine_openness(settings: Settings) -> Finding:
    """Reporters' names stand in the database; what is too wide is said, never changed."""
    advice = tell_openness(settings.home, settings.resolved_database_url)
    who = "other accounts of this machine may read this archive" if advice else "yours alone"
    return Finding("home", True, who, to_type=advice, warns=bool(advice))


def _examine_fts5(_: Settings) -> Finding:
    with sqlite3.connect(":memory:") as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    detail = f"SQLite {sqlite3.sqlite_version}, full text search FTS5"
    advice = "install a Python whose SQLite has FTS5"
    return Finding("SQLite", "ENABLE_FTS5" in options, detail, to_type=advice)


def _examine_database(settings: Settings) -> Finding:
    """The archive's database; SQLite is not made here, only looked for."""
    file = settings.home / "archive.sqlite3"
    if settings.database_url is None and not file.exists():
        return Finding("archive", False, f"none at {settings.home}", to_type="paidforby init")
    engine = create_archive_engine(settings.resolved_database_url)
    kind = "PostgreSQL" if is_postgresql(engine) else "SQLite"
    try:
        require_current(engine)
        with read(engine) as session:
            realm, put_aside, stop = read_realm(session), count_open(session), find_stop(session)
    except (NotInitialisedError, OtherTablesError) as error:
        is_newer = isinstance(error, OtherTablesError) and error.is_newer
        advice = "upgrade paidforby on this machine" if is_newer else "paidforby init"
        return Finding("archive", False, str(error), to_type=advice)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        advice = "check PAIDFORBY_DATABASE_URL and the server"
        return Finding("archive", False, f"{kind} does not answer: {cause}", to_type=advice)
    finally:
        engine.dispose()
    told = f"{kind}, realm: {realm or 'not set before the first run'}"
    if stop:
        told, advice = (
            f"{told}; crawling is {tell_stop(stop)}",
            "paidforby crawling resume --by NAME",
        )
        return Finding("archive", True, told, to_type=advice, warns=True)
    waiting = ", ".join(f"{count:,} at {stage}" for stage, count in put_aside.items() if count)
    if waiting:
        advice = "paidforby quarantine list"
        return Finding("archive", True, f"{told}; put aside: {waiting}", to_type=advice, warns=True)
    return Finding("archive", True, told)


def _examine_search(settings: Settings) -> Finding:
    if settings.meilisearch_url is None:
        detail = "not asked for: search runs on SQLite FTS5"
        advice = "export PAIDFORBY_MEILISEARCH_URL=…"
        return Finding("Meilisearch", False, detail, is_needed=False, to_type=advice)
    try:
        # Counting documents asks the server only; the archive may not be there yet.
        documents = open_search(settings, create_archive_engine("sqlite://")).count_documents()
    except SearchUnavailableError as error:
        advice = "check PAIDFORBY_MEILISEARCH_URL, PAIDFORBY_MEILISEARCH_KEY and the server"
        return Finding("Meilisearch", False, str(error), to_type=advice)
    detail = "answers, never filled" if documents is None else f"answers, {documents:,} ads"
    return Finding("Meilisearch", True, detail)


def _examine_queue(settings: Settings) -> list[Finding]:
    """The queue's tables, where there are any."""
    if settings.database_url is None:
        return []
    engine = create_archive_engine(settings.resolved_database_url)
    if not is_postgresql(engine):
        return []
    try:
        with read(engine) as session:
            release = read_release(session.connection())
    except SQLAlchemyError:
        # That the server does not answer is said of the archive.
        return []
    finally:
        engine.dispose()
    newest = list_migrations()[-1].stem
    if release > newest:
        return [Finding("queue", False, TOO_NEW)]
    made_anew = "of an older procrastinate: the scheduler makes them anew when it starts"
    state = "up to date" if release == newest else made_anew
    return [Finding("queue", True, f"its tables are {state}")] if release else []


def _examine_rules(settings: Settings) -> list[Finding]:
    """The rules in use: a file that was changed or taken away takes none of them out of use."""
    try:
        here = find_rules_here(read_rule_book(settings))
    except (SQLAlchemyError, OtherTablesError):
        # What is wrong with the database is said of the archive.
        return []
    named = tell_changed_files(settings, here.rules) | here.unreadable
    told = [f"{rule_id}: {sentence}" for rule_id, sentence in named.items()]
    told += [f"{rule.id} is suspended" for rule in here.rules if rule.suspension]
    detail = "; ".join(told) or f"{len(here.rules)}, each as in its file"
    return [Finding("rules", True, detail, to_type="paidforby rules list", warns=bool(told))]


def _examine_machine_text(_: Settings) -> Finding:
    program = find_tesseract()
    if program is None:
        detail = "not there: words in pictures are not read"
        advice = "install the package tesseract-ocr"
        return Finding("Tesseract", False, detail, is_needed=False, to_type=advice)
    return Finding("Tesseract", True, f"{name_version(program)} reads words in pictures")


def _examine_files(settings: Settings) -> list[Finding]:
    """Files of configuration that cannot be used, each with everything that is wrong with it."""
    return [
        Finding("file", False, escape_text(str(fault)), to_type="correct that file")
        for error in list_refused_files(settings)
        for fault in error.faults
    ]


def _tell_standing(standing: CredentialStatus, today: date) -> Finding:
    name, days = standing.source, standing.count_days(today)
    if standing.missing:
        detail = "its credential is not given, so it is not crawled"
        return Finding(name, False, detail, is_needed=False, to_type=standing.missing)
    told, test = (
        f"credential: {standing.tell(today)}",
        f"paidforby credentials test {standing.source}",
    )
    file = f"config/credentials/{standing.source}.yaml"
    if days is not None and days <= 0:
        return Finding(
            name, False, told, to_type=f"renew it, set the new day in {file}, then {test}"
        )
    if standing.is_warned(today):
        return Finding(name, True, told, to_type=f"renew it, set the new day in {file}", warns=True)
    return Finding(
        name,
        True,
        told,
        to_type=f"write owner and expires_on into {file}",
        warns=not standing.owner,
    )
