"""Metrics are OpenMetrics text that the official strict parser takes, and tell no secret."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as text_to_families
from sqlalchemy import event

from api.app import create_app
from api.openmetrics import write_metrics
from archive.models import QuarantinedBatch, QuarantinedPiece, RequestBudget, Run
from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.reading.sources.metrics import read_metrics
from archive.runs.promises import note_promises
from archive.store.database import create_archive_engine, read, write
from tests.invented import NOW, SOURCES, make_settings
from tests.migrated import init_fresh

MINUTE = timedelta(minutes=1)
OPEN_METRICS = "application/openmetrics-text; version=x"
PARTITION = {"source": "meadow_library", "partition": "2026"}


@pytest.fixture
def settings(tmp_path):
    return make_settings(tmp_path)


@pytest.fixture
def engine(settings):
    engine = init_fresh(settings, SOURCES)
    yield engine
    engine.dispose()


def remember(engine, *rows) -> None:
    with write(engine) as session:
        session.add_all(rows)


def parse(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels, as a strict reader reads it."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(engine) -> dict[tuple[str, ...], float]:
    with read(engine) as session:
        return parse(write_metrics(read_metrics(session, NOW), OPEN_METRICS)[0].decode())


def make_run(began_at, **values) -> Run:
    times = {"started_at": began_at, "heartbeat_at": began_at, "observed_at": began_at}
    return Run(**PARTITION, **times, kind=RunKind.CRAWL, observed_how="crawl", **values)


def make_budget(key: str, **values) -> RequestBudget:
    given = {"window_started_at": NOW - MINUTE, "used": 4, "not_before_at": NOW}
    return RequestBudget(key=key, **(given | values))


def test_a_source_tells_when_it_was_last_seen_whole_and_how_the_last_run_ended(engine):
    remember(
        engine,
        make_run(NOW - 5 * MINUTE, outcome=Outcome.DONE, ended_at=NOW, complete=True, seen=41),
        make_run(NOW - MINUTE, outcome=Outcome.FAILED, ended_at=NOW, seen=1),
    )
    found = scrape(engine)
    assert found["paidforby_last_complete_run_age_seconds", "meadow_library"] == 300
    assert found["paidforby_last_run_outcome", "failed", "meadow_library"] == 1
    assert found["paidforby_last_run_outcome", "done", "meadow_library"] == 0
    assert found["paidforby_records_seen_total", "meadow_library"] == 42


def test_a_source_that_was_never_seen_whole_has_no_age_and_is_not_called_fresh(engine):
    remember(engine, make_run(NOW, outcome=Outcome.PARTIAL, ended_at=NOW))
    names = {name for name, *_ in scrape(engine)}
    assert "paidforby_last_complete_run_age_seconds" not in names
    assert "paidforby_last_run_outcome" in names


def test_partitions_whose_run_is_late_are_counted_by_the_promise(engine):
    remember(engine, make_run(NOW - 11 * MINUTE, outcome=Outcome.DONE, ended_at=NOW))
    with write(engine) as session:
        note_promises(session, "meadow_library", ["2026"], 5 * MINUTE, NOW)
    assert scrape(engine)["paidforby_overdue_partitions", "meadow_library"] == 1
    with write(engine) as session:
        note_promises(session, "meadow_library", ["2026"], 6 * MINUTE, NOW)
    found = scrape(engine)
    assert found["paidforby_overdue_partitions", "meadow_library"] == 0
    assert found["paidforby_promised_crawl_interval_seconds", "meadow_library"] == 360


def test_alerts_that_stand_are_counted_by_kind_and_those_that_do_not_are_zero(engine):
    with write(engine) as session:
        note_promises(session, "island_registry", ["2026"], MINUTE, NOW - timedelta(days=1))
    found = scrape(engine)
    assert found["paidforby_alerts", "island_registry", "silent"] == 1
    assert found["paidforby_alerts", "fall", "island_registry"] == 0


def test_what_is_left_of_a_budget_is_told_without_its_key(engine):
    remember(
        engine,
        make_budget("snap:0123456789ab", requests_per_hour=10),
        make_budget("snap:cdef01234567", not_before_at=NOW + MINUTE),
        make_budget("snap:media", window_started_at=NOW - 60 * MINUTE, requests_per_hour=3),
        make_budget("snap:ffff00000000", window_started_at=NOW - timedelta(days=2)),
    )
    found = scrape(engine)
    left = {key[1]: value for key, value in found.items() if key[0] == "paidforby_requests_left"}
    assert left == {"1": 6, "media": 3}
    assert found["paidforby_requests_used", "2", "snap"] == 4
    assert found["paidforby_request_wait_seconds", "2", "snap"] == 60
    assert not any("cdef01234567" in part for key in found for part in key)


def test_what_waits_for_a_person_is_counted_until_it_is_settled(engine):
    piece = {"run_id": 1, "source": "harbour_ads", "file": "a", "reason": "?", "sha256": "0" * 64}
    batch = {"run_id": 1, "source": "harbour_ads", "partition": "2026", "reason": "?"}
    cause = {"cause": QuarantineReason.SHRINK, "quarantined_at": NOW}
    remember(engine, make_run(NOW, outcome=Outcome.DONE, ended_at=NOW))
    remember(
        engine,
        QuarantinedPiece(**piece, quarantined_at=NOW),
        QuarantinedPiece(**piece, quarantined_at=NOW, status=PieceStatus.REJECTED),
        QuarantinedBatch(**batch, **cause),
        QuarantinedBatch(**batch, **cause, status=PieceStatus.RELEASED),
    )
    after = scrape(engine)
    for name in ("paidforby_quarantined_batches", "paidforby_quarantined_pieces"):
        assert (after[name, "harbour_ads"], after[name, "meadow_library"]) == (1, 0)


def test_the_site_answers_in_one_transaction_and_counts_no_ads(settings, engine):
    remember(engine, make_run(NOW, outcome=Outcome.DONE, ended_at=NOW, seen=3))
    asked, begun = [], []
    app = create_app(settings, now=lambda: NOW)
    event.listen(
        app.state.rooms.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )
    event.listen(app.state.rooms.engine, "begin", begun.append)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.get("/metrics", headers={"accept": OPEN_METRICS})

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    told = parse(answer.text)
    assert told.items() >= scrape(engine).items()
    assert told["paidforby_database_size_bytes",] > 0
    assert told["paidforby_disk_free_bytes",] < told["paidforby_disk_size_bytes",]
    assert len(begun) == 1
    tables = {name for statement in asked for name in re.findall(r"(?:FROM|JOIN) (\w+)", statement)}
    assert "run" in tables
    assert not {name for name in tables if name.startswith(("ad", "public_ad", "disclosure"))}


@pytest.mark.parametrize(
    "accepted",
    [
        *(None, "*/*", "text/plain", "text/plain; version=x"),
        *(f"{OPEN_METRICS}; q=0", f"{OPEN_METRICS};q=0.000, */*", f"{OPEN_METRICS};q=0.3, text/*"),
    ],
)
def test_whoever_asks_for_no_format_gets_what_prometheus_itself_reads(settings, engine, accepted):
    remember(engine, make_run(NOW, outcome=Outcome.DONE, ended_at=NOW, seen=3))
    with TestClient(create_app(settings, now=lambda: NOW), base_url="http://127.0.0.1") as client:
        client.headers.pop("accept")
        answer = client.get("/metrics", headers={"accept": accepted} if accepted else {})

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    kinds = set(re.findall(r"^# TYPE \S+ (\S+)$", answer.text, re.MULTILINE))
    assert kinds <= {"counter", "gauge", "histogram", "summary", "untyped"}
    assert {f.name for f in text_to_families(answer.text)} >= {"paidforby_alerts"}


def test_the_same_is_told_on_both_databases(archive_url):
    """The queue's jobs are the one part that PostgreSQL alone has."""
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        session.add(make_run(NOW, outcome=Outcome.DONE, ended_at=NOW, seen=3))
        session.add(make_budget("snap", requests_per_hour=10))
        metrics = read_metrics(session, NOW)
    engine.dispose()
    families = list(
        text_string_to_metric_families(write_metrics(metrics, OPEN_METRICS)[0].decode())
    )
    assert {"paidforby_build", "paidforby_requests_left"} <= {family.name for family in families}


def test_hostile_words_stay_within_their_label():
    hostile = 'a"} 1\n# EOF\n\\'
    metric = GaugeMetricFamily("x", "Two\nlines", labels=["source"])
    metric.add_metric([hostile], 2)
    (family,) = text_string_to_metric_families(write_metrics([metric], OPEN_METRICS)[0].decode())
    assert [(s.labels["source"], s.value) for s in family.samples] == [(hostile, 2)]
