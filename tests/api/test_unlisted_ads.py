"""Ads that nobody called political: shown where they are asked for, and each under its own link."""

import re

import pytest
from sqlmodel import select

from archive.curation.labels import label_ad
from archive.models import Ad
from archive.store.database import open_archive, write
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad

SHY = "/ads/example/shy"
BOX = '<input type="checkbox" name="include" value="unlabelled"'


@pytest.fixture
def shy(client, settings, take_in):
    """The client of an archive with one more ad, which a watch list brought and nobody declared."""
    take_in([make_ad("shy", declared_political=None, advertiser_ref="lamps", payer_name="Lamps")])
    engine = open_archive(settings)
    with write(engine) as session:
        find_shy(session).partition = "watch:ex-2027"
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()
    return client


def find_shy(session) -> Ad:
    return session.exec(select(Ad).where(Ad.ref == "shy")).one()


def call_political(settings) -> None:
    engine = open_archive(settings)
    with write(engine) as session:
        label_ad(session, find_shy(session), "Jo <b>Clerk</b>", "It asks for votes.", NOON)
    engine.dispose()


def test_search_finds_it_only_where_the_box_is_ticked(shy):
    plain, asked = (shy.get("/search", params=p).text for p in ({}, {"include": "unlabelled"}))
    assert SHY not in plain
    assert f"{BOX} checked" not in plain
    assert SHY in asked
    assert f"{BOX} checked" in asked
    assert "not called political" in asked
    assert "include=unlabelled&amp;format=csv" in asked


def test_the_page_of_results_and_its_data_ask_for_the_same(shy):
    page = shy.get("/search", params={"include": "unlabelled"}).text
    data = re.search(r'application/json" href="([^"]+)"', page)[1].replace("&amp;", "&")
    hits = {hit["id"]: hit["is_visible_by_default"] for hit in shy.get(data).json()["hits"]}
    assert hits["example:shy"] is False
    assert hits["example:a1"] is True


@pytest.mark.parametrize("path", ["/search", "/spend"])
def test_what_cannot_be_included_is_said(client, path):
    answer = client.get(path, params={"include": "everything"})
    assert answer.status_code == 400
    assert "everything" in answer.text
    assert "unlabelled" in answer.text


def test_sums_of_money_count_it_only_where_the_box_is_ticked(shy):
    plain, asked = (shy.get("/spend", params=p).text for p in ({}, {"include": "unlabelled"}))
    assert "Lamps" not in plain
    assert BOX in plain
    assert "Lamps" in asked
    assert "Ads that nobody called political count too." in asked
    assert f"{BOX} checked" in asked


def test_home_and_the_list_of_what_is_missing_count_it_apart(shy):
    home = shy.get("/").text
    assert "Search 3 ads" in home
    assert "Not called political" in shy.get("/missing").text
    assert "Not counted: 1 ad" in home


def test_its_link_stays_open_and_says_what_it_is(shy):
    page = shy.get(SHY).text
    assert 'collected on a <a href="/watch-lists#ex-2027">watch list</a>' in page
    assert "nothing: it has such labels and gave it none" in page


def test_its_page_tells_who_called_it_political_and_why(shy, settings):
    call_political(settings)
    page = shy.get(SHY).text
    assert "collected on a" not in page
    assert "Jo &lt;b&gt;Clerk&lt;/b&gt;" in page
    assert "It asks for votes." in page
    answer = shy.get(f"/api/v1{SHY}").json()
    assert (answer["is_visible_by_default"], [one["kind"] for one in answer["labels"]]) == (
        True,
        ["source", "person"],
    )


def test_an_advertiser_of_nothing_else_keeps_its_page_outside_of_lists(shy):
    ids = [item["id"] for item in shy.get("/api/v1/advertisers").json()["items"]]
    assert ids == ["example:page-1"]
    asked = shy.get("/api/v1/advertisers", params={"include": "unlabelled"}).json()["items"]
    assert [item["id"] for item in asked] == ["example:lamps", "example:page-1"]
    assert "1 more ad of it" in shy.get("/advertisers/example%3Alamps").text


def test_days_of_another_zone_say_so(client, take_in):
    take_in([make_ad("far", day_zone="America/Los_Angeles")])
    assert "(days of America/Los_Angeles)" in client.get("/ads/example/far").text
    assert "(days of" not in client.get("/ads/example/a1").text
