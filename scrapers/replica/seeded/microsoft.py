"""Seeded ads as Microsoft's Ad Library gives them: lists by country and days, each ad with its details.

Like the real library it knows no label, and gives of one query a thousand ads at most.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.shown import ShownAds, pick_run, say_no_price, show_countries
from scrapers.replica.seeded.states import DayStep, Series
from scrapers.replica.seeded.truth import PartitionTruth
from scrapers.replica.seeded.words import (
    LANGUAGES,
    name_group,
    name_host,
    name_odd_group,
    write_text,
)

SOURCE = "microsoft_ad_library"
API_PATH = f"/{SOURCE}/api/v1/Ads"
CONTEXT = "https://adlibrary.microsoft.example/$metadata#Ads"

COUNTRIES = ("IE", "IE", "IE", "DE")
COUNTRIES_BY_NUMBER = {"92": "IE", "72": "DE"}
NAMES = {"IE": "Ireland", "DE": "Germany"}

FIRST_REF = 888_000_000_000
ADS_AN_ADVERTISER = 10
MOST_ROWS = 1_000
RANGES = ("0 - 1,000", "1,000 - 5,000", "5,000 - 10,000", "10,000 - 50,000", "50K - 1M", "> 1M")
TOP_LEVEL = len(RANGES) - 1


def make_ads(seed: int, count: int) -> Series:
    """Microsoft's share of the ads."""
    return Series(seed, "microsoft", count, TOP_LEVEL)


def show_ads(ads: Series, day: int) -> tuple[list[Route], list[PartitionTruth]]:
    """Where the library answers on a day, with the truth of each country."""
    shown, tallies = show_countries(SOURCE, ads, day, COUNTRIES, name_ad, say_no_price)

    def list_ads(request: Request) -> JSONResponse:
        found = islice(find_ads(shown, request.query_params), MOST_ROWS)
        first, count = (int(request.query_params[name]) for name in ("skip", "top"))
        listed = [describe_ad(ads, step) for step in islice(found, first, first + count)]
        return JSONResponse({"@odata.context": CONTEXT, "value": listed})

    def show_ad(request: Request) -> JSONResponse:
        step = shown.find_step(request.path_params["ref"] - FIRST_REF)
        if step is None:
            return JSONResponse({"error": {"code": "NotFound"}}, 404)
        whole = describe_ad(ads, step) | {"AdDetails": describe_details(ads, step)}
        return JSONResponse({"@odata.context": f"{CONTEXT}/$entity"} | whole)

    return [Route(API_PATH, list_ads), Route(f"{API_PATH}/{{ref:int}}", show_ad)], tallies


def find_ads(shown: ShownAds, query: Mapping[str, str]) -> Iterator[DayStep]:
    """The ads of a country that were shown on one of the days and have the words asked for."""
    country = COUNTRIES_BY_NUMBER.get(query["countryCodes"], "")
    words = query.get("searchText", "").casefold()
    first, last = query.get("startDate", ""), query.get("endDate", "9999-12-31")
    for step in shown.find_steps(country):
        started_on, ended_on = find_days(shown.ads, step.index)
        is_in_time = str(started_on) <= last and first <= str(ended_on)
        if is_in_time and words in str(describe_ad(shown.ads, step)).casefold():
            yield step


def name_ad(index: int) -> str:
    """The id of an ad."""
    return str(FIRST_REF + index)


def find_days(ads: Series, index: int) -> tuple[date, date]:
    """When an ad ran."""
    return pick_run(ads.roll_for(index, "days"), date(2023, 6, 1), 1_200)


def describe_ad(ads: Series, step: DayStep) -> dict[str, Any]:
    """An ad as a list has it."""
    dice, advertiser = ads.roll_for(step.index, "parts"), step.index // ADS_AN_ADVERTISER
    host = name_host(dice)
    language = dice.pick(LANGUAGES)
    return {
        "AdId": FIRST_REF + step.index,
        "AdvertiserId": 888_000 + advertiser,
        "AdvertiserName": name_odd_group(advertiser, ads.roll_for(advertiser, "advertiser")),
        "Title": write_text(language, 0, dice),
        "Description": write_text(language, step.now.wording, dice),
        "DisplayUrl": host,
        "DestinationUrl": f"https://{host}/",
        "AssetJson": "",
        "AdDetails": None,
    }


def describe_details(ads: Series, step: DayStep) -> dict[str, Any]:
    """What is told of an ad that is asked for alone."""
    started_on, ended_on = find_days(ads, step.index)
    dice = ads.roll_for(step.index, "details")
    return {
        "PaidForByName": name_group(dice),
        "StartDate": str(started_on),
        "EndDate": str(ended_on),
        "TotalImpressionsRange": RANGES[step.now.level],
        "ImpressionsByCountry": share_impressions(dice),
        "Targets": [{"TargetType": "Age", "UsedForExclusion": dice.hits(0.5)}],
        "RestrictionReason": None,
    }


def share_impressions(dice: Dice) -> list[dict[str, str]]:
    """Shares of the impressions by country."""
    shares = (90 + dice.roll(10), 100)
    parts = (shares[0], shares[1] - shares[0])
    return [
        {"Country": name, "ImpressionShare": f"{part}.0%"}
        for name, part in zip(NAMES.values(), parts, strict=True)
    ]
