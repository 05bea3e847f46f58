"""Find this ad by a link, an id or a sentence, on the page and by the API."""

from html import unescape

import pytest

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run, end_run
from archive.store.database import open_engine, write
from archive.store.setup import write_sources
from tests.api.conftest import NOON, SOURCE, make_ad
from tests.api.finding.conftest import TEXT, list_ids
from tests.drawn import draw_scene, encode_picture

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.mark.parametrize(
    "text",
    [
        "example:t1",
        "t1",
        " t1\n",
        "https://archive.example/ads/example/t1",
        "https://news.example/below/ads/example/t1?as_of=2026-03-01#copies",
    ],
)
def test_an_id_or_a_link_finds_its_ad(find, text):
    answer = find(text)
    assert (answer["matched_by"], list_ids(answer)) == ("id", ["t1"])
    assert answer["ads"][0]["path"] == "/ads/example/t1"
    assert answer["ads"][0]["reason"] in {"this is its id", "the link names it"}
    assert answer["compared_pictures"] is None


def test_an_id_with_odd_characters_is_found_as_it_is_and_by_its_link(find):
    for text in ("a2/with:odd?id", "example:a2/with:odd?id", "/ads/example/a2%2Fwith%3Aodd%3Fid"):
        assert list_ids(find(text)) == ["a2/with:odd?id"]


PLATFORMS = {
    "meta_ad_library": ("9990001", "https://www.facebook.com/ads/library/?id=9990001"),
    "google_political_ads": (
        "CR9990001",
        "https://adstransparency.google.com/advertiser/AR9990001/creative/CR9990001?region=NO",
    ),
    "snap": ("f1c710", "https://www.snap.com/political-ads/asset/c0ffee?mediaType=png"),
    "tiktok_commercial_content": (
        "9990001",
        "https://library.tiktok.com/ads/detail/?ad_id=9990001",
    ),
    "microsoft_ad_library": ("9990001", "https://adlibrary.ads.microsoft.com/ad/9990001"),
}
"""Of each source an invented id, and a link to that ad."""


@pytest.fixture
def platforms(settings):
    """An ad of each source; of Snap's the picture is at the address of the link."""
    engine = open_engine(settings)
    with write(engine) as session:
        write_sources(session, [SOURCE.model_copy(update={"id": name}) for name in PLATFORMS])
        for name, (ref, link) in PLATFORMS.items():
            run = begin_run(session, name, "2026", RunKind.CRAWL, NOON)
            picture = [link] if name == "snap" else []
            ingest_page(session, run, [make_ad(ref, media_urls=picture)], None, NOON)
            end_run(session, run, Outcome.DONE, NOON)
    engine.dispose()


@pytest.mark.parametrize("source", PLATFORMS)
def test_a_platforms_own_link_finds_the_ad_of_that_source(platforms, find, source):
    ref, link = PLATFORMS[source]
    answer = find(link)
    assert (answer["matched_by"], [ad["id"] for ad in answer["ads"]]) == ("id", [f"{source}:{ref}"])


def test_an_id_that_several_sources_have_finds_the_ad_of_each(platforms, find):
    assert {ad["source"] for ad in find("9990001")["ads"]} == {
        "meta_ad_library",
        "microsoft_ad_library",
        "tiktok_commercial_content",
    }


def test_a_snap_link_is_taken_letter_by_letter(platforms, find):
    for name in ("c0ff_e", "c0ff", "offee"):
        assert find(f"https://www.snap.com/political-ads/asset/{name}")["ads"] == []


def test_a_platforms_link_of_an_ad_that_is_not_here_finds_nothing_and_says_what_was_looked_at(find):
    answer = find("https://www.facebook.com/ads/library/?id=999000000000001")
    assert (answer["matched_by"], answer["ads"]) == (None, [])
    assert answer["sources"] == [
        {"id": "example", "title": "Example political ads file", "path": "/sources/example"}
    ]


def test_a_sentence_finds_all_ads_that_say_just_this(find):
    answer = find(TEXT.upper())
    assert (answer["matched_by"], list_ids(answer)) == ("text", ["t0", "t1", "t2"])
    assert {ad["reason"] for ad in answer["ads"]} == {
        "the same words: links, signs, capitals or order differ"
    }


def test_one_wrong_word_finds_them_too_and_is_said(find):
    answer = find(TEXT.replace("listens", "hears"))
    assert (answer["matched_by"], list_ids(answer)) == ("text", ["t0", "t1", "t2"])
    assert answer["ads"][0]["reason"] == (
        "79% of word pairs are the same: your words are “hears”; the ad says “listens”"
    )


def test_a_part_of_a_longer_text_is_searched_for_as_it_stands(find):
    answer = find("the hall behind the old bridge has room for everybody")
    assert (answer["matched_by"], list_ids(answer)) == ("words", ["long"])
    assert answer["ads"][0]["reason"] == "it has these words side by side"


def test_under_four_words_it_is_the_same_text_or_a_search(find):
    assert find("clean harbour now")["matched_by"] == "text"
    answer = find("above the quay")
    assert (answer["matched_by"], list_ids(answer)) == ("words", ["p1"])


@pytest.mark.parametrize("text", ["!!! ???", "AND NOT (", "payer:", '"', "nothingofthekind", "%_"])
def test_words_that_no_ad_has_find_nothing_and_are_no_error(find, text):
    assert find(text)["ads"] == []


def test_the_page_shows_the_ads_with_why_and_their_copies(held):
    page = unescape(held.post("/find", data={"text": TEXT.replace("listens", "hears")}).text)
    assert "3 ads, found by the text" in page
    assert 'href="/ads/example/t1"' in page
    assert 'href="/ads/example/t1#copies"' in page
    assert "79% of word pairs are the same: your words are “hears”" in page


def test_the_page_says_that_an_ad_is_not_here_and_what_was_looked_at(held):
    link = "https://www.facebook.com/ads/library/?id=999000000000001"
    page = held.post("/find", data={"text": link}).text
    assert "It is not here" in page
    assert 'href="/sources/example"' in page
    assert 'href="/report"' in page
    assert "No picture was compared." in page
    seen = held.post("/find", files={"picture": ("x.png", encode_picture(draw_scene(seed=9)))})
    assert "compared with 1 kept picture." in seen.text


def test_what_was_typed_is_shown_again_and_runs_nothing(held):
    page = held.post("/find", data={"text": "</textarea><script>alert(1)</script>"}).text
    assert "<script" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;" in page


def test_the_home_page_and_the_page_itself_have_the_box(held):
    for path in ("/", "/find"):
        page = held.get(path).text
        assert '<form class="find" action="/find" method="post"' in page
        assert 'enctype="multipart/form-data"' in page


def test_what_is_not_compared_yet_is_not_said_to_be_nowhere(held, take_in):
    take_in(
        [make_ad("late", bodies=["The ferry shall run on Sundays as well, says the whole quay"])]
    )
    sentence = "The ferry shall run on Mondays as well, says the whole quay"
    answer = held.post("/api/v1/find", data={"text": sentence}).json()
    assert (answer["ads"], answer["not_compared"]) == ([], 1)
    page = held.post("/find", data={"text": sentence}).text
    assert "The texts of 1 ad are not compared yet" in page
    found = held.post("/api/v1/find", data={"text": TEXT}).json()
    assert found["ads"]
    assert found["not_compared"] is None
