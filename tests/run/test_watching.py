"""Alert rules and dashboard name metrics that /metrics has, promtool finds nothing, and each rule fires."""

import json
import re
import subprocess
from datetime import timedelta

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from archive.models import QuarantinedBatch, QuarantinedPiece, RequestBudget, Run
from archive.models.runs import Outcome, QuarantineReason, RunKind
from archive.runs.promises import note_promises
from archive.store.database import write
from archive.store.home_facts import note_backup
from archive.store.setup import init_archive
from scrapers.work.dispatch.queue_schema import open_queue_tables
from search.copies.sync import sync_index
from search.engines import open_search
from tests.invented import NOW, SOURCES, make_settings
from tests.nginx import ROOT, find_program
from tests.servers import MissingServerError, report_missing

ALERTS = ROOT / "docs/run/alerts.yaml"
DASHBOARD = ROOT / "docs/run/dashboard.json"
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]
    for target in panel["targets"]
]
SOURCE = '{source="snap"}'
PARTITION = '{source="snap",partition="2026"}'
FAILED = '{source="snap",paidforby_last_run_outcome="failed"}'
BEGINS = "paidforby_http_answer_begins_seconds_bucket"

FIRES_ON = {
    "SiteDown": {'up{job="paidforby"}': "0x400"},
    "SiteFails": {
        'paidforby_http_requests_total{route="/",status="200"}': "0+9x400",
        'paidforby_http_requests_total{route="/",status="500"}': "0+1x400",
    },
    "SiteSlow": {
        f'{BEGINS}{{le="{le}"}}': f"0+{n}x400" for le, n in (("5", 1), ("10", 9), ("+Inf", 9))
    },
    "CopyBehind": {'paidforby_copy_lag_seconds{copy="search"}': "3601x400"},
    "SourceSilent": {'paidforby_alerts{source="snap",kind="silent"}': "1x400"},
    "PartitionOverdue": {f"paidforby_partition_overdue{PARTITION}": "1x400"},
    "RunsFail": {f"paidforby_last_run_outcome{FAILED}": "1x400"},
    "NobodySchedules": {
        'paidforby_workers_alive{kind="queue"}': "1x400",
        'paidforby_workers_alive{kind="scheduler"}': "0x400",
        'paidforby_workers_alive{kind="worker"}': "0x400",
        f"paidforby_promised_crawl_interval_seconds{SOURCE}": "86400x400",
    },
    "QueueStands": {
        'paidforby_queue_jobs{status="todo"}': "3x400",
        'paidforby_queue_jobs{status="doing"}': "0x400",
    },
    "DiskFills": {"paidforby_disk_free_bytes": "50000000000-100000000x400"},
    "BackupOld": {"paidforby_last_backup_age_seconds": "172801x400"},
    "QuarantineWaits": {f"paidforby_quarantined_batches{SOURCE}": "1x400"},
}
"""What the series look like, every five minutes, when each rule must fire."""


def run_promtool(*arguments: object, told: str | None = None) -> None:
    try:
        promtool = find_program("promtool", "prometheus")
    except MissingServerError as error:
        report_missing(error)
    run = subprocess.run(
        [promtool, *arguments], input=told, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout


@pytest.fixture
def exposition(archive_url, tmp_path):
    """/metrics of an archive with one of everything, after a reader came."""
    settings = make_settings(tmp_path).model_copy(update={"database_url": archive_url})
    engine = init_archive(settings, SOURCES)
    times = {"started_at": NOW, "heartbeat_at": NOW, "observed_at": NOW, "ended_at": NOW}
    place = {"source": "harbour_ads", "partition": "2026"}
    piece = {"file": "a", "reason": "?", "sha256": "0" * 64, "quarantined_at": NOW}
    budget = {"window_started_at": NOW, "used": 4, "not_before_at": NOW, "requests_per_hour": 9}
    with write(engine) as session:
        for source in SOURCES:
            note_promises(session, source.id, ["2026"], timedelta(days=1), NOW)
        session.add(
            Run(
                **place,
                **times,
                kind=RunKind.CRAWL,
                observed_how="crawl",
                outcome=Outcome.DONE,
                complete=True,
            )
        )
        session.add(RequestBudget(key="snap", **budget))
        note_backup(session, NOW)
        session.flush()
        session.add(QuarantinedPiece(run_id=1, source="harbour_ads", **piece))
        cause = {"reason": "?", "cause": QuarantineReason.SHRINK, "quarantined_at": NOW}
        session.add(QuarantinedBatch(run_id=1, **place, **cause))
    sync_index(engine, open_search(settings, engine), NOW)
    if engine.dialect.name == "postgresql":
        open_queue_tables(engine)
    engine.dispose()
    with TestClient(create_app(settings, now=lambda: NOW), base_url="http://127.0.0.1") as client:
        assert client.get("/spend").status_code == 200
        assert client.get("/nobody/knows/this").status_code == 404
        return client.get("/metrics").text


@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_every_metric_of_the_alert_rules_and_the_dashboard_is_told(exposition):
    told = {s.name for family in text_string_to_metric_families(exposition) for s in family.samples}
    # A label may have the name of its metric, and then stands behind a brace.
    named = {name for each in EXPRESSIONS for name in re.findall(r"(?<![{\w])paidforby_\w+", each)}
    assert len(named) > 12
    assert named - told == set()


def test_promtool_finds_nothing_in_the_metrics(exposition):
    run_promtool("check", "metrics", told=exposition)


def test_requests_are_told_by_route_without_a_readers_words(exposition):
    counted = {
        (s.labels["route"], s.labels["status"]): s.value
        for family in text_string_to_metric_families(exposition)
        for s in family.samples
        if s.name == "paidforby_http_requests_total"
    }
    assert counted == {("/spend", "200"): 1, ("none", "404"): 1}


def test_promtool_finds_nothing_in_the_rules():
    run_promtool("check", "rules", ALERTS)


def test_each_rule_names_a_runbook_that_is_there():
    for rule in RULES:
        file, _, section = rule["annotations"]["runbook"].partition("#")
        titles = re.findall(r"^## (.+)$", (ROOT / file).read_text(), re.MULTILINE)
        assert section in {title.lower().replace(" ", "-") for title in titles}


def test_each_rule_fires_when_it_should(tmp_path):
    assert FIRES_ON.keys() == {rule["alert"] for rule in RULES}
    path = tmp_path / "test.yaml"
    tests = [describe_test(name, series) for name, series in FIRES_ON.items()]
    told = {"rule_files": [str(ALERTS)], "evaluation_interval": "5m", "tests": tests}
    path.write_text(yaml.safe_dump(told))
    run_promtool("test", "rules", path)


def describe_test(name: str, series: dict[str, str]) -> dict[str, object]:
    """That a rule fires after a day and some hours of these series (promtool, unit testing for rules)."""
    count = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
    asked = {"expr": count, "eval_time": "1600m", "exp_samples": [{"labels": "{}", "value": 1}]}
    given = [{"series": name, "values": values} for name, values in series.items()]
    return {"interval": "5m", "input_series": given, "promql_expr_test": [asked]}
