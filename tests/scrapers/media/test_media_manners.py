"""How often media are asked for: once, in turn, not before their time, and never where it is not due."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select
from starlette.responses import Response, StreamingResponse

from archive.models import AdMedia
from archive.models.media import MediaState
from archive.runs.crawling_stops import CrawlingStoppedError, resume_crawling, stop_crawling
from archive.store.database import read, write
from archive.store.realm import claim_realm
from config.settings import Realm
from scrapers.media import fetcher as media_module
from scrapers.media.collecting import MediaOrder, fetch_media, keep_due_media
from tests.scrapers.media.conftest import HOST, NOON, SMALL, leaves, list_states


def test_what_was_crawled_is_not_asked_again(fetch, take_in, cdn):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/gone.png"])
    fetch()
    asked = list(cdn.asked)

    assert fetch() == []
    assert cdn.asked == asked == ["/one.png", "/gone.png"]


def test_an_address_that_two_ads_name_is_fetched_once(fetch, take_in, cdn, engine):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/one.png"])

    assert {fetch.ref for fetch in fetch()} == {"a1", "a2"}

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
        kept = session.exec(select(AdMedia.state, AdMedia.tries).order_by(col(AdMedia.id))).all()
        assert kept == [(MediaState.KEPT, 1), (MediaState.KEPT, 1)]


def test_what_could_not_be_reached_is_tried_again_a_few_times_a_day_apart(
    fetch, take_in, cdn, clock
):
    cdn.instead["/one.png"] = Response("later", 500)
    take_in("open", a1=[f"{HOST}/one.png"])

    tries = []
    for _ in range(8):
        tries += [fetch.outcome.state for fetch in fetch()]
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

    tries = list(fetch_media(settings, engine, clock, MediaOrder(), SMALL, clock.wait))

    assert len(tries) == 3
    assert clock.waited == [20.0, 20.0]


def test_addresses_of_invented_ads_are_never_asked_on_the_web(settings, engine, take_in, clock):
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
    take_in("open", a1=[f"{HOST}/one.png"])

    assert list(fetch_media(settings, engine, clock, MediaOrder(), SMALL, clock.wait)) == []


def test_one_ad_does_not_take_the_place_of_many(fetch, take_in, cdn):
    take_in("open", a1=[f"{HOST}/{number}.png" for number in range(500)])

    assert len(fetch()) == len(cdn.asked) == 20
    assert fetch() == []


def test_only_as_many_ads_as_wanted_and_only_of_the_sources_wanted(fetch, take_in):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/other.png"])
    take_in("slow", b1=[f"{HOST}/one.png"])

    assert [fetch.ref for fetch in fetch(most_ads=1, sources=frozenset({"open"}))] == ["a2"]
    assert [fetch.ref for fetch in fetch(sources=frozenset({"slow"}))] == ["b1"]


def test_who_is_killed_between_two_addresses_fetches_that_ad_again(
    fetch, take_in, monkeypatch, cdn
):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/other.png"])
    real = media_module.keep_file

    def die(session, blob, fetch, words, now):
        if len(cdn.asked) == 2:
            raise KeyboardInterrupt
        return real(session, blob, fetch, words, now)

    monkeypatch.setattr(media_module, "keep_file", die)
    with pytest.raises(KeyboardInterrupt):
        fetch()
    monkeypatch.undo()

    assert list_states(fetch()) == {"/one.png": MediaState.KEPT, "/other.png": MediaState.KEPT}


def test_a_stop_of_all_crawling_holds_for_media_also_while_one_is_coming(
    fetch, take_in, cdn, engine, settings, clock
):
    take_in("open", a1=[f"{HOST}/slow.png"], a2=[f"{HOST}/one.png"])

    async def drip():
        yield b"a picture"
        with write(engine) as session:
            stop_crawling(session, "Ada", "a court asked us to", NOON)
        for _ in range(20):
            await asyncio.sleep(0.1)
            yield b" goes on"

    cdn.instead["/slow.png"] = StreamingResponse(drip())
    with pytest.raises(CrawlingStoppedError, match="a court asked us to"):
        fetch()
    cdn.asked.clear()
    with pytest.raises(CrawlingStoppedError):
        fetch()
    keep_due_media(settings, engine, clock)

    assert cdn.asked == []
    with read(engine) as session:
        rows = session.exec(select(AdMedia)).all()
        assert "/slow.png" not in {row.url.removeprefix(HOST) for row in rows}

    with write(engine) as session:
        resume_crawling(session, "Ada", "over", NOON)
    cdn.instead.clear()
    assert "/slow.png" in list_states(fetch())
