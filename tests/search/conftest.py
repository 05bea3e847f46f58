"""An archive with invented ads and the search engines over it, each the real one.

`search` is every engine in turn: FTS5 in the archive's file, FTS5 in a file of its own (as beside a
PostgreSQL archive), Meilisearch. `embedded` is the first alone, `served` the last, `outside` the two
that keep nothing in the archive's file.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from archive.duplicates.changes import follow_changes
from archive.ingest.ads.vanished_ads import mark_vanished
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.changes import reach_quietly
from archive.store.database import create_archive_engine, read, write
from config.settings import Settings
from search.answering.found import search_now
from search.answering.other_words import add_others
from search.copies.filling import SyncReport
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.hits import SearchPage
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine
from search.question.query import build_query
from tests.migrated import init_fresh

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENGINES = ["embedded", "own_file", "meilisearch"]


@dataclass
class SearchArchive:
    """An archive to put ads in, with a clock that moves one hour at each run."""

    engine: Engine
    now: datetime = field(default=NOW)
    kind: RunKind = RunKind.CRAWL

    def add(self, *records: AdRecord, sweep: bool = False, source: str = "example") -> None:
        """Take records in by one whole run; a sweep makes ads it misses vanish."""
        self.now += timedelta(hours=1)
        with write(self.engine) as session:
            lease = begin_run(session, source, "all", self.kind, self.now, is_sweep=sweep)
            ingest_page(session, lease, records, None, self.now)
            if sweep:
                mark_vanished(session, lease, self.now)
            end_run(session, lease, Outcome.DONE, self.now, complete=sweep)

    def compare(self) -> None:
        """Let the reader of the changes that compares ads catch up."""
        follow_changes(self.engine, lambda: self.now, reach_quietly)

    def sync(self, search: SearchEngine) -> SyncReport:
        """Bring the engine up to date."""
        return sync_index(self.engine, search, self.now)

    def ask(self, search: SearchEngine, text: str = "", **options: Any) -> SearchPage:
        """Answer a query written as a person writes it."""
        with read(self.engine) as session:
            return search_now(session, search, build_query(text, **options))

    def ask_like(self, search: SearchEngine, text: str) -> SearchPage:
        """The same with what other words would find, as readers are answered."""
        query = build_query(text)
        with read(self.engine) as session:
            return add_others(session, search, query, search_now(session, search, query))


def make_ad(ref: str, text: str = "", **values: Any) -> AdRecord:
    """An ad with one text; anything else as given."""
    given = {"platform": "examplatform", "bodies": [text] if text else []}
    return AdRecord(ref=ref, **(given | values))


def refs_of(page: SearchPage) -> list[str]:
    """The sources' own ids of the hits, in order."""
    return [hit.id.partition(":")[2] for hit in page.hits]


def open_engine(name: str, archive: Engine, folder: Path, ask_for: Callable[[str], Any]) -> Any:
    """One engine over an archive; Meilisearch gets an index of its own."""
    if name == "embedded":
        return EmbeddedSearch(archive)
    if name == "own_file":
        return EmbeddedSearch(archive, create_archive_engine(f"sqlite:///{folder / 's.sqlite3'}"))
    server = ask_for("meilisearch_server")
    settings = Settings(
        meilisearch_url=server.url,
        meilisearch_key=server.key,
        meilisearch_index=f"ads_{secrets.token_hex(8)}",
    )
    return MeilisearchSearch(settings)


@pytest.fixture
def search_archive(tmp_path: Path) -> SearchArchive:
    return SearchArchive(init_fresh(Settings(home=tmp_path), []))


@pytest.fixture(params=ENGINES)
def search(
    request: pytest.FixtureRequest, search_archive: SearchArchive, tmp_path: Path
) -> SearchEngine:
    return open_engine(request.param, search_archive.engine, tmp_path, request.getfixturevalue)


@pytest.fixture
def embedded(search_archive: SearchArchive) -> EmbeddedSearch:
    return EmbeddedSearch(search_archive.engine)


@pytest.fixture(params=["own_file", "meilisearch"])
def outside(
    request: pytest.FixtureRequest, search_archive: SearchArchive, tmp_path: Path
) -> SearchEngine:
    return open_engine(request.param, search_archive.engine, tmp_path, request.getfixturevalue)


@pytest.fixture
def served(
    request: pytest.FixtureRequest, search_archive: SearchArchive, tmp_path: Path
) -> MeilisearchSearch:
    return open_engine("meilisearch", search_archive.engine, tmp_path, request.getfixturevalue)
