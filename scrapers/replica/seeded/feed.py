"""Seeded ads as a feed without a political label gives them: lines of JSON under our own names."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from scrapers.replica.seeded.shown import find_country, pick_run
from scrapers.replica.seeded.states import DayStep, Series, State
from scrapers.replica.seeded.tables import date_file
from scrapers.replica.seeded.truth import Amount, PartitionTruth
from scrapers.replica.seeded.words import (
    LANGUAGES,
    name_group,
    name_host,
    name_odd_group,
    write_text,
)

SOURCE = "ad_feed"
FEED = "invented_donations"
FILE = Path(SOURCE, "exports", "ads.jsonl")

CURRENCIES = {"IE": "EUR", "GB": "GBP", "JP": "JPY", "SE": "SEK"}
COUNTRIES = tuple(CURRENCIES)
UNITS_A_LEVEL = 50
TOP_LEVEL = 400


def make_ads(seed: int, count: int) -> Series:
    """The feed's share of the ads."""
    return Series(seed, "feed", count, TOP_LEVEL)


def lay_out_feed(ads: Series, day: int, folder: Path) -> PartitionTruth:
    """Write the feed below a folder; gives its truth."""
    path = folder / FILE
    path.parent.mkdir(parents=True)
    tally = PartitionTruth(SOURCE, FEED, "ads")
    steps = ads.find_steps(range(ads.count_things(day)), day)
    with path.open("w", encoding="utf-8") as lines:
        for step in tally.show_things(steps, name_ad, price_ad):
            lines.write(f"{json.dumps(describe_ad(ads, step), ensure_ascii=False)}\n")
    date_file(path, tally.changed_day)
    return tally


def name_ad(index: int) -> str:
    """The id of an ad, as the archive has it: that of the feed comes first."""
    return f"{FEED}/{name_line(index)}"


def name_line(index: int) -> str:
    """The id of an ad within the feed."""
    return f"seeded-{index:08d}"


def price_ad(index: int, state: State) -> Amount:
    """The range that an ad's cost is said to be in."""
    lower = state.level * UNITS_A_LEVEL
    upper = lower + UNITS_A_LEVEL - 1
    return Amount(CURRENCIES[find_country(COUNTRIES, index)], lower, upper)


def describe_ad(ads: Series, step: DayStep) -> dict[str, Any]:
    """The line of an ad."""
    dice = ads.roll_for(step.index, "parts")
    started_on, ended_on = pick_run(dice, date(2019, 1, 1), 2_800)
    language, amount = dice.pick(LANGUAGES), price_ad(step.index, step.now)
    return {
        "ref": name_line(step.index),
        "platform": dice.pick(["meta", "tiktok", "google"]),
        "advertiser_name": name_odd_group(step.index, dice),
        "payer_name": name_group(dice),
        "titles": [write_text(language, 0, dice)],
        "bodies": [write_text(language, step.now.wording, dice)],
        "landing_urls": [f"https://{name_host(dice)}/"],
        "languages": [language],
        "countries": [find_country(COUNTRIES, step.index)],
        "started_on": str(started_on),
        "ended_on": str(ended_on),
        "currency": amount.currency,
        "spend_lower_minor": str(amount.lower),
        "spend_upper_minor": str(amount.upper),
    }
