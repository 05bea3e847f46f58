"""What docker-compose.yml starts comes up from empty volumes, however long its database takes."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.composed import SERVICES, Composed, compose
from tests.servers import MissingServerError, report_missing


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Composed]:
    try:
        with compose(tmp_path) as composed:
            yield composed
    except MissingServerError as error:
        report_missing(error)


def stop_crawling(composed: Composed):
    """Tell all that collect to fetch nothing, once the tables are there and before any begins."""
    told = []

    def before(name: str) -> None:
        if name in {"scheduler", "worker"} and not told:
            words = ("--by", "test", "--because", "no source is asked")
            told.append(composed.run("migrate", "paidforby", "crawling", "stop", *words))

    return before


@pytest.mark.slow
@pytest.mark.parametrize("delay", [3, 60])
def test_the_first_up_works_from_empty_volumes_with_a_database_that_takes_its_time(composed, delay):
    composed.database.delay = delay
    before = stop_crawling(composed)
    for name in SERVICES:
        if name not in composed.processes:
            composed.start(name, before)
    for name, service in SERVICES.items():
        if "healthcheck" in service:
            composed.await_ready(name)

    # While it set itself up it was asked, and did not pass for ready.
    assert composed.checked["postgresql"][0] != 0
    with urllib.request.urlopen(
        f"http://127.0.0.1:{composed.ports['api']}/api/v1/health"
    ) as answer:
        health = json.load(answer)
    assert (health["database"], health["engine"]) == ("postgresql", "meilisearch")
    assert "no source is asked" in health["crawling"]
    for name in SERVICES.keys() - {"migrate"}:
        assert composed.processes[name].poll() is None, composed.read_log(name)

    codes = composed.stop()
    assert {name: code for name, code in codes.items() if code not in {0, -15}} == {}
    assert "Traceback" not in "".join(composed.read_log(name) for name in SERVICES)


def test_a_database_that_answers_on_its_socket_alone_does_not_pass_for_ready(composed):
    composed.database.delay = 2
    composed.start("postgresql")
    deadline = time.monotonic() + 60
    while not composed.database.answers_on_its_socket():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert composed.check("postgresql") != 0
    composed.await_ready("postgresql")


def test_a_secret_made_under_a_strict_umask_can_be_read_by_the_containers_own_user(composed):
    folder = composed.folder / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}
    assert (composed.folder / "own/config").stat().st_mode & 0o055 == 0o055
    assert (composed.folder / "own/collecting.env").stat().st_mode & 0o077 == 0
