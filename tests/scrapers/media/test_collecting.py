"""Fetching media at a replica: what is kept, and what is not and why."""

from pathlib import Path

import pytest
from sqlmodel import select
from starlette.responses import RedirectResponse, Response

from archive.errors import RealmError
from archive.media import machine_text
from archive.media.files import find_similar
from archive.models import MediaFile
from archive.models.media import MediaState
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.realm import claim_realm
from config.settings import Realm
from scrapers.media.collecting import renew_terms
from scrapers.media.machine_text import read_kept
from tests.scrapers.media.conftest import HOST, PICTURE, leaves, list_states

POISON = Path(__file__).parents[2] / "hostile/inputs/poison-picture.jpg"
"""Its Exif data break off."""


def test_a_picture_is_kept_with_what_it_looks_like(fetch, take_in, engine, settings):
    take_in("open", a1=[f"{HOST}/one.png"])

    (fetch,) = fetch()

    assert (fetch.source, fetch.ref, fetch.outcome.state) == ("open", "a1", MediaState.KEPT)
    assert BlobStore(settings.blobs_dir).read(fetch.outcome.sha256) == PICTURE
    with read(engine) as session:
        (file,) = session.exec(select(MediaFile)).all()
        assert (file.media_type, file.width, file.height) == ("image/png", 320, 240)
        assert file.bytes == len(PICTURE)
        assert session.exec(leaves()).one() == 1


def test_what_is_not_kept_has_its_reason(fetch, take_in):
    names = ["gone.png", "bomb.png", "large.mp4"]
    bad = ["http://cdn.example/one.png", "https://a:b@cdn.example/x", "not an address"]
    take_in("open", a1=[*(f"{HOST}/{name}" for name in names), *bad])

    states = list_states(fetch())

    assert states["/gone.png"] == MediaState.GONE
    assert states["/bomb.png"] == MediaState.TOO_LARGE
    assert states["/large.mp4"] == MediaState.TOO_LARGE
    assert "not an address" in states


@pytest.mark.parametrize("wait", ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_host_that_asks_to_be_left_alone_for_ages_keeps_us_from_no_other_file(
    fetch, take_in, cdn, wait
):
    cdn.instead["/other.png"] = Response("later", 503, {"Retry-After": wait})
    take_in("open", a1=[f"{HOST}/other.png", f"{HOST}/one.png"])

    states = list_states(fetch())

    assert states == {"/other.png": MediaState.UNREACHABLE, "/one.png": MediaState.KEPT}


def test_a_picture_that_no_reader_can_read_is_kept_as_it_came_and_the_next_is_measured(
    fetch, take_in, cdn, engine
):
    cdn.instead["/other.png"] = Response(POISON.read_bytes())
    take_in("open", a1=[f"{HOST}/other.png", f"{HOST}/one.png"])

    assert set(list_states(fetch()).values()) == {MediaState.KEPT}

    with read(engine) as session:
        files = session.exec(select(MediaFile.width, MediaFile.missing)).all()
    unreadable = dict.fromkeys(("width", "height", "dhash"), "unreadable")
    assert sorted(width or 0 for width, _ in files) == [0, 320]
    assert next(missing for width, missing in files if not width).items() >= unreadable.items()


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


FEED = """url: https://panel.example/ads.jsonl
title: P
publisher: P
licence: CC0
republish:
  media: {allows: ALLOWS, because: it says so}
"""


def test_the_file_of_a_feed_says_whether_its_pictures_are_fetched(fetch, take_in, settings, cdn):
    folder = settings.home / "config" / "feeds"
    folder.mkdir(parents=True)
    (folder / "panel.yaml").write_text(FEED.replace("ALLOWS", "publish"))
    (folder / "closed.yaml").write_text(FEED.replace("ALLOWS", "leave"))
    take_in("ad_feed", **{"panel/1": [f"{HOST}/one.png"], "closed/1": [f"{HOST}/other.png"]})

    assert [fetch.ref for fetch in fetch()] == ["panel/1"]
    assert cdn.asked == ["/one.png"]


def test_while_the_file_of_a_feed_cannot_be_read_nothing_of_that_feed_is_fetched(
    fetch, take_in, settings, engine, cdn
):
    folder = settings.home / "config" / "feeds"
    folder.mkdir(parents=True)
    (folder / "panel.yaml").write_text(FEED.replace("ALLOWS", "publish"))
    renew_terms(settings, engine)
    (folder / "panel.yaml").write_text(FEED.replace("ALLOWS", "perhaps"))
    take_in("ad_feed", **{"panel/1": [f"{HOST}/other.png"]})
    take_in("open", a1=[f"{HOST}/one.png"])

    assert [fetch.ref for fetch in fetch()] == ["a1"]
    assert cdn.asked == ["/one.png"]


def test_a_redirect_to_a_machine_of_ours_is_not_followed(fetch, take_in, cdn):
    cdn.instead["/on.png"] = RedirectResponse("http://169.254.169.254/latest/meta-data/")
    take_in("open", a1=[f"{HOST}/on.png"])

    (fetch,) = fetch()

    assert fetch.outcome.state == MediaState.UNSAFE


def test_a_replica_brings_nothing_into_an_archive_of_real_data(fetch, engine, take_in):
    with write(engine) as session:
        claim_realm(session, Realm.REAL)
    take_in("open", a1=[f"{HOST}/one.png"])

    with pytest.raises(RealmError):
        fetch()


def test_ads_with_the_same_picture_edited_are_found(fetch, take_in, engine):
    take_in("open", a1=[f"{HOST}/one.png"], a2=[f"{HOST}/copy.jpg"], a3=[f"{HOST}/other.png"])
    fetch()

    with read(engine) as session:
        dhashes = dict(session.exec(select(MediaFile.media_type, MediaFile.dhash)).all())
        near = find_similar(session, dhashes["image/jpeg"], 10)

    assert {public_id for public_id, _, _ in near} == {"open:a1", "open:a2"}
    assert [bits for _, _, bits in near] == sorted(bits for _, _, bits in near)


def test_pictures_kept_without_tesseract_are_read_once_there_is_one(
    fetch, take_in, engine, settings, clock, tmp_path
):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/wrong.png"])
    fetch()
    assert read_kept(settings, engine, clock, 10) == 0
    with read(engine) as session:
        data_gaps = dict(session.exec(select(MediaFile.media_type, MediaFile.missing)).all())
        assert data_gaps["image/png"] == {"machine_text": "not_looked"}
        assert data_gaps["text/html"]["machine_text"] == "not_provided"

    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\necho "PAID FOR BY HARBOUR"\n')
    program.chmod(0o755)
    machine_text.name_version.cache_clear()

    assert read_kept(settings, engine, clock, 10) == 1
    assert read_kept(settings, engine, clock, 10) == 0
    with read(engine) as session:
        file = session.exec(select(MediaFile).where(MediaFile.media_type == "image/png")).one()
        assert (file.machine_text, file.missing) == ("PAID FOR BY HARBOUR", {})
    machine_text.name_version.cache_clear()
