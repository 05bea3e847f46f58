"""Seeded pages as Meta's Ad Library Report lists them: a zip for a country and a window of days."""

import csv
import io
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

from scrapers.replica.seeded.states import DayStep, Series, State
from scrapers.replica.seeded.tables import date_file, write_note
from scrapers.replica.seeded.truth import Amount, PartitionTruth
from scrapers.replica.seeded.words import name_group, name_odd_group
from scrapers.replica.zips import name_member

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


def lay_out_report(pages: Series, day: int, folder: Path) -> PartitionTruth:
    """Write the day's report below a folder; gives its truth."""
    covered_on = date(2026, 11, 19) + timedelta(days=day)
    name = f"FacebookAdLibraryReport_{covered_on}_{COUNTRY}_{PRESET}"
    tally = PartitionTruth(SOURCE, COUNTRY, "pages")
    steps = pages.find_steps(range(pages.count_things(day)), day)
    shown = order_pages(tally.show_things(steps, name_page, lambda _, state: price_page(state)))
    path = folder / SOURCE / f"{name}.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        write_note(archive, "README.txt", "Everything in this report is invented.\n")
        rows = (describe_page(pages, step) for step in pages.find_steps(shown, day))
        write_report(archive, f"{name}_advertisers.csv", ADVERTISER_COLUMNS, rows)
        for number, region in enumerate(REGIONS):
            inside = pages.find_steps(shown[number :: len(REGIONS)], day)
            rows = (describe_page(pages, step)[:-1] for step in inside)
            write_report(archive, f"regions/{name}_{region}.csv", PAGE_COLUMNS, rows)
        sums = sum_regions(pages, shown, day)
        write_report(archive, f"{name}_locations.csv", LOCATION_COLUMNS, sums)
    date_file(path, day)
    return tally


def order_pages(shown: Iterable[DayStep]) -> "array[int]":
    """The numbers of the pages, those that spent most first."""
    by_level = [array("I") for _ in range(TOP_LEVEL + 1)]
    for step in shown:
        by_level[step.now.level].append(step.index)
    return array("I", chain.from_iterable(reversed(by_level)))


def sum_regions(pages: Series, shown: "array[int]", day: int) -> Iterator[list[str]]:
    """What was spent in each region, as the pages that are listed for it say."""
    for number, region in enumerate(REGIONS):
        inside = pages.find_steps(shown[number :: len(REGIONS)], day)
        yield [region, str(sum(price_page(step.now).upper or 0 for step in inside))]


def write_report(
    archive: zipfile.ZipFile, name: str, columns: list[str], rows: Iterable[list[str]]
) -> None:
    """Add a table in the report's form: a byte-order mark, and no line end after the last row."""
    with (
        archive.open(name_member(name), "w", force_zip64=True) as stream,
        io.TextIOWrapper(stream, "utf-8", newline="") as text,
    ):
        text.write(BOM + write_row(columns))
        text.writelines(f"\n{write_row(row)}" for row in rows)


def write_row(cells: list[str]) -> str:
    """A row without its line end."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().removesuffix("\n")


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


def describe_page(pages: Series, step: DayStep) -> list[str]:
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
