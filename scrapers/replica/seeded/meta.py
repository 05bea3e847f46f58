"""Seeded ads as Meta's Ad Library API gives them: made when they are asked for, newest first."""

import json
from array import array
from collections.abc import Sequence
from datetime import date
from heapq import merge
from pathlib import Path
from typing import Any, overload

from scrapers.replica.meta_ads import OLD_NAMES, ArchivedAd
from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.shown import ShownAds, find_country, pick_run, show_countries
from scrapers.replica.seeded.states import Series, State
from scrapers.replica.seeded.truth import Amount, PartitionTruth
from scrapers.replica.seeded.words import (
    LANGUAGES,
    PLACES,
    bend_text,
    name_group,
    name_host,
    name_odd_group,
    write_text,
)

SOURCE = "meta_ad_library"

# Above 2**53, where a float would lose the last digits.
FIRST_REF = 18_880_000_000_000_000
FIRST_PAGE = 888_000_000_000
ADS_A_PAGE = 20

COUNTRIES = ("US", "US", "US", "US", "BR", "GB", "IN", "JP", "US", "GR")
CURRENCIES = {"US": "USD", "BR": "BRL", "GB": "GBP", "IN": "INR", "JP": "JPY", "GR": "EUR"}
WITH_REACH = frozenset({"GR"})
"""Countries whose ads state their reach, and neither spend nor impressions."""

EDGES = (
    *range(0, 1_000, 100),
    *range(1_000, 5_000, 500),
    *range(5_000, 10_000, 1_000),
    *range(10_000, 50_000, 5_000),
    *range(50_000, 100_000, 10_000),
    *range(100_000, 1_000_001, 25_000),
)
"""Lower bounds of Meta's ranges; the last is open."""

TOP_LEVEL = len(EDGES) - 1
OLD_NAMES_EVERY = 40
LARGEST_GROUPS = ("0.3", "0.25", "0.2", "0.149944", "0.1", "5.6E-5")
"""Shares of an ad's viewers by group; Meta writes small ones with an exponent."""
GROUPS = [(age, sex) for age in ("18-24", "25-34", "65+") for sex in ("female", "male")]


def make_ads(seed: int, count: int) -> Series:
    """Meta's share of the ads."""
    return Series(seed, "meta", count, TOP_LEVEL)


