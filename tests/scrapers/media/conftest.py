"""A server of invented pictures, and an archive of ads that name them.

`fetch` looks at what is due there; `cdn` knows what it was asked and answers what a test wants.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archive.ingest.pages import ingest_page
from archive.models import LedgerLeaf
from archive.models.changes import LeafKind
from archive.models.media import MediaState
from archive.models.runs import Outcome as RunOutcome
from archive.models.runs import RunKind
from archive.records import AdRecord, Allowance
from archive.runs.lease import begin_run, end_run
from archive.store.database import write
from config.settings import Settings
from scrapers.media.collecting import FetchedAddress, MediaOrder, fetch_media
from scrapers.media.download import Limits
from scrapers.replica.serve import serve_app
from tests.drawn import draw_scene, encode_picture, make_bomb
from tests.migrated import init_fresh
from tests.sources_with_terms import make_source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOST = "https://cdn.example"
SMALL = Limits(most_bytes=200_000, silence_seconds=2.0, whole_seconds=5.0)

PICTURE = encode_picture(draw_scene(1))
FILES: Mapping[str, bytes] = {
    "/one.png": PICTURE,
    "/copy.jpg": encode_picture(draw_scene(1), "JPEG", quality=60),
    "/other.png": encode_picture(draw_scene(2)),
    "/wrong.png": b"<html><script>alert(1)</script>",
    "/drawing.svg": b"<svg onload=alert(1)/>",
    "/bomb.png": make_bomb(),
    "/large.mp4": bytes(200_001),
}


SOURCES = [
    make_source(Allowance.PUBLISH, "open"),
    make_source(Allowance.LEAVE, "closed"),
    make_source(Allowance.KEEP, "slow", pace=20),
    make_source(None, "ad_feed"),
]


class Cdn:
    """A server of files; what it was asked for, and what it answers instead."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.instead: dict[str, Response] = {}

    def answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/cdn.example")
        self.asked.append(path)
        if path in self.instead:
            return self.instead[path]
        body = FILES.get(path)
        return Response(body, media_type="image/png") if body else Response("gone", 404)


@pytest.fixture
def _no_tesseract(tmp_path, monkeypatch):
    """What machines read is told in tests/archive/media; here the program would only take time."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def cdn() -> Cdn:
    return Cdn()


@pytest.fixture
def base_url(cdn) -> Iterator[str]:
    with serve_app(Starlette(routes=[Route("/{path:path}", cdn.answer)])) as address:
        yield address


@pytest.fixture
def settings(tmp_path, _no_tesseract) -> Settings:
    return Settings(home=tmp_path / "home", meilisearch_url=None)


@pytest.fixture
def engine(settings) -> Iterator[Engine]:
    engine = init_fresh(settings, SOURCES)
    yield engine
    engine.dispose()


@pytest.fixture
def take_in(engine) -> Callable[..., None]:
    def take(source: str, now: datetime = NOON, **addresses: list[str]) -> None:
        records = [
            AdRecord(ref=ref, platform="examplatform", media_urls=urls)
            for ref, urls in addresses.items()
        ]
        with write(engine) as session:
            fetch = begin_run(session, source, "2026", RunKind.CRAWL, now)
            ingest_page(session, fetch, records, None, now)
            end_run(session, fetch, RunOutcome.DONE, now)

    return take


class Clock:
    """A clock that waiting moves."""

    def __init__(self) -> None:
        self.at = NOON
        self.waited: list[float] = []

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetch(settings, engine, clock, base_url) -> Callable[..., list[FetchedAddress]]:
    def fetch_all(**order: object) -> list[FetchedAddress]:
        wanted = MediaOrder(**({"base_url": base_url} | order))
        return list(fetch_media(settings, engine, clock, wanted, SMALL, clock.wait))

    return fetch_all


def list_states(tries: list[FetchedAddress]) -> dict[str, MediaState]:
    return {fetch.url.removeprefix(HOST): fetch.outcome.state for fetch in tries}


def leaves():
    """How many files the ledger says were kept."""
    return select(func.count()).where(LedgerLeaf.kind == LeafKind.MEDIA)
