"""The search engine and its copy of the archive."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import ArchiveError
from archive.store.database import create_archive_engine, open_archive
from archive.terminal import utc_now
from config.counts import write_count
from config.settings import Settings
from scrapers.doctor.findings import Finding
from search.copies.status import IndexStatus, index_status
from search.engines import open_search
from search.port import SearchEngine, SearchUnavailableError

SYNC = "paidforby index sync"


def examine_search(settings: Settings) -> Finding:
    """The engine, and whether it answers from a copy of this archive whose counts are right."""
    name = "SQLite FTS5" if settings.meilisearch_url is None else "Meilisearch"
    archive = _open_if_there(settings)
    try:
        if archive is None:
            # Whether the engine answers can be told without the archive.
            open_search(settings, create_archive_engine("sqlite://")).read_copy()
            return Finding("search", True, f"{name}; nothing to compare its copy with yet")
        search = open_search(settings, archive)
        return _judge(name, search, index_status(archive, search, utc_now()))
    except SearchUnavailableError as error:
        advice = "check PAIDFORBY_MEILISEARCH_URL, PAIDFORBY_MEILISEARCH_KEY and the server"
        return Finding("search", False, str(error), to_type=advice)
    finally:
        if archive is not None:
            archive.dispose()


def _open_if_there(settings: Settings) -> Engine | None:
    """The archive; `None`: there is none, or it does not answer, which is said of the archive."""
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return None
    try:
        return open_archive(settings)
    except (ArchiveError, SQLAlchemyError):
        return None


def _judge(name: str, search: SearchEngine, state: IndexStatus) -> Finding:
    if state.faults:
        advice = search.how_to_move if state.is_foreign else SYNC
        return Finding("search", False, f"{name}: {' '.join(state.faults)}", to_type=advice)
    if state.documents is None:
        told = f"{name}: never filled"
        return Finding("search", True, told, to_type=SYNC, warns=bool(state.ads))
    behind = f", {write_count(state.lag_changes, 'change')} behind" if state.lag_changes else ""
    return Finding("search", True, f"{name}: {write_count(state.documents, 'ad')}{behind}")
