"""A crawl opens no door, goes nowhere it should not, obeys robots, and leaves no secret behind."""

import asyncio
import base64
import socket
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.extension import ExtensionManager
from scrapy.statscollectors import StatsCollector
from starlette.responses import PlainTextResponse

from archive.blobs import BlobStore
from archive.database import read
from archive.dump import dump_table, list_tables
from archive.models.collecting import Outcome
from config.settings import Settings
from scrapers.crawling import build_settings
from scrapers.credentials import list_standings
from scrapers.middlewares import GuardMiddleware
from scrapers.replica.faults import (
    Fault,
    cut_body,
    fail_server,
    redirect_to,
    reply_with,
)
from scrapers.replica.serve import running_replica
from scrapers.signing import Secret
from scrapers.spider import find_spiders
from scrapers.walk import Walk, WalkCrawler
from tests.scrapers.crawls import SMALL_PAGES, Home, now

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
    assert "files.example leads to a private address" in live_walk.trouble.reason


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
    ],
)
def test_only_the_sources_own_hosts_are_asked(live_walk, url):
    with pytest.raises(IgnoreRequest, match="another host"):
        ask_guard(live_walk, url)


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/", "http://[::1]:9/", "http://localhost:9/"]
)
def test_a_redirect_does_not_lead_away_from_the_allowed_hosts(home, address):
    with running_replica(faults=[Fault("/snap/*", redirect_to(address))]) as url:
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


def fill_secrets(settings: Settings) -> tuple[Settings, set[str]]:
    """The settings with every secret that a source asks for, and these secrets."""
    fields = {n for n, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    given = {name: getattr(settings, name) or SecretStr(SECRET) for name in fields}
    ours = {"meilisearch_key", "mail_password"}
    filled = settings.model_copy(update={n: v for n, v in given.items() if n not in ours})
    return filled, {value.get_secret_value() for value in given.values()}


def list_first_partitions(settings: Settings) -> list[tuple[str, str]]:
    """Each source that asks for a credential, with a partition of it that there is to look at."""
    listed = {
        standing.source: find_spiders()[standing.source].list_partitions(settings, now().date())
        for standing in list_standings(settings)
    }
    return [(source, partitions[0]) for source, partitions in listed.items() if partitions]


def test_no_secret_is_in_anything_that_runs_leave_behind(home):
    """Database, evidence as it was before it was packed, spooled parts, logs and what was printed."""
    settings, secrets = fill_secrets(home.settings)
    secretive = Home(settings, home.engine)
    printed = ""
    for source, partition in list_first_partitions(settings):
        everything = f"/{source}/*"
        for faults in (
            [
                Fault(everything, cut_body(0.5)),
                Fault(everything, fail_server(), first=2),
                SMALL_PAGES,
            ],
            [Fault(everything, redirect_to("http://elsewhere.example/"))],
        ):
            with running_replica(faults=faults) as url:
                told = secretive.command(
                    *("crawl", source, "--partition", partition, "--no-index"),
                    *("--base-url", f"{url}/{source}"),
                )
            printed += told.stdout + told.stderr
    home.engine.dispose()

    blobs = BlobStore(home.settings.blobs_dir)
    kept = [blobs.read(path.stem) for path in blobs.root.rglob("*.zst")]
    left = [path.read_bytes() for path in home.settings.home.rglob("*") if path.is_file()]
    assert any(b"REDACTED" in body for body in kept), "the pages did carry the token"
    for form in {form for secret in secrets for form in spell_secret(secret)}:
        assert form not in printed
        assert not [data for data in kept + left if form.encode() in data]


def read_all(home: Home) -> dict[str, list[bytes]]:
    with read(home.engine) as session:
        return {table.name: list(dump_table(session, table)) for table in list_tables()}


@pytest.mark.parametrize("source", ["snap", "meta_ad_library"])
def test_a_check_changes_nothing_in_the_archive(home, source):
    with running_replica(day=1) as url:
        home.crawl(url)
        home.crawl_meta(url)
    before = read_all(home)
    blobs = sorted(home.settings.blobs_dir.rglob("*"))

    with running_replica(day=2) as url:
        told = home.command("crawl", source, "--check", "--base-url", f"{url}/{source}")

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("as expected")
    assert read_all(home) == before
    assert sorted(home.settings.blobs_dir.rglob("*")) == blobs
