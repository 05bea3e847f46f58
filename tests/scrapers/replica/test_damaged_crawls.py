"""A file that comes damaged costs the rows that are damaged, and nobody takes it for the truth."""

import pytest

from archive.models.runs import Outcome
from scrapers.replica.faults import Act, Fault
from scrapers.replica.serve import running_replica
from tests.scrapers.crawls import FOREVER, Home
from tests.scrapers.replica.asking import SNAP_2026
from tests.scrapers.replica.file_faults import (
    add_column,
    break_quotes,
    change_file,
    change_tables,
    drop_column,
    put_in_folder,
    reverse_columns,
    write_crlf,
    write_latin_1,
)
from tests.scrapers.replica.http_faults import show_html_page, truncate_body

ADS = 15
"""Ads in the honest file."""

HARMLESS = {
    "columns in another order": change_tables(reverse_columns()),
    "other line ends": change_tables(write_crlf()),
    "all in a folder": change_file(put_in_folder("PoliticalAds")),
}

HARMFUL = {
    "a column nobody knows": (change_tables(add_column("Mood", "merry")), ADS),
    "a quote left open": (change_tables(break_quotes(3)), ADS - 1),
    "two names in Latin-1": (change_tables(write_latin_1()), ADS - 2),
    "no column of spend": (change_tables(drop_column("Spend")), 0),
    "a page for people": (show_html_page(200), 0),
    "a zip cut short": (truncate_body(0.7), 0),
}


def crawl_damaged(home: Home, act: Act) -> tuple[str, int, int]:
    with running_replica(faults=[Fault(SNAP_2026, act, times=FOREVER)]) as url:
        run = home.crawl(url)
    return run.outcome, home.count("ads"), home.count("quarantined")


@pytest.mark.parametrize("damage", HARMLESS)
def test_what_only_runs_different_reads_the_same(home: Home, damage: str) -> None:
    assert crawl_damaged(home, HARMLESS[damage]) == (Outcome.DONE, ADS, 0)


@pytest.mark.parametrize("damage", HARMFUL)
def test_what_cannot_be_read_is_held_and_the_rest_taken(home: Home, damage: str) -> None:
    act, readable = HARMFUL[damage]
    outcome, ads, held = crawl_damaged(home, act)
    assert (outcome, ads) == (Outcome.ATTENTION, readable)
    assert held >= 1
