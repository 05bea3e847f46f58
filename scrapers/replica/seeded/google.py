"""Seeded ads and advertisers as Google's bundle holds them: ranges, and each sum in 20 currencies."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.states import DayStep, Series, State
from scrapers.replica.seeded.tables import date_file, write_note, write_table
from scrapers.replica.seeded.truth import Amount, PartitionTruth
from scrapers.replica.seeded.words import (
    HUGE_CELL,
    LONG_CELL,
    PLACES,
    bend_text,
    fill_cell,
    name_group,
)

SOURCE = "google_political_ads"
BUNDLE = "google-political-ads-transparency-bundle.zip"

CURRENCIES: Mapping[str, tuple[float, int]] = {
    "USD": (1, 100),
    "EUR": (0.9, 50),
    "INR": (85, 250),
    "BGN": (1.76, 25),
    "CZK": (22, 1000),
    "DKK": (6.7, 500),
    "HUF": (350, 7500),
    "PLN": (3.8, 100),
    "RON": (4.6, 75),
    "SEK": (9.8, 750),
    "GBP": (0.77, 50),
    "NZD": (1.7, 100),
    "ILS": (3.6, 100),
    "AUD": (1.5, 100),
    "TWD": (31, 1000),
    "BRL": (5.5, 250),
    "ARS": (1400, 100_000),
    "ZAR": (18, 750),
    "CLP": (950, 50_000),
    "MXN": (18.5, 750),
}
"""An invented rate to the dollar, and the step to which amounts in the currency are rounded."""

EDGES = (0, 100, 1_000, 50_000, 100_000)
SPEND_TEXTS = ("0-100", "100-1k", "1k-50k", "50k-100k", "> 100k")
IMPRESSIONS = ("≤ 10k", "10k-100k", "100k-1M", "1M-10M", "> 10M")
TOP_LEVEL = len(EDGES) - 1

CREATIVE_NAMES = (
    "Ad_ID Ad_URL Ad_Type Regions Advertiser_ID Advertiser_Name Ad_Campaigns_List "
    "Date_Range_Start Date_Range_End Num_of_Days Impressions Spend_USD First_Served_Timestamp "
    "Last_Served_Timestamp Age_Targeting Gender_Targeting Geo_Targeting_Included "
    "Geo_Targeting_Excluded Is_Funded_By_Google_Ad_Grants"
)
STATS_NAMES = "Advertiser_ID Advertiser_Name Public_IDs_List Regions Elections Total_Creatives"
WEEKLY_NAMES = "Advertiser_ID Advertiser_Name Election_Cycle Week_Start_Date"

RANGE_COLUMNS = [f"Spend_Range_{end}_{code}" for code in CURRENCIES for end in ("Min", "Max")]
SPEND_COLUMNS = [f"Spend_{code}" for code in CURRENCIES]
CREATIVE_COLUMNS = CREATIVE_NAMES.split() + RANGE_COLUMNS
STATS_COLUMNS = STATS_NAMES.split() + SPEND_COLUMNS
WEEKLY_COLUMNS = WEEKLY_NAMES.split() + SPEND_COLUMNS

ADS_AN_ADVERTISER = 50
WEEKS = tuple(date(2026, 10, 4) + timedelta(weeks=week) for week in range(4))
TOP_SPEND = 4_000
HUGE_CELL_EVERY = 20_000
LONG_CELL_EVERY = 5_000


@dataclass(frozen=True)
class BundleTable:
    """One table of the bundle, and how its rows are made."""

    kind: str
    file: str
    columns: list[str]
    name_thing: Callable[[int], str]
    find_price: Callable[[State], Amount]
    describe: Callable[[Series, DayStep], dict[str, str]]


def make_ads(seed: int, count: int) -> Series:
    """Google's share of the ads."""
    return Series(seed, "google", count, TOP_LEVEL)


