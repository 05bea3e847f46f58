"""A crawl opens no door, goes nowhere it should not, obeys robots, and leaves no secret behind."""

import asyncio
import base64
import os
import socket
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.extension import ExtensionManager
from scrapy.settings.default_settings import EXTENSIONS_BASE
from scrapy.statscollectors import StatsCollector
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from archive.exports.dump import dump_table, list_tables
from archive.models.runs import Outcome
from archive.store.blobs import BlobStore
from archive.store.database import read
from config.settings import Settings
from scrapers.demo.walk import make_demo_settings
from scrapers.fetching.middlewares import GuardMiddleware
from scrapers.fetching.walk import Walk, WalkCrawler
from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.serve import running_replica
from scrapers.sources.signing import MissingCredentialError, Secret
from scrapers.sources.spider import SourceSpider
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS
from scrapers.work.crawl.crawling import build_settings
from tests.scrapers.crawls import Home, crawl_once, now
from tests.scrapers.replica.http_faults import cut_body, redirect_to, reply_with

DOORS = {"TelnetConsole", "RemoteControl"}

SECRET = "NEVER/SHOWN+ANYWHERE=|7"


def spell_secret(secret: str) -> list[str]:
    """The ways in which a secret may stand in an address, a JSON text or a header."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return [
        *(secret, quote(secret), quote(secret, safe=""), quote_plus(secret, safe="/")),
        *(secret.replace("/", r"\/"), encoded),
    ]


FORBID_ALL = reply_with(
    lambda: PlainTextResponse("User-agent: *\nDisallow: /\n", headers={"X-Realm": "fictional"})
)


@pytest.mark.parametrize("source", sorted(find_spiders()))
def test_a_built_crawler_has_no_door_into_its_process(source):
    """Scrapy leaves out an extension whose setting is off: what it builds is what counts."""
    spider = find_spiders()[source]
    walk = Walk(spider, spider.base_url, None)
    crawler = WalkCrawler(walk, build_settings(Settings(), spider.info, spider.base_url))
    crawler.stats = StatsCollector(crawler)
    extensions = ExtensionManager.from_crawler(crawler).middlewares
    built = {type(extension).__name__ for extension in extensions}
    assert "CoreStats" in built
    assert not built & DOORS


def test_the_doors_are_those_that_scrapy_would_open():
    assert {path.rpartition(".")[2] for path in EXTENSIONS_BASE} >= DOORS


def ask_guard(walk: Walk, url: str) -> None:
    asyncio.run(GuardMiddleware(walk).process_request(Request(url)))


@pytest.fixture
def live_walk():
    return Walk(find_spiders()["snap"], "https://files.example/ads", None)


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["10.0.0.8"],
        ["93.184.216.34", "192.168.1.1"],
        ["fe80::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
    ],
)
def test_a_name_that_leads_to_a_private_address_is_not_asked(live_walk, monkeypatch, addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(IgnoreRequest, match="private address"):
        ask_guard(live_walk, "https://files.example/ads/2026.zip")

    assert live_walk.trouble.outcome == Outcome.FAILED
    assert "the source leads to a private address (files.example)" in live_walk.trouble.reason


def test_a_name_that_leads_to_a_public_address_is_asked(live_walk, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    ask_guard(live_walk, "https://files.example/ads/2026.zip")
    assert live_walk.trouble is None


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.evil.example/",
        "https://files.example:8443/",
        "https://files.example@evil.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:9/",
        "http://localhost:9/",
    ],
)
def test_only_the_sources_own_hosts_are_asked(live_walk, url):
    with pytest.raises(IgnoreRequest, match="another host"):
        ask_guard(live_walk, url)


def test_a_redirect_does_not_lead_away_from_the_allowed_hosts(home):
    with running_replica(faults=[Fault("/snap/*", redirect_to("http://127.0.0.1:9/"))]) as url:
        run = home.crawl(url)
    assert run.outcome == Outcome.FAILED
    assert "another host" in run.reason


def test_a_redirect_to_a_file_of_this_machine_reads_nothing(home):
    with running_replica(faults=[Fault("/snap/*", redirect_to("file:///etc/passwd"))]) as url:
        run = home.crawl(url)
    blobs = BlobStore(home.settings.blobs_dir)
    assert run.outcome == Outcome.FAILED
    assert not [path for path in blobs.root.rglob("*.zst") if b"root:" in blobs.read(path.stem)]


def test_robots_are_obeyed_and_the_refusal_is_the_reason(home):
    received = []
    with running_replica(faults=[Fault("/robots.txt", FORBID_ALL)], received=received) as url:
        run = home.crawl(url)
    assert (run.outcome, run.reason) == (Outcome.BLOCKED, "the source's robots.txt forbids it")
    assert {request.path for request in received} == {"/robots.txt"}


def test_an_api_whose_terms_let_us_in_is_not_asked_for_robots(home):
    received = []
    with running_replica(faults=[Fault("/robots.txt", FORBID_ALL)], received=received) as url:
        run = home.crawl_meta(url)
    assert run.outcome == Outcome.DONE
    assert "/robots.txt" not in {request.path for request in received}


def test_every_request_says_who_asks_and_where_to_write(home):
    contact = {"operator_name": "The Harbour Archive", "operator_contact": "desk@archive.example"}
    named = Home(home.settings.model_copy(update=contact), home.engine)
    received = []
    with running_replica(received=received) as url:
        named.crawl(url)
        named.crawl_meta(url)
    agents = {request.headers["user-agent"] for request in received}
    assert agents == {"paidforby (political ad archive; The Harbour Archive; desk@archive.example)"}


def test_a_secret_is_taken_out_however_it_is_spelled():
    secret = Secret("access_token", SecretStr(SECRET))
    for form in spell_secret(SECRET):
        assert secret.hide_in_text(f"<{form}>").rstrip("=") == "<REDACTED>"
        assert secret.hide_in_bytes(f"<{form}>".encode()) == b"<REDACTED>"


def asks_for_secret(spider: type[SourceSpider]) -> bool:
    try:
        return spider.read_secret(Settings()) is not None
    except MissingCredentialError:
        return True


SECRETIVE = [source for source, spider in find_spiders().items() if asks_for_secret(spider)]


def crawl_and_log(settings: Settings, source: str, base_url: str, log: Path) -> None:
    """A crawl in a process whose output goes into a file."""
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    partition = find_spiders()[source].list_partitions(settings, now().date())[0]
    crawl_once(settings, source, partition, base_url)


async def send_back(request: Asked, status: int) -> Response:
    """An error that repeats what it was asked with, as careless servers do."""
    asked = f"{request.url.query} {request.headers.get('authorization')}"
    return JSONResponse({"error": {"code": 100, "message": asked}}, status, {"X-Asked": asked})


async def send_on(request: Asked) -> Response:
    """A redirect to the very address that was asked for, secret and all."""
    return RedirectResponse(str(request.url), 307)


def leave_traces(path: str) -> list[Fault]:
    """What a source may do to make us write a secret down, one after the other."""
    acts = [
        cut_body(0.5),
        lambda request, _: send_back(request, 500),
        lambda request, _: send_on(request),
        lambda request, _: send_back(request, 400),
    ]
    return [Fault(path, act, first=number) for number, act in enumerate(acts, 1)]


def list_shown(settings: Settings, received: list[ReceivedRequest]) -> set[str]:
    """Every secret that the crawls had, those that they were given for it included."""
    parts = (settings, *settings.of_sources)
    values = [value for part in parts for _, value in part if isinstance(value, SecretStr)]
    headers = [
        request.headers["authorization"]
        for request in received
        if "authorization" in request.headers
    ]
    return {value.get_secret_value() for value in values} | {text.split()[-1] for text in headers}


def read_remains(home: Home) -> list[bytes]:
    """All that runs left: rows of the database, evidence as it was before it was packed, files."""
    rows = [line for lines in read_all(home).values() for line in lines]
    home.engine.dispose()
    blobs = BlobStore(home.settings.blobs_dir)
    kept = [blobs.read(path.stem) for path in blobs.root.rglob("*.zst")]
    return rows + kept + [p.read_bytes() for p in home.settings.home.rglob("*") if p.is_file()]


@pytest.mark.parametrize("source", SECRETIVE)
def test_no_secret_is_in_anything_that_runs_leave_behind(home, source):
    """With the demo's settings, which let every source be crawled from its fixture."""
    settings = make_demo_settings(home.settings).model_copy(update={"home": home.settings.home})
    log, received = home.settings.home / "log", []

    def crawl(faults):
        with running_replica(faults=faults, received=received) as url:
            order = (settings, source, f"{url}/{source}", log)
            process = FORKS.Process(target=crawl_and_log, args=order)
            process.start()
            process.join()
        return home.runs()[-1]

    honest = crawl([])
    hostile = crawl(leave_traces(received[-1].path))
    secrets = list_shown(settings, received)
    remains = read_remains(home)

    assert (honest.outcome, hostile.outcome) == (Outcome.DONE, Outcome.FAILED)
    assert any(secret in str(received) for secret in secrets), "the crawls did show the secret"
    assert [data for data in remains if b"REDACTED" in data], "the source did repeat it"
    for form in {form for secret in secrets for form in spell_secret(secret)}:
        assert not [data for data in remains if form.encode() in data]


def read_all(home: Home) -> dict[str, list[bytes]]:
    with read(home.engine) as session:
        return {table.name: list(dump_table(session, table)) for table in list_tables()}


@pytest.mark.parametrize(("source", "partition"), [("snap", "2026"), ("meta_ad_library", "US")])
def test_a_check_changes_nothing_in_the_archive(home, source, partition):
    with running_replica(day=1) as url:
        home.crawl(url, source, partition)
    before = read_all(home)
    blobs = sorted(home.settings.blobs_dir.rglob("*"))

    with running_replica(day=2) as url:
        told = home.command("crawl", source, "--check", "--base-url", f"{url}/{source}")

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("as expected")
    assert read_all(home) == before
    assert sorted(home.settings.blobs_dir.rglob("*")) == blobs
