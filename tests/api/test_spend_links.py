"""The ads behind a figure: the link and the download carry the whole question, and their counts agree."""

import html
import re
from datetime import date, timedelta

import pytest

from archive.models import QuarantinedPiece
from archive.store.database import open_engine, write
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad

MILL = {"payer_name": "Mill & Sons"}
FEBRUARY = "&from=2026-02-01&to=2026-02-28"
ADS = [
    make_ad("b1", **MILL),
    make_ad("b2", **MILL, currency="USD"),
    make_ad("b3", **MILL, platform="other"),
    make_ad("b4", **MILL, countries=["GR", "DE"], currency="USD"),
    make_ad("b5", **MILL, started_on=None, ended_on=None),
    make_ad("b6", **MILL, started_on=date(2026, 2, 3), ended_on=None),
    make_ad("b7", **MILL, started_on=date(2026, 2, 9), ended_on=date(2026, 2, 1)),
    make_ad("b8", **MILL, declared_political=False),
    make_ad("b9", advertiser_ref="page-2", payer_name="Bus"),
]
QUESTIONS = [
    f"by={by}{asked}"
    for by in ("payer", "advertiser", "platform", "country")
    for asked in (
        *("", "&platform=other", "&country=GR", "&currency=USD", "&include=unlabelled", FEBRUARY),
        *(f"{FEBRUARY}&basis=lifetime", "&payer=Bus", "&source=example", "&convert_to=USD"),
    )
] + [f"by={by}{FEBRUARY}" for by in ("day", "week", "month")]


@pytest.fixture
def pages(client, take_in, settings):
    later = NOON + timedelta(minutes=30)
    take_in(ADS, later)
    engine = open_engine(settings)
    sync_index(engine, open_search(settings, engine), later)
    engine.dispose()
    return client


def list_links(page):
    """Address and count of each linked figure."""
    cells = re.findall(r'data-label="Counted"><a href="([^"]+)">([\d,]+)</a>', page)
    return [(html.unescape(address), int(count.replace(",", ""))) for address, count in cells]


@pytest.mark.parametrize("asked", QUESTIONS)
def test_the_search_behind_a_figure_finds_just_its_ads(pages, asked):
    links = list_links(pages.get(f"/spend?{asked}").text)
    assert links or "country" in asked
    for address, count in links:
        found = re.search(r'id="total">([\d,]+) ad', pages.get(address).text)
        assert (address, int(found[1])) == (address, count)


def test_a_figure_of_one_payer_in_one_currency_has_its_link(pages):
    links = list_links(pages.get("/spend?by=payer&platform=examplatform&currency=EUR").text)
    assert ("/search?platform=examplatform&payer=Mill+%26+Sons&currency=EUR", 4) in links


@pytest.mark.parametrize(
    "asked", ["", "&platform=other", "&payer=Bus", f"{FEBRUARY}&basis=lifetime"]
)
def test_the_download_holds_as_many_ads_as_the_sums_count(pages, ask, asked):
    groups = ask("GET", f"/spend?by=payer{asked}").json()["groups"]
    address = re.search(
        r'href="(/api/v1/downloads/ads\.jsonl[^"]*)"', pages.get(f"/spend?by=payer{asked}").text
    )
    rows = pages.get(html.unescape(address[1])).text.splitlines()
    assert len(rows) == sum(group["ads"] for group in groups)


def test_statements_and_filings_of_other_days_are_not_in_the_download_of_a_period(ask, take_in):
    for what in ("advertiser_spend", "disclosures"):
        rows = ask("GET", f"/downloads/{what}.jsonl?from=2030-01-01&to=2030-01-02")
        assert rows.text == ""


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_a_question_by_time_without_days_is_answered_for_the_days_that_are_known(client, ask, by):
    answer = ask("GET", f"/spend?by={by}&platform=examplatform").json()
    assert (answer["from_on"], answer["to_on"]) == ("2026-01-01", "2026-01-31")
    page = client.get(f"/spend?by={by}&platform=examplatform")
    assert page.status_code == 200
    assert 'value="2026-01-01"' in page.text
    assert "--" not in re.sub(r"<!--|-->|<style.*?</style>", "", page.text)


def test_a_platform_of_which_nothing_is_here_is_refused_by_month_too(client):
    page = client.get("/spend?by=month&platform=nowhere")
    assert page.status_code == 400
    assert "Nothing here is of a platform &#39;nowhere&#39;; there are: " in page.text


def test_of_several_currencies_one_is_shown_and_the_others_are_a_link_away(pages):
    first = pages.get("/spend?by=payer").text
    assert first.count('data-label="Spent"') < 6
    assert "Mill &amp; Sons: " in first
    address = re.search(r'<a href="([^"]+)">Everything in USD: 1 row</a>', first)[1]
    assert "Mill &amp; Sons" in pages.get(html.unescape(address)).text


def test_the_sentence_says_which_files_it_rests_on_and_what_is_not_counted(pages, settings):
    engine = open_engine(settings)
    with write(engine) as session:
        session.add(
            QuarantinedPiece(
                source="example", file="ads.csv", line=3, reason="no day", quarantined_at=NOON
            )
        )
    engine.dispose()
    page = pages.get("/spend?by=payer&platform=examplatform&currency=EUR").text
    sentence = re.search(r'<p class="sentence">(.*?)</p>', page, re.DOTALL)[1]
    assert "on Examplatform, in its files of January to February 2026, as known on" in sentence
    assert "Not counted: 1 " in sentence
    assert "could not be read." in sentence
    assert "whether its amounts are billed or estimated is unknown" in page


def test_the_sentence_calls_a_source_by_its_title(pages):
    page = pages.get("/spend?by=payer&source=example&currency=EUR").text
    sentence = re.search(r'<p class="sentence">(.*?)</p>', page, re.DOTALL)[1]
    assert "in Example political ads file, in its files of January to February 2026" in sentence