def lay_out_bundle(ads: Series, day: int, folder: Path) -> list[PartitionTruth]:
    """Write the bundle below a folder; gives the truth of its ads, totals and weeks."""
    path = folder / SOURCE / BUNDLE
    path.parent.mkdir(parents=True)
    advertisers = -(-ads.first // ADS_AN_ADVERTISER)
    totals = Series(ads.seed, "google totals", advertisers, TOP_SPEND)
    weeks = Series(ads.seed, "google weeks", advertisers * len(WEEKS), TOP_SPEND)
    with zipfile.ZipFile(path, "w") as archive:
        write_note(archive, "README.txt", "Everything in this bundle is invented.\n")
        write_note(archive, "google-political-ads-updated.csv", write_update(day))
        write_note(archive, "advertiser_id_mapping.csv", "OldAdvertiserId,NewAdvertiserId\n")
        tallies = [
            write_series(archive, ads, day, CREATIVES),
            write_series(archive, totals, day, TOTALS),
            write_series(archive, weeks, day, WEEKLY),
        ]
    date_file(path, day)
    return tallies


def write_update(day: int) -> str:
    """The one line that says when the bundle was made."""
    return f"Report_Data_Updated_Time (PT)\n{date(2026, 11, 19) + timedelta(days=day)} 22:00:00\n"


def write_series(
    archive: zipfile.ZipFile, series: Series, day: int, part: BundleTable
) -> PartitionTruth:
    """One table of the bundle; gives the truth of it."""
    tally = PartitionTruth(SOURCE, "bundle", part.kind)
    steps = series.find_steps(range(series.count_things(day)), day)
    shown = tally.show_things(steps, part.name_thing, lambda _, state: part.find_price(state))
    rows = (part.describe(series, step) for step in shown)
    write_table(archive, f"google-political-ads-{part.file}.csv", part.columns, rows)
    return tally


def name_ad(index: int) -> str:
    """The id of an ad."""
    return f"CR0888{index:016d}"


def name_advertiser(index: int) -> str:
    """The id of an advertiser."""
    return f"AR0888{index:016d}"


def name_week(index: int) -> str:
    """An advertiser and one of its weeks; the bundle has no id for it."""
    return f"{name_advertiser(index // len(WEEKS))} {find_week(index)}"


def find_week(index: int) -> date:
    """The Sunday that a weekly sum begins on."""
    return WEEKS[index % len(WEEKS)]


def price_ad(state: State) -> Amount:
    """The range that an ad's spend is in, edges shared with the neighbours, in dollars."""
    lower, *upper = EDGES[state.level : state.level + 2]
    return Amount("USD", lower, upper[0] if upper else None)


def price_sum(state: State) -> Amount:
    """An advertiser's sum in dollars, rounded as Google does."""
    return Amount("USD", state.level * 100, state.level * 100)


def convert_amount(dollars: int, currency: str) -> str:
    """An amount in one of the currencies, rounded there on its own."""
    rate, step = CURRENCIES[currency]
    return str(round(dollars * rate / step) * step)


def describe_ad(ads: Series, step: DayStep) -> dict[str, str]:
    """The cells of an ad that are not blank."""
    index, state = step.index, step.now
    dice, advertiser = ads.roll_for(index, "cells"), index // ADS_AN_ADVERTISER
    place = dice.roll(len(PLACES)) + state.wording
    return {
        "Ad_ID": name_ad(index),
        "Ad_URL": f"https://adstransparency.example/advertiser/{name_advertiser(advertiser)}"
        f"/creative/{name_ad(index)}",
        "Ad_Type": dice.pick(["TEXT", "IMAGE", "VIDEO"]),
        "Regions": dice.pick(["US", "US", "AU", "IN", "EU, FI", "NZ"]),
        "Advertiser_ID": name_advertiser(advertiser),
        "Advertiser_Name": name_runner(ads.seed, advertiser),
        "Impressions": IMPRESSIONS[state.level],
        "Spend_USD": SPEND_TEXTS[state.level],
        "Age_Targeting": dice.pick(["Not targeted", "18-24, ≥65, Unknown age"]),
        "Gender_Targeting": dice.pick(["Not targeted", "Male, Female, Unknown gender"]),
        "Geo_Targeting_Included": write_places(index, dice),
        "Geo_Targeting_Excluded": PLACES[place % len(PLACES)],
        "Is_Funded_By_Google_Ad_Grants": "FALSE",
        **date_ad(dice),
        **convert_range(price_ad(state)),
    }


def date_ad(dice: Dice) -> dict[str, str]:
    """When an ad ran, by days and by quarter hours."""
    first_on = date(2019, 1, 1) + timedelta(days=dice.roll(2_800))
    days = 1 + dice.roll(60)
    last_on = first_on + timedelta(days=days - 1)
    return {
        "Date_Range_Start": str(first_on),
        "Date_Range_End": str(last_on),
        "Num_of_Days": str(days),
        "First_Served_Timestamp": f"{first_on} 08:15:00+00:00",
        "Last_Served_Timestamp": f"{last_on} 22:45:00+00:00",
    }


def convert_range(amount: Amount) -> dict[str, str]:
    """A range in each of the currencies; without an upper bound that cell is blank."""
    bounds = {"Min": amount.lower, "Max": amount.upper}
    return {
        f"Spend_Range_{end}_{code}": convert_amount(bound, code)
        for code in CURRENCIES
        for end, bound in bounds.items()
        if bound is not None
    }


def write_places(index: int, dice: Dice) -> str:
    """The places aimed at; now and then more than many readers take."""
    if index % HUGE_CELL_EVERY == 0:
        return fill_cell(HUGE_CELL, ", ")
    if index % LONG_CELL_EVERY == 1:
        return fill_cell(LONG_CELL, ", ")
    return ", ".join(dice.pick(PLACES) for _ in range(1 + dice.roll(3)))


def name_runner(seed: int, index: int) -> str:
    """The name of an advertiser, the same in each of the tables."""
    dice = Dice(seed, "google advertiser", index)
    return bend_text(name_group(dice).upper(), index, dice)


def describe_sum(sums: Series, index: int, step: DayStep) -> dict[str, str]:
    """What the tables of advertisers have in common, in the row of one of them."""
    dollars = price_sum(step.now).lower or 0
    return {
        "Advertiser_ID": name_advertiser(index),
        "Advertiser_Name": name_runner(sums.seed, index),
        **{f"Spend_{code}": convert_amount(dollars, code) for code in CURRENCIES},
    }


def describe_total(totals: Series, step: DayStep) -> dict[str, str]:
    """The row of what an advertiser spent in all."""
    return describe_sum(totals, step.index, step) | {
        "Public_IDs_List": f"FEC ID C888{step.index:05d}" if step.index % 3 else "",
        "Regions": "US",
        "Elections": f"US-Federal-{step.now.wording}",
        "Total_Creatives": str(ADS_AN_ADVERTISER),
    }


def describe_week(weeks: Series, step: DayStep) -> dict[str, str]:
    """The row of what an advertiser spent in a week."""
    return describe_sum(weeks, step.index // len(WEEKS), step) | {
        "Election_Cycle": f"US-Federal-{step.now.wording}",
        "Week_Start_Date": str(find_week(step.index)),
    }


CREATIVES = BundleTable("ads", "creative-stats", CREATIVE_COLUMNS, name_ad, price_ad, describe_ad)
TOTALS = BundleTable(
    "advertiser_stats",
    "advertiser-stats",
    STATS_COLUMNS,
    name_advertiser,
    price_sum,
    describe_total,
)
WEEKLY = BundleTable(
    "advertiser_weekly_spend",
    "advertiser-weekly-spend",
    WEEKLY_COLUMNS,
    name_week,
    price_sum,
    describe_week,
)
"""Weeks do not add up to totals: the source rounds each."""
