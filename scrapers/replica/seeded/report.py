"""Seeded pages as Meta's Ad Library Report lists them: a zip for a country and a window of days."""

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from scrapers.replica.seeded.states import Series, State, Step
from scrapers.replica.seeded.tables import date_file, write_note
from scrapers.replica.seeded.truth import Amount, Tally
from scrapers.replica.seeded.words import name_group, name_odd_group

SOURCE = "meta_ad_library_report"
COUNTRY, CURRENCY = "US", "USD"
PRESET = "last_30_days"
FIRST_PAGE = 888_000_000_000
TOP_LEVEL = 12
CENSORED = 100
"""Up to this many units the report says only that it was no more."""
CENSORED_TEXT = f"≤{CENSORED}"
NO_DISCLAIMER = "These ads ran without a disclaimer"
REGIONS = ("Upper Teapotshire", "Ladle-on-Sea, East", "Île des Théières")
BOM = "\ufeff"
ADS_A_PAGE = 20

PAGE_COLUMNS = ["Page ID", "Page name", "Disclaimer", f"Amount spent ({CURRENCY})"]
ADVERTISER_COLUMNS = [*PAGE_COLUMNS, "Number of ads in Library"]
LOCATION_COLUMNS = ["Location name", f"Amount spent ({CURRENCY})"]

DOUBLE = 10
"""The page after this one has its id, name and disclaimer: a key is not unique in real reports."""


def make_pages(seed: int, ads: int) -> Series:
    """The pages that Meta's share of the ads would need."""
    return Series(seed, "report", -(-ads // ADS_A_PAGE), TOP_LEVEL)


def lay_out_report(pages: Series, day: int, folder: Path) -> Tally:
    """Write the day's report below a folder; gives its truth."""
    covered_on = date(2026, 11, 19) + timedelta(days=day)
    name = f"FacebookAdLibraryReport_{covered_on}_{COUNTRY}_{PRESET}"
    tally = Tally(SOURCE, COUNTRY, "pages")
    steps = pages.find_steps(range(pages.count_things(day)), day)
    shown = list(tally.show_things(steps, name_page, lambda _, state: price_page(state)))
    shown.sort(key=lambda step: -step.now.level)
    path = folder / SOURCE / f"{name}.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        write_note(archive, "README.txt", "Everything in this report is invented.\n")
        rows = [describe_page(pages, step) for step in shown]
        write_report(archive, f"{name}_advertisers.csv", ADVERTISER_COLUMNS, rows)
        write_report(archive, f"{name}_locations.csv", LOCATION_COLUMNS, sum_regions(shown))
        for number, region in enumerate(REGIONS):
            inside = [row[:-1] for row in rows[number :: len(REGIONS)]]
            write_report(archive, f"regions/{name}_{region}.csv", PAGE_COLUMNS, inside)
    date_file(path, day)
    return tally


def write_report(
    archive: zipfile.ZipFile, name: str, columns: list[str], rows: Iterable[list[str]]
) -> None:
    """Add a table in the report's form: a byte-order mark, and no line end after the last row."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    write_note(archive, name, BOM + text.getvalue().removesuffix("\n"))


def sum_regions(shown: list[Step]) -> list[list[str]]:
    """What was spent in each region, as the pages that are listed for it say."""
    parts = [shown[number :: len(REGIONS)] for number in range(len(REGIONS))]
    sums = [sum(price_page(step.now).upper or 0 for step in part) for part in parts]
    return [[region, str(amount)] for region, amount in zip(REGIONS, sums, strict=True)]


def name_page(index: int) -> str:
    """The id of a page; 0 for accounts of Instagram."""
    return "0" if index % 70 == 5 else str(FIRST_PAGE + find_original(index))


def find_original(index: int) -> int:
    """The page whose key a row has: its own, but for the double."""
    return DOUBLE if index == DOUBLE + 1 else index


def price_page(state: State) -> Amount:
    """What a page spent in the window; the smallest sums are only said to be small."""
    spent = CENSORED + state.level**5
    return Amount(CURRENCY, 0 if state.level == 0 else spent, spent)


def describe_page(pages: Series, step: Step) -> list[str]:
    """The row of a page."""
    original = find_original(step.index)
    dice = pages.roll_for(original, "cells")
    name = name_odd_group(original, dice)
    if name_page(step.index) == "0":
        name = f"Instagram User {step.index}"
    elif original % 90 == 17:
        name = ""
    endings = f" ({step.now.wording})" if step.now.wording else ""
    disclaimer = NO_DISCLAIMER if dice.hits(0.5) else name_group(dice) + endings
    spent = CENSORED_TEXT if step.now.level == 0 else str(price_page(step.now).upper)
    return [name_page(step.index), name, disclaimer, spent, str(1 + dice.roll(90))]
