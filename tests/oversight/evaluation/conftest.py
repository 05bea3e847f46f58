"""An archive of one source, the shipped rules and elections, and ads held against them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from archive.store.setup import migrate
from config.settings import Settings
from oversight.evaluation.changes import EvaluationReport, evaluate_changes
from oversight.reference.elections import Election
from oversight.rules.loading import Rule
from oversight.rules.rule_book import load_rules, read_rule_book

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def engine(request: pytest.FixtureRequest, home_settings: Settings) -> Iterator[Engine]:
    """SQLite; a test that also asks for `archive_url` runs on both engines."""
    both = "archive_url" in request.fixturenames
    url = request.getfixturevalue("archive_url") if both else home_settings.resolved_database_url
    engine = create_archive_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def rules(home_settings: Settings) -> list[Rule]:
    return load_rules(home_settings)


@pytest.fixture
def elections(home_settings: Settings) -> list[Election]:
    return read_rule_book(home_settings).elections


Keep = Callable[..., None]
Evaluate = Callable[..., EvaluationReport]


@pytest.fixture
def keep(engine: Engine) -> Keep:
    def keep_ads(ads: Sequence[AdRecord], now: datetime = NOW) -> None:
        with write(engine) as session:
            run = begin_run(session, "example", "2026", RunKind.CRAWL, now)
            ingest_page(session, run, list(ads), None, now)
            end_run(session, run, Outcome.DONE, now, complete=False)

    return keep_ads


@pytest.fixture
def evaluate(engine: Engine, rules: list[Rule], elections: list[Election]) -> Evaluate:
    def run(now: datetime = NOW, limit: int = 100, only: list[Rule] | None = None) -> Any:
        with write(engine) as session:
            return evaluate_changes(session, only or rules, elections, now, limit)

    return run


def make_ad(ref: str = "a1", **values: Any) -> AdRecord:
    given = {"platform": "examplatform", "declared_political": True, "payer_name": "Jo"}
    return AdRecord(ref=ref, **(given | values))