class SeededAds(Sequence[ArchivedAd]):
    """The ads the API shows on a day, newest (highest id) first; only their numbers are in memory."""

    def __init__(self, shown: ShownAds) -> None:
        self._library = shown
        self._shown = array("I", merge(*map(reversed, shown.numbers.values()), reverse=True))

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, place: int) -> ArchivedAd: ...
    @overload
    def __getitem__(self, place: slice) -> list[ArchivedAd]: ...
    def __getitem__(self, place: int | slice) -> ArchivedAd | list[ArchivedAd]:
        """Make the ad at a place, or the ads at some."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        ads = self._library.ads
        (step,) = ads.find_steps([self._shown[place]], self._library.day)
        shape = describe_ad(ads, step.index, step.now)
        return ArchivedAd(shape, frozenset({find_country(COUNTRIES, step.index)}))


def show_ads(ads: Series, day: int) -> tuple[SeededAds, list[PartitionTruth]]:
    """What the API shows on a day, with the truth of each country."""
    shown, tallies = show_countries(SOURCE, ads, day, COUNTRIES, name_ad, price_ad)
    return SeededAds(shown), tallies


def write_ads(ads: SeededAds, path: Path) -> None:
    """The same ads as lines of JSON, as a dump of the API that can be imported."""
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(ad.shape, ensure_ascii=False)}\n" for ad in ads)


def name_ad(index: int) -> str:
    """The Library ID."""
    return str(FIRST_REF + index)


def price_ad(index: int, state: State) -> Amount:
    """The range of spend that an ad is said to be in; not said in the EU."""
    country = find_country(COUNTRIES, index)
    if country in WITH_REACH:
        return Amount(CURRENCIES[country], None, None)
    lower, *above = EDGES[state.level : state.level + 2]
    return Amount(CURRENCIES[country], lower, above[0] - 1 if above else None)


def describe_ad(ads: Series, index: int, state: State) -> dict[str, Any]:
    """An ad as the API gives it, without `ad_snapshot_url`; what it does not state has no key."""
    dice, page = ads.roll_for(index, "parts"), index // ADS_A_PAGE
    page_dice = ads.roll_for(page, "page")
    language = dice.pick(LANGUAGES)
    body = bend_text(write_text(language, 0, dice), index, dice)
    shape: dict[str, Any] = {
        "id": name_ad(index),
        "page_id": str(FIRST_PAGE + page),
        "page_name": name_odd_group(page, page_dice),
        "ad_creative_bodies": [f"{body}\n{write_text(language, state.wording, dice)}"],
        "ad_creative_link_titles": [write_text(language, 0, dice)],
        "ad_creative_link_captions": [name_host(page_dice)],
        "languages": [language],
        "publisher_platforms": dice.pick([["facebook"], ["facebook", "instagram"], ["threads"]]),
        **date_ad(dice),
        **write_numbers(index, state, dice),
    }
    if find_country(COUNTRIES, index) in WITH_REACH or dice.hits(0.8):
        shape["bylines"] = name_group(page_dice)
    return use_old_names(shape) if index % OLD_NAMES_EVERY == 7 else shape


def use_old_names(shape: dict[str, Any]) -> dict[str, Any]:
    """The names of before version 13, when a creative had one text and no list of them."""
    return {
        OLD_NAMES.get(name, name): value[0] if name.startswith("ad_creative_") else value
        for name, value in shape.items()
    }


def date_ad(dice: Dice) -> dict[str, Any]:
    """When an ad was made and ran; one that still runs has no end."""
    started_on, ended_on = pick_run(dice, date(2019, 1, 1), 2_800)
    dates = {"ad_creation_time": str(started_on), "ad_delivery_start_time": str(started_on)}
    return dates if dice.hits(0.2) else dates | {"ad_delivery_stop_time": str(ended_on)}


def write_numbers(index: int, state: State, dice: Dice) -> dict[str, Any]:
    """The figures of an ad: of the political kind, or of the EU's."""
    amount = price_ad(index, state)
    if amount.lower is None:
        return write_reach(find_country(COUNTRIES, index), state)
    shown = {"lower_bound": str(state.level * 1_000)}
    if state.level < TOP_LEVEL:
        shown["upper_bound"] = str(state.level * 1_000 + 999)
    spend = {"lower_bound": str(amount.lower)}
    if amount.upper is not None:
        spend["upper_bound"] = str(amount.upper)
    first = dice.roll(len(GROUPS))
    groups = GROUPS[first:] + GROUPS[:first]
    return {
        "currency": amount.currency,
        "spend": spend,
        "impressions": shown,
        "estimated_audience_size": {"lower_bound": "1000001"},
        "demographic_distribution": [
            {"percentage": share, "age": age, "gender": sex}
            for share, (age, sex) in zip(LARGEST_GROUPS, groups, strict=True)
        ],
        "delivery_by_region": [{"percentage": "1", "region": dice.pick(PLACES)}],
    }


def write_reach(country: str, state: State) -> dict[str, Any]:
    """The figures of an ad in the EU; groups of which nobody was reached have no key."""
    reached = state.level * 100 + 7
    group = {"age_range": "25-34", "female": reached}
    return {
        "eu_total_reach": reached,
        "age_country_gender_reach_breakdown": [
            {"country": country, "age_gender_breakdowns": [group]}
        ],
        "target_ages": ["18", "65+"],
        "target_gender": "All",
        "target_locations": [
            {"name": PLACES[1], "num_obfuscated": 0, "type": "CITY", "excluded": False}
        ],
    }
