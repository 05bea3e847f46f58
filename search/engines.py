"""Which engine this archive searches with.

The API, the pages, the worker and the commands call `open_search`; no one else chooses.
"""

from datetime import timedelta

from sqlalchemy import Engine

from archive.store.database import create_archive_engine, is_postgresql
from archive.store.time_limits import limit_statements
from config.settings import Settings
from search.embedded import EmbeddedSearch
from search.meilisearch import MeilisearchSearch
from search.port import LEASE, SearchEngine

OWN_FILE = "search.sqlite3"
"""The embedded engine's own file, where the archive is no SQLite file it could share."""


def open_search(
    settings: Settings, archive: Engine, seconds_a_statement: float | None = None
) -> SearchEngine:
    """Meilisearch when its address is set, else SQLite FTS5; nothing is contacted yet.

    `seconds_a_statement` limits those in the embedded engine's own file; in the archive's its engine does.
    """
    if settings.meilisearch_url:
        return MeilisearchSearch(settings)
    lease_time = min(LEASE, timedelta(seconds=settings.lease_seconds))
    own = None
    if is_postgresql(archive):
        own = create_archive_engine(f"sqlite:///{settings.home}/{OWN_FILE}")
        if seconds_a_statement is not None:
            limit_statements(own, seconds_a_statement)
    return EmbeddedSearch(archive, own, lease_time)
