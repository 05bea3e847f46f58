"""docs/run/nginx.conf, in Debian's nginx: who never finishes asking or reading keeps nobody else out.

The file is the shipped one; only its ports and paths are the test's own.
"""

import os
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.limits import WRITES_A_MINUTE
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from tests.invented import NOW
from tests.migrated import copy_tables
from tests.nginx import FROM, NAME, Front, connect, run_nginx
from tests.served import serving
from tests.servers import MissingServerError, report_missing

ADS = 6_000
DOWNLOAD = "/api/v1/downloads/ads.jsonl"
HALF_OPEN = 1_100
DESCRIPTORS = 1_024
MEMORY_MB = 100
"""What a site may grow by while many hold its answers open."""


@dataclass(frozen=True)
class Site:
    """The site behind nginx."""

    front: Front
    folder: Path
    pid: int

    def open(self) -> socket.socket:
        return connect(self.front, self.folder)

    def ask(self, path: str, headers: str = "") -> socket.socket:
        """A connection on which this was asked."""
        opened = self.open()
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n{headers}\r\n".encode())
        return opened

    def read_status(self, path: str, headers: str = "") -> int:
        with self.ask(path, headers) as asked:
            return int(asked.recv(64).split()[1])

    def read_answer(self, path: str, headers: str = "") -> str:
        with self.ask(path, f"Connection: close\r\n{headers}") as asked:
            return b"".join(iter(lambda: asked.recv(65_536), b"")).decode()

    def read_memory_mb(self) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) >> 10


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> Iterator[None]:
    """This process holds the other end of every connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * HALF_OPEN:
        pytest.skip(f"this machine allows {hard} open files; the test needs {4 * HALF_OPEN}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * HALF_OPEN, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    fill(copy_tables(folder))
    told = {"PAIDFORBY_HOME": str(folder), "PAIDFORBY_PUBLIC_URL": f"https://{NAME}"}
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PAIDFORBY_")} | told
    with serving(environ, "--trusted-proxy", "127.0.0.1") as (process, port):
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        try:
            with run_nginx(folder, port) as front:
                yield Site(front, folder, process.pid)
        except MissingServerError as error:
            report_missing(error)


def fill(url: str) -> None:
    """So many ads that a download of them fits into no buffer on the way."""
    engine = create_archive_engine(url)
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, NOW)
        ads = (
            AdRecord(ref=f"a{n}", platform="p", bodies=[f"Vote harbour {n} {'x' * 3_000}"])
            for n in range(ADS)
        )
        ingest_page(session, lease, list(ads), None, NOW)
        end_run(session, lease, Outcome.DONE, NOW)
    engine.dispose()


def wait_until_closed(sockets: list[socket.socket], seconds: float) -> int:
    """How many of the connections the server ended in that time."""
    deadline, closed = time.monotonic() + seconds, 0
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
        while closed < len(sockets) and time.monotonic() < deadline:
            for key, _ in selector.select(timeout=deadline - time.monotonic()):
                if is_ended(key.fileobj):
                    selector.unregister(key.fileobj)
                    closed += 1
    return closed


def is_ended(opened) -> bool:
    try:
        return not opened.recv(1_000)
    except OSError:
        return True


def test_a_reader_is_answered_with_the_sites_own_words(site):
    answer = site.read_answer("/api/v1/health")
    assert answer.startswith("HTTP/1.1 200")
    assert '"status"' in answer
    assert "Server: nginx\r\n" in answer


def test_plain_http_leads_to_the_same_page_with_tls(site):
    with socket.create_connection(("127.0.0.1", site.front.plain_port)) as opened:
        opened.sendall(f"GET /spend?a=b HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        answer = opened.recv(4_096).decode()
    assert answer.startswith("HTTP/1.1 301")
    assert f"Location: https://{NAME}/spend?a=b\r\n" in answer


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1"])
def test_under_another_name_nobody_answers(site, host):
    with socket.create_connection(("127.0.0.1", site.front.plain_port)) as opened:
        opened.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        assert is_ended(opened)


def test_metrics_are_not_for_the_world(site):
    assert site.read_status("/metrics") == 403


def test_nobody_chooses_the_address_that_counts_for_them(site):
    """The site counts the writes of an address, and a reader's own header changes nothing."""

    def write(number: int) -> int:
        headers = f"X-Forwarded-For: 198.51.100.{number}\r\nContent-Length: 2\r\n"
        with site.open() as opened:
            words = f"POST /api/v1/notices HTTP/1.1\r\nHost: {NAME}\r\n{headers}\r\n{{}}"
            opened.sendall(words.encode())
            return int(opened.recv(64).split()[1])

    # Counted by the minute, of which one may begin meanwhile.
    assert {write(number) for number in range(2 * WRITES_A_MINUTE + 2)} == {422, 429}


def test_a_body_larger_than_the_site_takes_is_refused_before_it_is_sent(site):
    with site.open() as opened:
        words = f"POST /report HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 9999999\r\n\r\n"
        opened.sendall(words.encode())
        assert opened.recv(64).split()[1] == b"413"


def test_330_connections_that_never_finish_their_headers_keep_nobody_out(site):
    with ExitStack() as stack:
        for number in range(330):
            opened = stack.enter_context(site.open())
            opened.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX-{number}: ".encode())
        assert site.read_status("/api/v1/health") == 200
        assert site.read_status("/") == 200


def test_1100_half_open_connections_keep_nobody_out(site):
    """The site itself has 1,024 descriptors."""
    with ExitStack() as stack:
        address = ("127.0.0.1", site.front.secure_port)
        for _ in range(HALF_OPEN):
            stack.enter_context(socket.create_connection(address))
        assert site.read_status("/api/v1/health") == 200


@pytest.mark.slow
def test_what_is_never_finished_is_ended_within_seconds(site):
    with ExitStack() as stack:
        silent = [stack.enter_context(site.open()) for _ in range(50)]
        for opened in silent[25:]:
            opened.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n".encode())
        assert wait_until_closed(silent, seconds=20) == len(silent)


def test_of_sixteen_downloads_at_once_an_address_gets_two_and_pages_are_answered(site):
    before = site.read_memory_mb()
    with ExitStack() as stack:
        asked = [stack.enter_context(site.ask(DOWNLOAD)) for _ in range(16)]
        answers = [opened.recv(400).decode() for opened in asked]
        assert sorted(answer.split()[1] for answer in answers) == ["200"] * 2 + ["429"] * 14
        refused = next(answer for answer in answers if " 429 " in answer)
        assert "Retry-After: 10" in refused
        assert site.read_status("/api/v1/health") == 200
        assert site.read_memory_mb() - before < MEMORY_MB


def test_answers_that_are_never_read_keep_nobody_out(site):
    before = site.read_memory_mb()
    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(site.ask("/api/v1/ads?limit=500"))
        assert site.read_status("/api/v1/health") == 200
        assert site.read_status("/") == 200
        assert site.read_memory_mb() - before < MEMORY_MB


def test_one_subscriber_of_ipv6_is_one_reader_and_the_neighbour_another(site):
    with ExitStack() as stack:

        def download(address: str) -> bytes:
            asked = stack.enter_context(site.ask(DOWNLOAD, f"{FROM}: {address}\r\n"))
            return asked.recv(64).split()[1]

        same = [f"2001:db8:1:1:{number}::1" for number in range(3)]
        assert [download(address) for address in same] == [b"200", b"200", b"429"]
        assert download("2001:db8:1:2::1") == b"200"
        assert download("192.0.2.1") == b"200"
