"""`paidforby serve` as a process of its own: its port, its processes, its end, and many readers at once."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from search.engines import open_search
from search.sync import sync_index
from tests.servers import find_free_port

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADS = 3_000


@pytest.fixture
def environ(archive_url: str, tmp_path: Path) -> dict[str, str]:
    """What a command of an archive with some ads is told."""
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
    told = {"PAIDFORBY_HOME": str(tmp_path), "PAIDFORBY_DATABASE_URL": archive_url}
    return {k: v for k, v in os.environ.items() if not k.startswith("PAIDFORBY_")} | told


def start_serving(environ: dict[str, str], *options: str) -> subprocess.Popen[str]:
    # A pipe that nobody reads would fill with the lines of the log, and stop the site.
    with name_log(environ).open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "paidforby", "serve", *options],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def name_log(environ: dict[str, str]) -> Path:
    return Path(environ["PAIDFORBY_HOME"], "served.log")


def hear(environ: dict[str, str], process: subprocess.Popen[str], timeout: float = 60) -> str:
    """All that was said, once it has ended."""
    process.wait(timeout)
    return name_log(environ).read_text()


@contextmanager
def serving(environ: dict[str, str], *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The site, once it answers, and its port; killed at the end with all its processes."""
    port = find_free_port()
    process = start_serving(environ, "--port", str(port), *options)
    try:
        deadline = time.monotonic() + 60
        while ask(port, "/api/v1/health") is None:
            assert process.poll() is None, hear(environ, process)
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process, port
    finally:
        # All of them: what is left of a killed one's children would hold the archive.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int, path: str, **headers: str) -> int | None:
    """The status of an answer; `None`: nobody listens."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return None
        return answer.status


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (("--port", "80999"), "'--port': Input should be less than or equal to 65535", 2),
        (("--workers", "2"), "--workers: an archive on SQLite is served by one process", 2),
        (("--trusted-proxy", "10.0.0.0/99"), "--trusted-proxy: '10.0.0.0/99'", 2),
    ],
)
def test_a_wrong_option_is_one_error_and_nothing_is_served(environ, options, said, code):
    process = start_serving(environ, *options)
    told = hear(environ, process)
    assert said in " ".join(told.replace("│", "").split())
    assert (process.returncode, "site:" in told, "Traceback" in told) == (code, False, False)


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_a_port_in_use_is_one_line(environ):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start_serving(environ, "--port", str(port))
        told = hear(environ, process)
    assert told.partition("]: ")[2] == (
        f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another: --port\n"
    )
    assert process.returncode == 1


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
    def write_often(port):
        return {ask_to_write(port, f"198.51.100.{number}") for number in range(31)}

    with serving(environ) as (_, port):
        assert write_often(port) == {422, 429}
    with serving(environ, "--trusted-proxy", "127.0.0.0/8") as (_, port):
        assert write_often(port) == {422}


def ask_to_write(port: int, forwarded_for: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        headers = {"X-Forwarded-For": forwarded_for, "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/notices", body=b"{}", headers=headers)
        return connection.getresponse().status


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_told_to_end_it_ends_within_ten_seconds_and_a_reader_sees_that_the_file_was_cut(
    environ, workers
):
    with (
        serving(environ, "--workers", str(workers)) as (process, port),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as reader,
    ):
        reader.request("GET", "/api/v1/downloads/ads.jsonl")
        answer = reader.getresponse()
        answer.read(1_000)

        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        told = hear(environ, process, timeout=30)
        assert time.monotonic() - began < 10
        assert "Traceback" not in told

        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


@pytest.mark.parametrize("archive_url", ["postgresql"], indirect=True)
def test_several_processes_answer_as_one(environ):
    with serving(environ, "--workers", "2") as (_, port), ThreadPoolExecutor(16) as readers:
        paths = ["/", "/api/v1/spend", "/search?q=harbour", "/api/v1/health"] * 8
        assert set(readers.map(lambda path: ask(port, path), paths)) == {200}
