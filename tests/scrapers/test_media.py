"""Fetching media at a replica: what is kept, what is not and why, and what is never asked again."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archive.blobs import BlobStore
from archive.database import read, write
from archive.errors import RealmError
from archive.ingest.pages import ingest_page
from archive.media import find_similar
from archive.models import AdMedia, LedgerLeaf, MediaFile
from archive.models.changes import LeafKind
from archive.models.collecting import Outcome as RunOutcome
from archive.models.collecting import RunKind
from archive.models.media import MediaState
from archive.realm import claim_realm
from archive.records import AdRecord, Allowance, Material, SourceInfo, Terms
from archive.runs import begin_run, end_run
from config.settings import Realm, Settings
from scrapers import machine_text
from scrapers import media as media_module
from scrapers.media import Looked, MediaOrder, fetch_media, read_kept
from scrapers.media_download import Limits
from scrapers.replica.serve import serve_app
from tests.drawn import draw_scene, encode_picture, make_bomb
from tests.migrated import init_fresh

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


def make_source(name: str, allows: Allowance, pace: float = 0) -> SourceInfo:
    return SourceInfo(
        id=name,
        title=name.title(),
        publisher="An invented publisher",
        kind="ads",
        homepage="https://open.example",
        documentation="https://open.example/about",
        licence="not stated",
        access="robots: obey",
        partition_unit="a year's file",
        seconds_between_requests=pace,
        republish={Material.MEDIA: Terms(allows=allows, because="its terms of 2026, section 4")},
    )


SOURCES = [
    make_source("open", Allowance.PUBLISH),
    make_source("closed", Allowance.LEAVE),
    make_source("slow", Allowance.KEEP, pace=20),
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
def cdn() -> Cdn:
    return Cdn()


@pytest.fixture
def base_url(cdn) -> Iterator[str]:
    with serve_app(Starlette(routes=[Route("/{path:path}", cdn.answer)])) as address:
        yield address


@pytest.fixture
def settings(tmp_path) -> Settings:
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
            look = begin_run(session, source, "2026", RunKind.CRAWL, now)
            ingest_page(session, look, records, None, now)
            end_run(session, look, RunOutcome.DONE, now)

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
def fetch(settings, engine, clock, base_url) -> Callable[..., list[Looked]]:
    def fetch_all(**order: object) -> list[Looked]:
        wanted = MediaOrder(**({"base_url": base_url} | order))
        return list(fetch_media(settings, engine, clock, wanted, SMALL, clock.wait))

    return fetch_all


def list_states(looks: list[Looked]) -> dict[str, MediaState]:
    return {look.url.removeprefix(HOST): look.outcome.state for look in looks}


def test_a_picture_is_kept_with_what_it_looks_like(fetch, take_in, engine, settings):
    take_in("open", a1=[f"{HOST}/one.png"])

    (look,) = fetch()

    assert (look.source, look.ref, look.outcome.state) == ("open", "a1", MediaState.KEPT)
    assert BlobStore(settings.blobs_dir).read(look.outcome.sha256) == PICTURE
    with read(engine) as session:
        (file,) = session.exec(select(MediaFile)).all()
        assert (file.media_type, file.width, file.height) == ("image/png", 320, 240)
        assert file.bytes == len(PICTURE)
        assert session.exec(leaves()).one() == 1


def leaves():
    return select(func.count()).where(LedgerLeaf.kind == LeafKind.MEDIA)


def test_what_is_not_kept_has_its_reason(fetch, take_in):
    names = ["gone.png", "bomb.png", "large.mp4"]
    bad = ["http://cdn.example/one.png", "https://a:b@cdn.example/x", "not an address"]
    take_in("open", a1=[*(f"{HOST}/{name}" for name in names), *bad])

    states = list_states(fetch())

    assert states["/gone.png"] == MediaState.GONE
    assert states["/bomb.png"] == MediaState.TOO_LARGE
    assert states["/large.mp4"] == MediaState.TOO_LARGE
    assert "not an address" in states


def test_the_kind_of_a_file_is_what_it_holds_and_not_what_its_server_says(fetch, take_in, engine):
    take_in("open", a1=[f"{HOST}/wrong.png", f"{HOST}/drawing.svg"])

    assert set(list_states(fetch()).values()) == {MediaState.KEPT}

    with read(engine) as session:
        kinds = session.exec(select(MediaFile.media_type)).all()
        assert sorted(kinds) == ["image/svg+xml", "text/html"]


def test_a_source_whose_terms_forbid_it_is_not_asked(fetch, take_in, cdn):
    take_in("closed", a1=[f"{HOST}/one.png"])

    assert fetch() == []
    assert cdn.asked == []


def test_a_redirect_to_a_machine_of_ours_is_not_followed(fetch, take_in, cdn):
    cdn.instead["/on.png"] = RedirectResponse("http://169.254.169.254/latest/meta-data/")
    take_in("open", a1=[f"{HOST}/on.png"])

    (look,) = fetch()

    assert look.outcome.state == MediaState.UNSAFE


def test_what_was_looked_at_is_not_asked_again(fetch, take_in, cdn):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/gone.png"])
    fetch()
    asked = list(cdn.asked)

    assert fetch() == []
    assert cdn.asked == asked == ["/one.png", "/gone.png"]


def test_an_address_that_two_ads_name_is_fetched_once(fetch, take_in, cdn, engine):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/one.png"])

    assert {look.ref for look in fetch()} == {"a1", "a2"}

    assert cdn.asked == ["/one.png"]
    with read(engine) as session:
        assert session.exec(leaves()).one() == 2


def test_a_new_version_of_an_ad_brings_only_its_new_addresses(fetch, take_in, cdn, engine):
    take_in("open", a1=[f"{HOST}/one.png"])
    fetch()
    take_in("open", NOON + timedelta(days=1), a1=[f"{HOST}/other.png", f"{HOST}/one.png"])

    fetch()

    assert cdn.asked == ["/one.png", "/other.png"]
    with read(engine) as session:
        kept = session.exec(select(AdMedia.state, AdMedia.looks).order_by(col(AdMedia.id))).all()
        assert kept == [(MediaState.KEPT, 1), (MediaState.KEPT, 1)]


def test_what_could_not_be_reached_is_tried_again_a_few_times_a_day_apart(
    fetch, take_in, cdn, clock
):
    cdn.instead["/one.png"] = Response("later", 500)
    take_in("open", a1=[f"{HOST}/one.png"])

    tries = []
    for _ in range(8):
        tries += [look.outcome.state for look in fetch()]
        assert fetch() == []
        clock.at += timedelta(days=1)

    assert tries == [MediaState.UNREACHABLE] * 5


def test_what_comes_back_later_is_kept(fetch, take_in, cdn, clock):
    cdn.instead["/one.png"] = Response("later", 500)
    take_in("open", a1=[f"{HOST}/one.png"])
    fetch()
    cdn.instead.clear()
    clock.at += timedelta(days=1)

    assert list_states(fetch()) == {"/one.png": MediaState.KEPT}


def test_a_server_that_wants_to_be_left_alone_is(fetch, take_in, cdn, clock):
    cdn.instead["/other.png"] = Response("slower", 429, {"retry-after": "7200"})
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/other.png"])

    assert list_states(fetch()) == {"/other.png": MediaState.UNREACHABLE}
    clock.at += timedelta(seconds=7100)
    assert fetch() == []
    clock.at += timedelta(seconds=99)
    assert list_states(fetch()) == {"/one.png": MediaState.KEPT}
    assert clock.waited == [1.0]


def test_the_pace_of_a_source_is_kept_but_not_at_a_replica(settings, engine, take_in, clock, fetch):
    take_in("slow", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/other.png"])

    assert len(fetch()) == 2
    assert clock.waited == []


def test_at_a_real_source_no_request_comes_before_its_time(settings, engine, take_in, clock):
    with write(engine) as session:
        claim_realm(session, Realm.REAL)
    take_in("slow", a1=["https://a.invalid/1"], a2=["https://a.invalid/2"], a3=["http://x/3"])

    looks = list(fetch_media(settings, engine, clock, MediaOrder(), SMALL, clock.wait))

    assert len(looks) == 3
    assert clock.waited == [20.0, 20.0]


def test_addresses_of_invented_ads_are_never_asked_on_the_web(settings, engine, take_in, clock):
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
    take_in("open", a1=[f"{HOST}/one.png"])

    assert list(fetch_media(settings, engine, clock, MediaOrder(), SMALL, clock.wait)) == []


def test_a_replica_brings_nothing_into_an_archive_of_real_data(fetch, engine, take_in):
    with write(engine) as session:
        claim_realm(session, Realm.REAL)
    take_in("open", a1=[f"{HOST}/one.png"])

    with pytest.raises(RealmError):
        fetch()


def test_one_ad_does_not_take_the_place_of_many(fetch, take_in, cdn):
    take_in("open", a1=[f"{HOST}/{number}.png" for number in range(500)])

    assert len(fetch()) == len(cdn.asked) == 20
    assert fetch() == []


def test_only_as_many_ads_as_wanted_and_only_of_the_sources_wanted(fetch, take_in):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/other.png"])
    take_in("slow", b1=[f"{HOST}/one.png"])

    assert [look.ref for look in fetch(most_ads=1, sources=frozenset({"open"}))] == ["a2"]
    assert [look.ref for look in fetch(sources=frozenset({"slow"}))] == ["b1"]


def test_who_is_killed_between_two_addresses_fetches_that_ad_again(
    fetch, take_in, monkeypatch, cdn
):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/other.png"])
    real = media_module.keep_file

    def die(session, blob, look, words, now):
        if len(cdn.asked) == 2:
            raise KeyboardInterrupt
        return real(session, blob, look, words, now)

    monkeypatch.setattr(media_module, "keep_file", die)
    with pytest.raises(KeyboardInterrupt):
        fetch()
    monkeypatch.undo()

    assert list_states(fetch()) == {"/one.png": MediaState.KEPT, "/other.png": MediaState.KEPT}


def test_ads_with_the_same_picture_edited_are_found(fetch, take_in, engine):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/copy.jpg"], a3=[f"{HOST}/other.png"])
    fetch()

    with read(engine) as session:
        dhashes = dict(session.exec(select(MediaFile.media_type, MediaFile.dhash)).all())
        near = find_similar(session, dhashes["image/jpeg"], 10)

    assert {public_id for public_id, _, _ in near} == {"open:a1", "open:a2"}
    assert [bits for _, _, bits in near] == sorted(bits for _, _, bits in near)


def test_pictures_kept_without_tesseract_are_read_once_there_is_one(
    fetch, take_in, engine, settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/wrong.png"])
    fetch()
    assert read_kept(settings, engine, 10) == 0
    with read(engine) as session:
        lacks = dict(session.exec(select(MediaFile.media_type, MediaFile.missing)).all())
        assert lacks["image/png"] == {"machine_text": "not_looked"}
        assert lacks["text/html"]["machine_text"] == "not_provided"

    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\necho "PAID FOR BY HARBOUR"\n')
    program.chmod(0o755)
    machine_text.name_version.cache_clear()

    assert read_kept(settings, engine, 10) == 1
    assert read_kept(settings, engine, 10) == 0
    with read(engine) as session:
        file = session.exec(select(MediaFile).where(MediaFile.media_type == "image/png")).one()
        assert (file.machine_text, file.missing) == ("PAID FOR BY HARBOUR", {})
    machine_text.name_version.cache_clear()
