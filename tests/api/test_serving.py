"""`paidforby serve` as a process of its own: its port, its processes, its end, and many readers at once."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import raise_file_limit
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from paidforby import app
from search.copies.sync import sync_index
from search.engines import open_search
from tests.served import ask, hear, name_log, serving

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADS = 3_000


@pytest.fixture
def told(archive_url: str, tmp_path: Path) -> dict[str, str]:
    """What a command of an empty archive is told."""
    return {"PAIDFORBY_HOME": str(tmp_path), "PAIDFORBY_DATABASE_URL": archive_url}


@pytest.fixture
def environ(archive_url: str, told: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What one of an archive with some ads is told."""
    settings = Settings(home=tmp_path, database_url=archive_url, meilisearch_url=None)
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, NOON)
        ads = (
            AdRecord(ref=f"a{n}", platform="p", bodies=[f"Vote harbour {n} {'x' * 2_000}"])
            for n in range(ADS)
        )
        ingest_page(session, lease, list(ads), None, NOON)
        end_run(session, lease, Outcome.DONE, NOON)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()
    return {k: v for k, v in os.environ.items() if not k.startswith("PAIDFORBY_")} | told


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (("--port", "80999"), "'--port': Input should be less than or equal to 65535", 2),
        (("--workers", "2"), "--workers: an archive on SQLite is served by one process", 2),
        (("--trusted-proxy", "10.0.0.0/99"), "--trusted-proxy: '10.0.0.0/99'", 2),
    ],
)
def test_a_wrong_option_is_one_error_and_nothing_is_served(told, monkeypatch, options, said, code):
    done = run_serve(told, monkeypatch, *options)
    said_here = " ".join(done.output.replace("│", "").split())
    assert said in said_here
    assert (done.exit_code, "site:" in said_here, "Traceback" in said_here) == (code, False, False)


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_a_port_in_use_is_one_line(told, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_serve(told, monkeypatch, "--port", str(port))
    reason = (
        f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another: --port"
    )
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert done.output.endswith(f"{reason}\n")


def run_serve(told: dict[str, str], monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, ["serve", *options])


def test_thirty_two_who_search_at_once_are_all_answered_and_health_does_not_wait(environ):
    with serving(environ) as (_, port), ThreadPoolExecutor(33) as readers:
        path = "/api/v1/search?q=harbour&facet=source"
        asked = [readers.submit(ask, port, path) for _ in range(32 * 3)]
        waited = []
        while not all(one.done() for one in asked):
            began = time.monotonic()
            assert ask(port, "/api/v1/health") == 200
            waited.append(time.monotonic() - began)
        assert Counter(one.result() for one in asked) == {200: 96}
    assert waited


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_only_a_named_proxy_may_say_who_asks(environ):
    def write_often(port, proxy):
        return {ask_to_write(port, proxy, f"198.51.100.{number}") for number in range(31)}

    with serving(environ, "--trusted-proxy", "127.0.0.2") as (_, port):
        assert write_often(port, "127.0.0.1") == {422, 429}
        assert write_often(port, "127.0.0.2") == {422}


def ask_to_write(port: int, proxy: str, forwarded_for: str) -> int:
    with closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(proxy, 0))
    ) as connection:
        headers = {"X-Forwarded-For": forwarded_for, "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/notices", body=b"{}", headers=headers)
        return connection.getresponse().status


def end_under_a_reader(environ: dict[str, str], process: subprocess.Popen[str], port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as reader:
        reader.request("GET", "/api/v1/downloads/ads.jsonl")
        answer = reader.getresponse()
        answer.read(1_000)

        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        told = hear(environ, process, timeout=30)
        assert time.monotonic() - began < 10
        stopping = ("Traceback", "ASGI", "running task", "the site stops")
        (line,) = [each for each in told.splitlines() if any(word in each for word in stopping)]
        assert "warning" in line
        assert "the site stops: it cuts 1 answer that was not taken in time" in line

        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_told_to_end_it_ends_within_ten_seconds_and_a_reader_sees_that_the_file_was_cut(environ):
    with serving(environ) as (process, port):
        end_under_a_reader(environ, process, port)


@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_several_processes_answer_and_end_as_one(environ):
    environ |= {"PAIDFORBY_LOG": "json"}
    with serving(environ, "--workers", "2") as (process, port), ThreadPoolExecutor(16) as readers:
        paths = ["/", "/api/v1/spend", "/search?q=harbour", "/api/v1/health"] * 8
        assert set(readers.map(lambda path: ask(port, path), paths)) == {200}
        assert count_requests(port) >= len(paths)
        end_under_a_reader(environ, process, port)

    lines = [json.loads(line) for line in name_log(environ).read_text().splitlines()]
    assert {line["process"] for line in lines} == {"serve"}
    answered = [line for line in lines if line["logger"] == "api.request_log"]
    assert len({line["request_id"] for line in answered}) == len(answered) >= len(paths)


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_connections_that_are_held_open_fill_no_log(environ):
    with serving(environ) as (process, port), ExitStack() as held:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (64, 64))
        for _ in range(120):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        while "too many connections are open" not in name_log(environ).read_text():
            time.sleep(0.1)
        # Each try to accept would be a line; a second of it is thousands.
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        told = hear(environ, process)

    assert process.returncode == 0
    assert re.search(r"[\d,]+ times more in \d+ s: too many connections are open", told)
    assert "Traceback" not in told
    assert len(told) < 20_000


NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((256, NO_LIMIT), [(4_000, NO_LIMIT)]),
        ((256, 524_288), [(4_000, 524_288)]),
        ((256, 1_024), [(1_024, 1_024)]),
        ((256, 256), []),
        ((20_000, 524_288), []),
        ((NO_LIMIT, NO_LIMIT), []),
    ],
)
def test_the_site_opens_as_many_files_as_it_may_and_needs(monkeypatch, limits, raised):
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: limits)
    set_to = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, both: set_to.append(both))
    raise_file_limit()
    assert set_to == raised


def count_requests(port: int) -> float:
    """How many answers with 200 the site tells, whichever of its processes is asked."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode()
    name = r'^paidforby_http_requests_total\{route="[^"]+",status="200"\} (\S+)$'
    return sum(float(value) for value in re.findall(name, told, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_processes_that_are_slow_to_start_are_waited_for(environ, tmp_path):
    slow = "import sys, time; time.sleep(8 if '--multiprocessing-fork' in sys.argv else 0)"
    (tmp_path / "sitecustomize.py").write_text(slow)
    with serving(environ | {"PYTHONPATH": str(tmp_path)}, "--workers", "2") as (_, port):
        assert ask(port, "/api/v1/health/live") == 200
