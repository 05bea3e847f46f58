"""Microsoft's Ad Library: searches in windows of days, each ad asked for its details."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scrapy.http import TextResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from archive.records import AdRecord
from config.setting_forms import tell_wrong
from scrapers.fetching.answers import NextStep
from scrapers.replica.faults import AskReplica, Fault, ReceivedRequest
from scrapers.replica.serve import running_replica
from scrapers.spiders.microsoft_ad_library.paging import (
    FIRST_DAY,
    ONE_DAY,
    MicrosoftCursor,
    MicrosoftSpider,
)
from scrapers.spiders.microsoft_ad_library.settings import MicrosoftSettings
from scrapers.spiders.microsoft_ad_library.spider import MicrosoftAdLibrarySpider as Spider
from tests.scrapers.crawls import FOREVER, Home
from tests.scrapers.replica.http_faults import refuse_too_many, reply_with
from tests.scrapers.samples import read_all, records, refusal

SOURCE = "microsoft_ad_library"
SEARCH = "IE quarry"
LISTS, ADS = "*/api/v1/Ads", "*/api/v1/Ads/*"
DETAILS: dict[str, Any] = {
    "PaidForByName": "Lamplight Agency",
    "StartDate": "2026-11-02T00:00:00Z",
    "EndDate": "2026-11-18",
    "TotalImpressionsRange": "1,000 - 5,000",
    "ImpressionsByCountry": [
        {"Country": "Ireland", "ImpressionShare": "97.5%"},
        {"Country": "France", "ImpressionShare": "2.5%"},
    ],
    "Targets": [{"TargetType": "Age", "UsedForExclusion": True}],
    "RestrictionReason": None,
}
AD: dict[str, Any] = {
    "AdId": 990000000001,
    "AdvertiserId": 990001,
    "AdvertiserName": "Friends of Quarry Road",
    "Title": "Vote no",
    "Description": "Lamplight town decides.",
    "DestinationUrl": "https://quarryroad.example/no?api_key=FICTIONAL",
}


@pytest.fixture
def microsoft(home: Home) -> Home:
    own = {"of_sources": (MicrosoftSettings(searches=[SEARCH]),)}
    return replace(home, settings=home.settings.model_copy(update=own))


def read_details(**changes: object) -> AdRecord:
    answer = json.dumps(AD | {"AdDetails": DETAILS | changes})
    (ad,) = records(read_all(SOURCE, "ad.json", answer))
    assert isinstance(ad, AdRecord)
    return ad


def test_an_ad_with_its_details_says_who_paid_when_and_where() -> None:
    ad = read_details()
    assert (ad.payer_name, ad.countries) == ("Lamplight Agency", ["FR", "IE"])
    assert (ad.started_on, ad.ended_on) == (date(2026, 11, 2), date(2026, 11, 18))
    assert ad.delivery[0] == {"by": "country", "country": "FR", "share": 0.025}
    assert (ad.targeting[0]["dimension"], ad.targeting[0]["mode"]) == ("Age", "exclude")


def test_an_ad_of_a_list_does_not_have_what_nobody_asked_for() -> None:
    (ad,) = records(read_all(SOURCE, "ads.json", json.dumps({"value": [AD | {"AdDetails": None}]})))
    assert isinstance(ad, AdRecord)
    assert {ad.missing[name] for name in ("payer_name", "started_on", "delivery")} == {
        "not_provided"
    }


def test_microsoft_labels_no_ad_political_and_no_key_of_a_landing_page_is_taken() -> None:
    ad = read_details()
    assert (ad.declared_political, ad.declared_by) == (None, "platform")
    assert "FICTIONAL" not in ad.model_dump_json()


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("1,000 - 5,000", (1_000, 5_000)),
        ("10K-50K", (10_000, 50_000)),
        ("> 1M", (1_000_000, None)),
        ("<1000", (0, 1_000)),
    ],
)
def test_impressions_stay_a_range(text: str, bounds: tuple[int, int | None]) -> None:
    ad = read_details(TotalImpressionsRange=text)
    assert (ad.impressions_lower, ad.impressions_upper) == bounds


def test_a_range_written_in_an_unknown_way_stays_word_for_word() -> None:
    ad = read_details(TotalImpressionsRange="a handful")
    assert (ad.impressions_lower, ad.missing["impressions_lower"]) == (None, "unreadable")
    assert ad.source_fields["AdDetails.TotalImpressionsRange"] == "a handful"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"StartDate": "2 November"}, "StartDate"),
        ({"ImpressionsByCountry": [{"Country": "Lampton"}]}, "ImpressionsByCountry"),
        (
            {"ImpressionsByCountry": [{"Country": "Malta", "ImpressionShare": "101%"}]},
            "ImpressionsByCountry",
        ),
        ({"Targets": [{"TargetType": "Age", "Weight": 1}]}, "Targets"),
    ],
)
def test_a_detail_that_cannot_be_true_holds_its_ad(changes: dict[str, object], field: str) -> None:
    held = refusal(read_all(SOURCE, "ad.json", json.dumps(AD | {"AdDetails": DETAILS | changes})))
    assert held.field == f"AdDetails.{field}"


@pytest.mark.parametrize(
    ("status", "path", "body", "verdict"),
    [
        (200, "", '{"value": []}', NextStep.READ),
        (200, "/1", '{"AdId": 1}', NextStep.READ),
        (200, "", "{}", NextStep.SCHEMA),
        (200, "", '{"value": [{"AdId": "../x"}]}', NextStep.SCHEMA),
        (200, "", "<html>", NextStep.SCHEMA),
        (404, "/1", "", NextStep.LOST_PLACE),
        (404, "", "", NextStep.GONE),
        (429, "", "", NextStep.QUOTA),
    ],
)
def test_what_an_answer_means(
    home: Home, status: int, path: str, body: str, verdict: NextStep
) -> None:
    spider = MicrosoftSpider(Spider, home.settings, SEARCH, None)
    address = f"{spider.address}/api/v1/Ads{path}"
    answer = TextResponse(address, status=status, body=body.encode())
    assert spider.classify_response(answer).verdict == verdict


@pytest.mark.parametrize("search", ["US quarry", "quarry", "IE " + "q" * 101])
def test_a_search_that_microsoft_would_not_understand_is_refused(search: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        MicrosoftSettings(searches=[SEARCH, search])
    assert [line.split(": ")[1] for line in tell_wrong(wrong.value)] == [f"item 2 ({search[:40]})"]


@given(st.integers(0, 2_000), st.integers(0, 10))
def test_windows_that_are_halved_follow_one_another_without_a_gap(days: int, halvings: int) -> None:
    today = FIRST_DAY + timedelta(days=days)
    place: MicrosoftCursor | None = MicrosoftCursor(FIRST_DAY, None)
    for _ in range(halvings):
        place = place.halve(today) or place if place else place
    covered_until = FIRST_DAY - ONE_DAY
    while place:
        assert place == MicrosoftCursor.read(place.spell())
        assert place.first_on == covered_until + ONE_DAY
        covered_until = place.last_on or today
        place = place.find_next(today)
    assert covered_until >= today


def test_a_search_is_walked_to_its_end_with_every_ads_details(microsoft: Home) -> None:
    with running_replica(day=1) as url:
        first = microsoft.crawl(url, SOURCE, SEARCH)
        again = microsoft.crawl(url, SOURCE, SEARCH)
    assert (first.outcome, first.new) == ("done", 2)
    assert (again.outcome, again.unchanged, again.vanished) == ("done", 2, 0)


def test_an_ad_that_goes_between_list_and_details_is_passed_over(microsoft: Home) -> None:
    gone = Fault(ADS, reply_with(lambda: Response(status_code=404)))
    with running_replica(day=1, faults=[gone]) as url:
        run = microsoft.crawl(url, SOURCE, SEARCH)
    assert (run.outcome, run.new) == ("done", 1)


def test_the_strict_limit_on_details_defers_the_look(microsoft: Home) -> None:
    with running_replica(day=1, faults=[Fault(ADS, refuse_too_many("7200"), first=2)]) as url:
        run = microsoft.crawl(url, SOURCE, SEARCH)
    assert (run.outcome, run.new) == ("deferred", 1)


def test_a_walk_goes_on_with_the_ad_it_had_come_to(microsoft: Home) -> None:
    refusal_of_entry = Fault(ADS, reply_with(lambda: Response(status_code=403)), first=2)
    with running_replica(day=1, faults=[refusal_of_entry]) as url:
        first = microsoft.crawl(url, SOURCE, SEARCH)
        second = microsoft.crawl(url, SOURCE, SEARCH)
    assert (first.outcome, first.new) == ("blocked", 1)
    assert (second.outcome, second.new, second.unchanged) == ("done", 1, 0)


def overflow(is_full: Callable[[int], bool]) -> Callable[[Request, AskReplica], Any]:
    """Answer a probe as if windows of so many days had more ads than a query gives."""

    async def act(request: Request, ask: AskReplica) -> Response:
        query = request.query_params
        end = date.fromisoformat(query["endDate"]) if "endDate" in query else date(2026, 11, 23)
        days = (end - date.fromisoformat(query["startDate"])).days + 1
        if query["top"] == "1" and is_full(days):
            return JSONResponse({"value": [{"AdId": 1}]})
        return await ask()

    return act


def test_a_window_with_more_ads_than_a_query_gives_is_halved_until_each_is_seen(
    microsoft: Home,
) -> None:
    received: list[ReceivedRequest] = []
    fault = Fault(LISTS, overflow(lambda days: days > 400), times=FOREVER)
    with running_replica(day=1, faults=[fault], received=received) as url:
        run = microsoft.crawl(url, SOURCE, SEARCH)
    walked = sorted(
        {
            (r.query["startDate"], r.query.get("endDate", ""))
            for r in received
            if r.query.get("top") == "100"
        }
    )
    assert (run.outcome, run.new) == ("done", 2)
    assert walked[0][0] == FIRST_DAY.isoformat()
    assert walked[-1][1] == ""
    following = [(date.fromisoformat(end) + ONE_DAY).isoformat() for _, end in walked[:-1]]
    assert following == [start for start, _ in walked[1:]]
