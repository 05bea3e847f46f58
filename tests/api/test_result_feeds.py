"""A question as a feed: whoever polls it is told of each ad that begins to answer, and of nothing else."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from archive.store.database import open_engine
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import HOSTILE, NOON, make_ad

ATOM = "{http://www.w3.org/2005/Atom}"
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def come_in(settings, take_in):
    """Take ads in and make them searchable."""

    def come(*ads, now=LATER):
        take_in(list(ads), now)
        engine = open_engine(settings)
        sync_index(engine, open_search(settings, engine), now)
        engine.dispose()

    return come


def read_links(client, question):
    """The addresses of the feeds that a page of results offers, Atom first."""
    page = client.get(question).text
    shown = re.search(
        r'Follow this question \(<a href="([^"]+)">Atom</a>, <a href="([^"]+)">', page
    )
    announced = re.findall(r'rel="alternate" type="[^"]+[+](?:xml|json)" href="([^"]+)"', page)
    assert announced == list(shown.groups())
    return [unescape(link) for link in shown.groups()]


def list_paths(client, link):
    return [urlsplit(item["url"]).path for item in client.get(link).json()["items"]]


def read_problem(client, question):
    """The one entry of a feed that cannot be answered."""
    answer = client.get(f"/search/feed.json?{question}")
    assert answer.status_code == 200
    [item] = answer.json()["items"]
    assert item["title"] == "This question cannot be answered any more"
    return item


def test_whoever_follows_a_question_is_told_of_new_and_changed_ads_alone(client, come_in):
    come_in(make_ad("b1", bodies=["Build the bridge"]), make_ad("b2", bodies=["Build nothing"]))
    _, link = read_links(client, "/search?q=bridge&country=GR")
    assert list_paths(client, link) == []
    come_in(
        make_ad("b1", bodies=["Build the bridge now"]),
        make_ad("b2", bodies=["Build a bridge"]),
        make_ad("b3", bodies=["A bridge"]),
        make_ad("b4", bodies=["A bridge"], countries=["IT"]),
        now=LATER + timedelta(minutes=5),
    )
    assert sorted(list_paths(client, link)) == ["/ads/example/b2", "/ads/example/b3"]
    told = client.get(link).json()
    assert told["items"][0]["date_modified"] == "2026-03-01T12:15:00Z"
    assert {item["title"] for item in told["items"]} == {
        "An ad by Harbour Party",
        "A changed ad by Harbour Party",
    }
    assert [item["id"] for item in told["items"]] == [
        "tag:127.0.0.1,2026:ads/example/b3/versions/1",
        "tag:127.0.0.1,2026:ads/example/b2/versions/2",
    ]
    _, newer = read_links(client, "/search?q=bridge&country=GR")
    assert list_paths(client, newer) == []


def test_atom_is_whole_and_says_the_same(client, come_in):
    atom, link = read_links(client, "/search?q=bridge")
    come_in(make_ad("b3", bodies=["A bridge"]))
    root = ElementTree.fromstring(client.get(atom).content)
    for required in ("id", "title", "updated", "subtitle", "author"):
        assert root.find(f"{ATOM}{required}") is not None
    links = {one.get("rel"): one.get("href") for one in root.findall(f"{ATOM}link")}
    assert links["self"].endswith(atom)
    assert parse_qs(urlsplit(links["self"]).query)["q"] == ["bridge"]
    [entry] = root.findall(f"{ATOM}entry")
    [item] = client.get(link).json()["items"]
    assert entry.find(f"{ATOM}id").text == item["id"]
    assert entry.find(f"{ATOM}summary").text == item["content_text"]
    assert "\ue000" not in item["content_text"]


def test_hostile_words_of_an_ad_stay_words(client, come_in):
    atom, link = read_links(client, "/search?q=bridge")
    words = "</summary><script>alert(1)</script> bridge ]]> &amp; \u0000 \ue000"
    come_in(make_ad("b3/ x?&", bodies=[words], advertiser_name="<b>", payer_name=HOSTILE))
    answer = client.get(atom)
    root = ElementTree.fromstring(answer.content)
    assert b"<script>" not in answer.content
    assert (
        "<script>alert(1)</script> bridge ]]> &amp;" in root.find(f"{ATOM}entry/{ATOM}summary").text
    )
    [item] = client.get(link).json()["items"]
    assert item["title"] == "An ad by <b>"
    assert client.get(item["url"]).status_code == 200


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("q=NEAR(a b)", "NEAR"),
        ("q=" + "a" * 3000, "at most 2,000 characters"),
        ("source=nobody", "there is no source 'nobody'"),
        ("country=XXX", "XXX"),
        ("payer_name=x", "is called 'payer' now"),
        ("colour=red", "there is no parameter 'colour' here"),
        ("copy_of=example:a1", "copies are known only now"),
        ("since=yesterday", "since 'yesterday' cannot be read"),
        ("since=2031-01-01", "has not come yet"),
    ],
)
def test_a_question_that_cannot_be_answered_says_so_in_its_feed(client, question, told):
    item = read_problem(client, question)
    assert told in item["content_text"]
    assert ElementTree.fromstring(client.get(f"/search/feed.atom?{question}").content).find(
        f"{ATOM}entry"
    )


def test_what_is_wrong_is_one_entry_a_day(client, clock):
    first = read_problem(client, "source=nobody")
    clock.at += timedelta(hours=3)
    assert read_problem(client, "source=nobody") == first
    clock.at += timedelta(days=1)
    assert read_problem(client, "source=nobody")["id"] != first["id"]


def test_without_a_moment_it_tells_of_the_last_thirty_days_and_says_so(client):
    told = client.get("/search/feed.json?q=harbour").json()
    assert told["description"] == (
        "Ads that answer this question now and did not as of 30 Jan 2026, 00:00 UTC."
    )
    assert len(told["items"]) == 3
    assert client.get("/search/feed.json?q=harbour&since=2026-03-01T12:00Z").json()["items"] == []


def test_of_more_than_a_hundred_the_newest_are_told_and_that_there_are_more(client, come_in):
    come_in(*(make_ad(f"m{number}", bodies=["many"]) for number in range(101)))
    told = client.get("/search/feed.json?q=many").json()
    assert len(told["items"]) == 100
    assert told["description"].endswith("There are more than 100; these are the newest.")


def test_a_feed_that_has_not_changed_is_not_sent_again_and_pages_of_others_may_read_it(
    client, come_in
):
    _, link = read_links(client, "/search?q=bridge")
    first = client.get(link)
    assert first.headers["access-control-allow-origin"] == "*"
    again = {"If-None-Match": first.headers["etag"]}
    assert client.get(link, headers=again).status_code == 304
    come_in(make_ad("b3", bodies=["A bridge"]))
    assert client.get(link, headers=again).status_code == 200


def test_a_feed_that_has_not_changed_is_not_made_again(client, monkeypatch):
    first = client.get("/search/feed.atom?q=harbour")
    monkeypatch.setattr("api.pages.result_feeds.list_begun", None)
    again = {"If-None-Match": first.headers["etag"]}
    assert client.get("/search/feed.atom?q=harbour", headers=again).status_code == 304


def test_below_a_path_the_feed_leads_below_it(settings, clock):
    address = "https://news.example/archive"
    app = create_app(settings.model_copy(update={"public_url": address}), clock)
    with TestClient(app, base_url=address, headers={"host": "testserver"}) as below:
        page = below.get("/search?q=harbour").text
        assert 'href="/archive/search/feed.atom?q=harbour&amp;since=' in page
        told = below.get("/search/feed.json?q=harbour").json()
    assert told["home_page_url"].startswith(f"{address}/search?")
    assert told["feed_url"] == f"{address}/search/feed.json?q=harbour"
    assert all(item["url"].startswith(f"{address}/ads/") for item in told["items"])
