"""`paidforby workers` names who is at work, on what, and ends with 0 when somebody is alive."""

import json
import socket
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from archive.models import WorkerHeartbeat
from archive.runs.workers import FORGOTTEN_AFTER, note_worker
from archive.store.database import read, write
from paidforby import app
from tests.scrapers.crawls import now


@pytest.fixture
def ask(home, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(home.settings.home))
    monkeypatch.delenv("PAIDFORBY_DATABASE_URL", raising=False)
    return lambda *arguments: CliRunner().invoke(app, ["workers", *arguments])


def remember(home, name: str, seconds_ago: float) -> None:
    at = now() - timedelta(seconds=seconds_ago)
    with write(home.engine) as session:
        session.merge(
            WorkerHeartbeat(name=name, kind="queue", since_at=at, heartbeat_at=at, crawls=[])
        )


def test_who_is_alive_and_crawls_what_is_named(home, ask):
    remember(home, "elsewhere/7", 600)
    with write(home.engine) as session:
        note_worker(session, "worker", now(), ["snap/2026"], now())

    answer = ask("--json")
    told = {each["name"]: each for each in json.loads(answer.stdout)}

    assert answer.exit_code == 0
    assert [told[name]["is_alive"] for name in sorted(told, reverse=True)] == [
        name != "elsewhere/7" for name in sorted(told, reverse=True)
    ]
    assert ["snap/2026"] in [each["crawls"] for each in told.values()]
    assert "dead" in ask().stdout


def test_a_health_check_asks_for_its_own_machine_only(home, ask):
    remember(home, "elsewhere/7", 0)
    assert ask().exit_code == 0
    assert ask("--here").exit_code == 1
    remember(home, f"{socket.gethostname()}/8", 0)
    assert ask("--here").exit_code == 0


def test_nobody_at_work_is_said_and_ends_with_one(ask):
    answer = ask()
    assert (answer.exit_code, answer.stdout) == (1, "nobody is at work; type: paidforby worker\n")


def test_the_long_dead_are_forgotten(home):
    remember(home, "elsewhere/7", FORGOTTEN_AFTER.total_seconds() + 60)
    with write(home.engine) as session:
        note_worker(session, "worker", now(), [], now())
    with read(home.engine) as session:
        assert session.get(WorkerHeartbeat, "elsewhere/7") is None
