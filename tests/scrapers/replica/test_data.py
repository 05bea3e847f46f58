"""The fictional data has the form of the real, and moves from the first day to the second."""

import csv
import io
import re

import pytest

from scrapers.replica.fixtures import FIXTURES
from tests.scrapers.replica.asking import BUNDLE, FEC, SNAP_2026, get, read_member


def read_ads_of(address: str, year: int) -> dict[str, dict[str, str]]:
    answer = get(address, f"/snap/political/{year}/PoliticalAds.zip")
    rows = csv.DictReader(io.StringIO(read_member(answer, "PoliticalAds.csv")))
    return {row["ADID"]: row for row in rows}


def test_snap_writes_34_columns_and_crlf_in_2018_and_38_and_lf_today(day_1: str) -> None:
    old = read_member(get(day_1, "/snap/political/2018/PoliticalAds.zip"), "PoliticalAds.csv")
    new = read_member(get(day_1, SNAP_2026), "PoliticalAds.csv")
    assert len(next(csv.reader(io.StringIO(old)))) == 34
    assert len(next(csv.reader(io.StringIO(new)))) == 38
    assert old.count("\n") == old.count("\r\n")
    assert "\r" not in new


def test_snap_shows_new_changed_lowered_and_vanished_ads_on_day_2(day_1: str, day_2: str) -> None:
    before, after = read_ads_of(day_1, 2026), read_ads_of(day_2, 2026)
    kept = before.keys() & after.keys()
    grown = [ref for ref in kept if int(after[ref]["Spend"]) > int(before[ref]["Spend"])]
    lowered = [ref for ref in kept if int(after[ref]["Spend"]) < int(before[ref]["Spend"])]
    ended = [ref for ref in kept if after[ref]["EndDate"] != before[ref]["EndDate"]]
    assert (len(after.keys() - before.keys()), len(before.keys() - after.keys())) == (3, 1)
    assert (len(grown), len(lowered), len(ended)) == (4, 1, 1)


def test_a_closed_year_of_snap_is_corrected_too(day_1: str, day_2: str) -> None:
    assert read_ads_of(day_1, 2025) != read_ads_of(day_2, 2025)
    assert read_ads_of(day_1, 2023) == read_ads_of(day_2, 2023)


@pytest.mark.parametrize(
    ("year", "country", "eve", "polling_day"),
    [
        (2018, "united states", "2018/11/05", "2018/11/06"),
        (2023, "greece", "2023/05/20", "2023/05/21"),
        (2023, "australia", "2023/10/13", "2023/10/14"),
    ],
)
def test_two_ads_at_least_run_into_each_election(
    day_1: str, year: int, country: str, eve: str, polling_day: str
) -> None:
    running = [
        ad
        for ad in read_ads_of(day_1, year).values()
        if ad["CountryCode"] == country
        and ad["StartDate"][:10] <= polling_day
        and (ad["EndDate"] or "9999")[:10] >= eve
    ]
    assert len(running) >= 2


def test_the_bundle_states_one_amount_in_twenty_currencies(day_1: str) -> None:
    text = read_member(get(day_1, BUNDLE), "google-political-ads-advertiser-stats.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(name.startswith("Spend_") for name in rows[0]) == 20
    assert any(row["Spend_USD"] == "0" and row["Spend_INR"] != "0" for row in rows)


def test_the_bundle_has_open_ended_ranges(day_1: str) -> None:
    text = read_member(get(day_1, BUNDLE), "google-political-ads-creative-stats.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert any(row["Spend_Range_Min_USD"] and not row["Spend_Range_Max_USD"] for row in rows)
    assert {"≤ 10k", "> 10M"} <= {row["Impressions"] for row in rows}


def test_fec_rows_end_in_a_bar_and_refer_back(day_1: str) -> None:
    text = read_member(get(day_1, f"{FEC}/oppexp20.zip"), "oppexp.txt")
    rows = [line.split("|") for line in text.splitlines()]
    transactions = {row[23] for row in rows}
    memos = [row for row in rows if row[18] == "X"]
    assert {len(row) for row in rows} == {26}
    assert all(row[24] in transactions for row in memos)
    assert {row[1] for row in rows} == {"N", "A", "T"}
    assert any(float(row[13]) < 0 for row in rows)


@pytest.mark.parametrize(("name", "columns"), [("cm", 15), ("cn", 15), ("ccl", 7)])
def test_fec_lists_have_their_columns(day_1: str, name: str, columns: int) -> None:
    text = read_member(get(day_1, f"{FEC}/{name}20.zip"), f"{name}.txt")
    assert {line.count("|") + 1 for line in text.splitlines()} == {columns}


def test_every_address_in_the_fixtures_is_an_example() -> None:
    texts = [path.read_text("latin-1") for path in FIXTURES.rglob("*") if path.is_file()]
    hosts = {host for text in texts for host in re.findall(r"https?://([\w.-]+)", text)}
    assert hosts
    assert {host for host in hosts if not host.endswith(".example")} == set()
