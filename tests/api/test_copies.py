"""An ad's copies, by the API and on its page, with the reason of each."""

import re
from html import unescape

import pytest

from archive.duplicates.changes import follow_texts
from archive.store.database import open_engine, write
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad

TEXT = "On Thursday you can choose a council that listens, so vote for {} and come along"
FIELDS = {"id", "path", "source", "platform", "advertiser_name", "payer_name", "relation", "reason"}


@pytest.fixture
def compared(take_in, settings):
    ads = [make_ad(f"t{n}", bodies=[TEXT.format("York")]) for n in range(3)]
    take_in([*ads, make_ad("t3", bodies=[TEXT.format("Leeds")]), make_ad("t4", bodies=[])], NOON)
    engine = open_engine(settings)
    with write(engine) as session:
        follow_texts(session, NOON)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()


def test_the_api_lists_them_with_their_counts(compared, client):
    answer = client.get("/api/v1/ads/example/t0/copies").json()

    assert (answer["copies"], answer["family"], answer["pictures"]) == (2, 1, 0)
    assert [(item["id"], item["relation"]) for item in answer["items"]] == [
        ("example:t1", "copy"),
        ("example:t2", "copy"),
        ("example:t3", "family"),
    ]
    assert all(item.keys() == FIELDS for item in answer["items"])
    assert answer["items"][0]["path"] == "/ads/example/t1"
    others = [client.get(f"/api/v1/ads/example/t{n}/copies").json()["creative"] for n in range(5)]
    assert len(set(others)) == 3
    assert others[0] == others[1] == others[2]


def test_the_page_shows_them_and_an_ad_without_any_says_so(compared, client):
    page = client.get("/ads/example/t0").text
    assert "2 copies" in page
    assert "1 ad that is this text with other names or numbers" in page
    assert 'href="/ads/example/t3"' in page
    assert "this one says “York”; the other says “Leeds”" in page
    assert "None that this archive knows of." in client.get("/ads/example/t4").text


@pytest.mark.parametrize("clock_of", ["as_of", "valid_at"])
def test_they_know_only_now(compared, client, clock_of):
    refused = client.get("/api/v1/ads/example/t0/copies", params={clock_of: "2026-03-01T12:30Z"})
    assert refused.status_code == 400
    assert "this list knows only now" in refused.json()["detail"]
    page = client.get("/ads/example/t0", params={clock_of: "2026-03-01T12:30Z"}).text
    assert "this text with other names" not in page
    assert client.get("/api/v1/ads/example/none/copies").status_code == 404


def test_before_the_worker_has_come_to_it_nothing_is_claimed(take_in, client):
    take_in([make_ad("t0")], NOON)
    answer = client.get("/api/v1/ads/example/t0/copies").json()
    assert (answer["is_compared"], answer["creative"], answer["items"]) == (False, None, [])
    assert "Other ads that say the same" not in client.get("/ads/example/t0").text


def test_a_search_shows_one_creative_once_and_counts_its_copies(compared, client):
    once = client.get("/api/v1/search?q=thursday&copies=once&sort=newest").json()
    assert (once["total"], once["creatives"], once["hits_total"]) == (4, 2, 2)
    assert [(hit["id"], hit["copies"]) for hit in once["hits"]] == [
        ("example:t0", 3),
        ("example:t3", 1),
    ]
    assert "without words are one for each payer and landing address" in once["folded_by"]
    copies = client.get("/api/v1/search?q=thursday&copy_of=example:t0").json()
    assert [hit["id"] for hit in copies["hits"]] == ["example:t0", "example:t1", "example:t2"]
    every = client.get("/api/v1/search?q=thursday").json()
    assert (every["creatives"], every["hits_total"], every["folded_by"]) == (None, 4, None)
    assert all(hit["copies"] is None for hit in every["hits"])


def test_the_page_of_results_offers_both_ways_and_its_links_find_just_the_copies(compared, client):
    every = client.get("/search?q=thursday").text
    (once_at,) = re.findall(r'href="([^"]*)">one creative once<', every)
    once = client.get(unescape(once_at)).text
    assert ">2 creatives. Ads whose words are copies" in once
    assert re.search(r'href="/search\?q=thursday">every copy<', once)
    assert '<input type="hidden" name="copies" value="once">' in once
    (copies_at,) = re.findall(r'href="([^"]*)">3 copies<', once)
    copies = client.get(unescape(copies_at)).text
    assert 'id="total">3 ads' in copies
    assert "Only copies of" in copies
    assert "one creative once" not in client.get("/search?q=thursday&as_of=2026-03-01").text


@pytest.mark.parametrize("clock_of", ["as_of", "valid_at"])
@pytest.mark.parametrize("asked", ["copies=once", "copy_of=example:t0"])
def test_a_search_as_of_an_earlier_moment_knows_no_copies(compared, client, asked, clock_of):
    refused = client.get(f"/api/v1/search?q=thursday&{asked}&{clock_of}=2026-03-01T12:30Z")
    assert refused.status_code == 400
    assert "copies are known only now" in refused.json()["detail"]


def test_a_file_has_every_copy(compared, client):
    refused = client.get("/api/v1/search?q=thursday&copies=once&format=csv")
    assert refused.status_code == 400
    assert "copies" in refused.json()["detail"]
    refused = client.get("/api/v1/search?q=thursday&copy_of=example:t0&format=csv")
    assert refused.status_code == 400
    assert "copies are known only now" in refused.json()["detail"]


def test_creatives_that_no_copy_has_heard_of_yet_raise_no_alarm(take_in, settings, client):
    take_in([make_ad("t0"), make_ad("t1")], NOON)
    engine = open_engine(settings)
    sync_index(engine, open_search(settings, engine), NOON)
    with write(engine) as session:
        follow_texts(session, NOON)
    engine.dispose()
    told = client.get("/metrics").text
    assert 'paidforby_copy_lag_seconds{copy="search"} 0.0' in told
    assert 'paidforby_copy_lag_seconds{copy="copies"} 0.0' in told
