"""A feed that puts secrets wherever an answer has room for them: no stranger ever reads one."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlmodel import select

from api.app import create_app
from archive.models import Capture
from archive.models.runs import Outcome
from archive.store.database import read
from scrapers.spiders.ad_feed import AdFeedSpider
from tests.public_answers import read_everything
from tests.scrapers.crawls import Home, now
from tests.scrapers.spiders.test_ad_feed import write_feed

SECRET = "sekret-91c4"
FEED = (
    f"url: https://panel.example/files/ads.jsonl?apikey={SECRET}&sig={SECRET}&year=2026&{SECRET}\n"
    "title: P\npublisher: P\nlicence: CC0\nharmless_parameters: [year]\n"
)
HEAD = f"X-Told: {SECRET}\r\nContent-Type: text/{SECRET}\r\nETag: {SECRET}\r\nConnection: close\r\n"
ANSWERS = {
    "length": f"200 OK\r\n{HEAD}Content-Length: -5\r\n\r\n{SECRET}",
    "status": f"400 {SECRET}\r\n{HEAD}Content-Length: 11\r\n\r\n{SECRET}",
    "redirect": f"302 Found\r\n{HEAD}Location: http://{SECRET}.example/{SECRET}?key={SECRET}\r\n\r\n",
    "body": f'200 OK\r\n{HEAD}\r\n{{"ref": "1", "platform": {SECRET}',
}


class Hostile(BaseHTTPRequestHandler):
    """Answers as the first part of the path says."""

    def do_GET(self) -> None:
        answer = ANSWERS.get(self.path.split("/")[1], "404 Not Found\r\nContent-Length: 0\r\n\r\n")
        self.wfile.write(f"HTTP/1.1 {answer}".encode())
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_server() -> Iterator[str]:
    """The address, without its scheme."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def crawled(home: Home) -> Home:
    write_feed(home.settings.home, FEED)
    with running_server() as place:
        for name in ANSWERS:
            home.crawl(f"http://{place}/{name}", "ad_feed", "panel")
        home.crawl(f"https://{place}", "ad_feed", "panel")
    return home


def test_nothing_that_a_feed_slips_in_is_read_by_strangers(crawled: Home) -> None:
    runs = crawled.runs()
    outcomes = [run.outcome for run in runs]
    assert set(outcomes) <= {Outcome.FAILED, Outcome.DEFERRED, Outcome.ATTENTION}, outcomes
    assert SECRET in " ".join(run.reason for run in runs), "operators are told more"
    assert not any(f"={SECRET}" in run.reason for run in runs)
    with read(crawled.engine) as session:
        urls = list(session.exec(select(Capture.url)))
    assert urls
    assert all("apikey=REDACTED&sig=REDACTED&year=2026&REDACTED" in url for url in urls)
    answers = read_everything(
        create_app(crawled.settings, now), source="ad_feed", source_id="ad_feed"
    )
    assert [path for path, answer in answers if SECRET in answer] == []


def test_a_feed_shows_only_the_parameters_that_its_file_calls_harmless(home: Home) -> None:
    settings = write_feed(home.settings.home, FEED)
    assert AdFeedSpider.list_shown_parameters(settings, "panel") == {"year"}
    assert AdFeedSpider.list_shown_parameters(settings, "another") == frozenset()
