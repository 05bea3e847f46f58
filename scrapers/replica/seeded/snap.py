"""Seeded ads as Snap publishes them: a zip a year, exact amounts, two generations of columns."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.states import DayStep, Series, State
from scrapers.replica.seeded.tables import date_file, write_note, write_table
from scrapers.replica.seeded.truth import Amount, PartitionTruth
from scrapers.replica.seeded.words import (
    LONG_CELL,
    PLACES,
    fill_cell,
    name_group,
    name_host,
    name_odd_group,
)

YEARS = range(2018, 2027)

COLUMN_NAMES = (
    "ADID,CreativeUrl,Currency Code,Spend,Impressions,StartDate,EndDate,OrganizationName,"
    "BillingAddress,CandidateBallotInformation,PayingAdvertiserName,CommitteeName,"
    "CommitteeIdentificationNumber,DisclosureNameOfCommittee,AdvertisingJurisdiction,Gender,"
    "AgeBracket,CountryCode,Regions (Included),Regions (Excluded),Electoral Districts (Included),"
    "Electoral Districts (Excluded),Radius Targeting (Included),Radius Targeting (Excluded),"
    "Metros (Included),Metros (Excluded),Postal Codes (Included),Postal Codes (Excluded),"
    "Location Categories (Included),Location Categories (Excluded),Interests,OsType,Segments,"
    "Language,AdvancedDemographics,Targeting Connection Type,Targeting Carrier (ISP),"
    "CreativeProperties"
)
COLUMNS = COLUMN_NAMES.split(",")

LAST_YEAR_OF_34_COLUMNS = 2020
COLUMNS_SINCE = frozenset(
    {
        "CommitteeName",
        "CommitteeIdentificationNumber",
        "DisclosureNameOfCommittee",
        "AdvertisingJurisdiction",
    }
)

CURRENCIES = {
    "united states": "USD",
    "canada": "CAD",
    "united kingdom": "GBP",
    "norway": "NOK",
    "sweden": "SEK",
    "australia": "AUD",
    "germany": "EUR",
}
COUNTRIES = tuple(CURRENCIES)

UNITS_A_LEVEL = 13
TOP_LEVEL = 2_000
LONG_CELL_EVERY = 5_000

README = "Everything in this file is invented.\n"


def make_ads(seed: int, count: int) -> Series:
    """Snap's share of the ads."""
    return Series(seed, "snap", count, TOP_LEVEL)


def lay_out_years(ads: Series, day: int, folder: Path) -> Iterator[PartitionTruth]:
    """Write each year's zip below a folder; gives the truth of each year once it is written."""
    for year in YEARS:
        path = folder / "snap" / "political" / str(year) / "PoliticalAds.zip"
        path.parent.mkdir(parents=True)
        tally = PartitionTruth("snap", str(year), "ads")
        steps = ads.find_steps(list_numbers(ads, year, day), day)
        shown = tally.show_things(
            steps, lambda n: name_ad(ads, n), lambda n, s: price_ad(ads, n, s)
        )
        with zipfile.ZipFile(path, "w") as archive:
            write_year(archive, ads, year, shown)
        date_file(path, tally.changed_day)
        yield tally


def list_numbers(ads: Series, year: int, day: int) -> Iterable[int]:
    """The ads of a year's file: those of day 1 spread over all years, later ones in the newest."""
    first = range(year - YEARS[0], ads.first, len(YEARS))
    later = range(ads.first, ads.count_things(day))
    return chain(first, later) if year == YEARS[-1] else first


def write_year(archive: zipfile.ZipFile, ads: Series, year: int, shown: Iterable[DayStep]) -> None:
    """The table and the readme of a year, in the form that was Snap's then."""
    is_old = year <= LAST_YEAR_OF_34_COLUMNS
    columns = [name for name in COLUMNS if not (is_old and name in COLUMNS_SINCE)]
    rows = (describe_ad(ads, step.index, step.now) for step in shown)
    cells = ({name: row[name] for name in columns if name in row} for row in rows)
    write_table(archive, "PoliticalAds.csv", columns, cells, "\r\n" if is_old else "\n")
    write_note(archive, "readme.txt", README)


def name_ad(ads: Series, index: int) -> str:
    """The id of an ad: 64 hex digits."""
    chance = ads.roll_for(index, "ref").roll(16**48)
    return f"5eed{index:012x}{chance:048x}"


def find_country(ads: Series, index: int) -> str:
    """Where an ad runs, as Snap names it."""
    return ads.roll_for(index, "country").pick(COUNTRIES)


def price_ad(ads: Series, index: int, state: State) -> Amount:
    """What an ad cost, exactly."""
    spend = state.level * UNITS_A_LEVEL + ads.roll_for(index, "spend").roll(UNITS_A_LEVEL)
    return Amount(CURRENCIES[find_country(ads, index)], spend, spend)


def describe_ad(ads: Series, index: int, state: State) -> dict[str, str]:
    """The cells of an ad that are not blank."""
    amount = price_ad(ads, index, state)
    dice = ads.roll_for(index, "cells")
    group, host = name_group(dice), name_host(dice)
    return {
        "ADID": name_ad(ads, index),
        "CreativeUrl": f"https://adlibrary.example/asset/{index}?mediaType={dice.pick(['mp4', 'png'])}",
        "Currency Code": amount.currency,
        "Spend": str(amount.lower),
        "Impressions": str((amount.lower or 0) * (100 + dice.roll(200))),
        "OrganizationName": name_odd_group(index, dice),
        "BillingAddress": f"{dice.roll(99) + 1} Invented Quay,Port Nowhere,00001,ZZ",
        "PayingAdvertiserName": group,
        "CommitteeName": dice.pick([group, "N/A", ""]),
        "CommitteeIdentificationNumber": dice.pick([f"C888{dice.roll(10_000):05d}", "na", ""]),
        "AgeBracket": dice.pick(["18+", "18-34", "18-", "35++", ""]),
        "CountryCode": find_country(ads, index),
        "Regions (Included)": dice.pick(["", "Spoon Bay,Lower Whisk"]),
        "Postal Codes (Included)": write_postal_codes(index),
        "Radius Targeting (Excluded)": dice.pick(["", "latitude 0.001;longitude 0.002;radius 8.0"]),
        "Interests": dice.pick(["", "Occupation (Kettles, Ladles or Spoons)", PLACES[0]]),
        "Segments": dice.pick(["", "Provided by Advertiser"]),
        "CreativeProperties": f"web_view_url:https://{host}/{state.wording + 1}",
        **date_ad(dice),
    }


def date_ad(dice: Dice) -> dict[str, str]:
    """When an ad ran; some have no end yet."""
    started_at = datetime(2017, 12, 1, 13, tzinfo=UTC) + timedelta(hours=dice.roll(70_000))
    ended_at = started_at + timedelta(minutes=1 + dice.roll(50_000))
    dates = {"StartDate": f"{started_at:%Y/%m/%d %H:%M:%SZ}"}
    return dates | ({} if dice.hits(0.1) else {"EndDate": f"{ended_at:%Y/%m/%d %H:%M:%SZ}"})


def write_postal_codes(index: int) -> str:
    """Postal codes with leading zeros; now and then very many."""
    if index % LONG_CELL_EVERY == 1:
        return fill_cell(LONG_CELL, ",")
    return "0001,0002" if index % 7 == 0 else ""
