import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from archive.models import AdvertiserSpend
from archive.records import AdvertiserSpendRecord, Grain
from archive.spending import SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read
from scrapers.readers.reading import NotRead
from scrapers.replica.serve import running_replica
from tests.scrapers.crawls import Home
from tests.scrapers.samples import (
    SAMPLES,
    import_paths,
    needs_samples,
    pack,
    read_all,
    read_sample,
    records,
    refusal,
    refusals,
)

SOURCE = "meta_ad_library_report"
FOLDER = "meta-ad-library-report"
STEM = "FacebookAdLibraryReport_2026-11-20_BE"
NAME = f"{STEM}_last_30_days_advertisers.csv"
HEADER = "Page ID,Page name,Disclaimer,Amount spent (EUR),Number of ads in Library"
PAGE = '900000000001,"Seeblick, heute",Verlag Seeblick,1250,7'


def read_lines(*lines: str, name: str = NAME, header: str = HEADER) -> list[AdvertiserSpendRecord]:
    found = records(read_all(SOURCE, name, "\ufeff" + "\n".join((header, *lines))))
    return [record for record in found if isinstance(record, AdvertiserSpendRecord)]


def test_a_page_has_its_amount_for_the_window_that_the_files_name_tells() -> None:
    (page,) = read_lines(PAGE)
    assert (page.advertiser_ref, page.advertiser_name) == ("900000000001", "Seeblick, heute")
    assert (page.currency, page.spend_lower_minor, page.spend_upper_minor) == (
        "EUR",
        1250_00,
        1250_00,
    )
    assert (page.grain, page.countries, page.ads_count) == (Grain.WINDOW, ["BE"], 7)
    assert (page.period_start_on, page.period_end_on) == (date(2026, 10, 22), date(2026, 11, 20))
    assert page.day_zone == "America/Los_Angeles"
    assert page.source_fields == {"disclaimer": "Verlag Seeblick"}


@pytest.mark.parametrize(
    ("preset", "grain", "start_on"),
    [
        ("yesterday", Grain.DAY, date(2026, 11, 20)),
        ("last_7_days", Grain.WINDOW, date(2026, 11, 14)),
        ("last_90_days", Grain.WINDOW, date(2026, 8, 23)),
        ("lifelong", Grain.LIFETIME, None),
    ],
)
def test_each_window_has_its_days(preset: str, grain: Grain, start_on: date | None) -> None:
    (page,) = read_lines(PAGE, name=f"{STEM}_{preset}_advertisers.csv")
    assert (page.grain, page.period_start_on, page.dataset) == (grain, start_on, f"BE_{preset}")


def test_up_to_a_hundred_is_a_range_from_nothing() -> None:
    (page,) = read_lines("900000000001,Seeblick,,≤100,1")
    assert (page.spend_lower_minor, page.spend_upper_minor) == (0, 100_00)


def test_files_of_2018_have_neither_ids_nor_a_currency_and_cover_a_week() -> None:
    (page,) = read_lines(
        "Both Ears Campaign,Both Ears Committee,5208,174",
        name="FacebookAdArchiveReportUS2018-12-29ThisWeekSpending.csv",
        header="Page Name,Disclaimer,Amount Spent,Number of Ads in Archive",
    )
    assert (page.advertiser_ref, page.advertiser_name) == (None, "Both Ears Campaign")
    assert (page.currency, page.spend_upper_minor, page.ads_count) == ("USD", 5208_00, 174)
    assert (page.grain, page.period_start_on) == (Grain.WEEK, date(2018, 12, 23))
    assert page.missing["advertiser_ref"] == "not_provided"


def test_a_file_of_2018_about_another_country_is_given_no_currency() -> None:
    (page,) = read_lines(
        "Both Ears Campaign,Both Ears Committee,5208,174",
        name="FacebookAdArchiveReportGB2018-12-29ThisWeekSpending.csv",
        header="Page Name,Disclaimer,Amount Spent,Number of Ads in Archive",
    )
    assert (page.currency, page.missing["currency"]) == (None, "not_disclosed")


def test_files_of_2020_have_the_same_columns_in_title_case() -> None:
    header = "Page ID,Page Name,Disclaimer,Amount Spent (EUR),Number of Ads in Library"
    assert read_lines(PAGE, header=header) == read_lines(PAGE)


def test_accounts_without_a_page_are_not_one_advertiser() -> None:
    pages = read_lines("0,Instagram User 1,,≤100,1", "0,Instagram User 2,,≤100,1")
    assert [page.advertiser_ref for page in pages] == [None, None]
    assert [page.advertiser_name for page in pages] == ["Instagram User 1", "Instagram User 2"]


def test_a_page_without_a_name_keeps_its_id() -> None:
    (page,) = read_lines("900000000003,,These ads ran without a disclaimer,≤100,3")
    assert (page.advertiser_ref, page.missing["advertiser_name"]) == (
        "900000000003",
        "not_disclosed",
    )


def test_the_lines_of_one_page_and_payer_make_one_statement_whatever_their_order() -> None:
    lines = [PAGE, "900000000001,Seeblick,,≤100,2", "900000000001,Seeblick,Verlag Seeblick,30,1"]
    blank, page = read_lines(*lines)
    assert (page.payer_name, page.spend_lower_minor, page.ads_count) == (
        "Verlag Seeblick",
        1280_00,
        8,
    )
    assert (blank.payer_name, blank.spend_upper_minor, blank.ads_count) == (None, 100_00, 2)
    kept = json.loads(page.source_fields["lines"])
    assert [line["disclaimer"] for line in kept] == ["Verlag Seeblick", "Verlag Seeblick"]
    assert read_lines(*reversed(lines)) == [blank, page]


@pytest.mark.parametrize("words", ["", " ", "These ads ran without a disclaimer"])
def test_a_disclaimer_that_names_nobody_is_no_payer(words: str) -> None:
    (page,) = read_lines(f"900000000001,Seeblick,{words},30,1")
    assert (page.payer_name, page.missing["payer_name"]) == (None, "not_disclosed")


def test_payers_that_are_shown_alike_are_one() -> None:
    lines = [f'1,Harbour,"Harbour Trust, {n} High Street, Town AB1 2CD",500,3' for n in (12, 13)]
    (page,) = read_lines(*lines)
    assert page.spend_lower_minor == 1000_00


def test_statements_of_one_page_stay_apart_by_payer_and_answer_by_payer(
    home: Home, tmp_path: Path
) -> None:
    lines = [PAGE, "900000000001,Seeblick,Verein,30,1", "900000000001,Seeblick,,≤100,2"]
    (tmp_path / NAME).write_text("\n".join((HEADER, *lines)))
    report = import_paths(home, SOURCE, tmp_path)
    assert (report.counts.new, report.counts.changed) == (3, 0)
    days = {"from_on": date(2026, 10, 22), "to_on": date(2026, 11, 20)}
    with read(home.engine) as session:
        asked = SpendQuery(measure=SpendMeasure.REPORTED, by=SpendBy.PAYER, **days)
        groups = summarise_spending(session, asked).groups
        named = summarise_spending(session, replace(asked, by=None, payer=("Verein",))).groups
    assert [(g.key, g.lower_minor, g.upper_minor) for g in groups] == [
        ("Verlag Seeblick", 1250_00, 1250_00),
        ("Verein", 30_00, 30_00),
        ("unknown:not_disclosed", 0, 100_00),
    ]
    assert [(g.lower_minor, g.ads) for g in named] == [(30_00, 1)]


def test_a_payer_that_the_page_no_longer_names_is_withdrawn_and_not_counted_beside_the_new_name(
    home: Home, tmp_path: Path
) -> None:
    name = f"{STEM}_lifelong_advertisers.csv"
    for day, payer in ((1, "Verlag"), (2, "Verlag Seeblick")):
        (tmp_path / str(day)).mkdir()
        lines = [
            f"1,Seeblick,{payer},{500 + day},3",
            "1,Seeblick,Verein,30,1",
            "2,Other,Verlag,9,1",
        ]
        (tmp_path / str(day) / name).write_text("\n".join((HEADER, *lines)))
        import_paths(home, SOURCE, tmp_path / str(day), observed_on=date(2026, 11, 20 + day))
    with read(home.engine) as session:
        asked = SpendQuery(measure=SpendMeasure.REPORTED, by=SpendBy.ADVERTISER)
        groups = summarise_spending(session, asked).groups
        gone = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.is_withdrawn)).all()
    assert [group.lower_minor for group in groups] == [532_00, 9_00]
    assert [(one.payer_name, one.advertiser_ref) for one in gone] == [("Verlag", "1")]


def test_a_page_and_payer_of_which_one_line_cannot_be_read_have_no_sum() -> None:
    other = "900000000001,Seeblick,,30,1"
    text = "\n".join((HEADER, PAGE, other, "900000000001,Seeblick,Verlag Seeblick,some,2"))
    readings = read_all(SOURCE, NAME, text)
    assert [record.payer_name for record in records(readings)] == [None]
    assert [piece.field for piece in refusals(readings)] == ["amount spent (eur)", "page name"]


def test_a_mark_before_a_line_in_the_middle_belongs_to_no_id() -> None:
    (page,) = read_lines(f"\ufeff{PAGE}")
    assert page.advertiser_ref == "900000000001"


def test_regions_and_places_are_not_read_and_said_so() -> None:
    zipped = pack(
        {
            NAME: f"{HEADER}\n{PAGE}",
            f"{STEM}_last_30_days_locations.csv": "Location name,Amount spent (EUR)\nKüste,9",
            f"regions/{STEM}_last_30_days_Küste.csv": "Page ID,Page name,Disclaimer,Amount spent (EUR)",
        }
    )
    readings = read_all(SOURCE, f"{STEM}_last_30_days.zip", zipped)
    assert len(records(readings)) == 1
    assert sum(isinstance(reading, NotRead) for reading in readings) == 2
    assert refusals(readings) == []


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("report.csv", f"{HEADER}\n{PAGE}", "only the name"),
        (f"{STEM}_tomorrow_advertisers.csv", f"{HEADER}\n{PAGE}", "only the name"),
        (NAME.replace("11-20", "02-31"), f"{HEADER}\n{PAGE}", "the day"),
        (NAME, "<!doctype html><p>Log in", "an HTML page"),
        (NAME, f"Page ID,{HEADER.split(',', 1)[1]},Mood\n{PAGE},glad", "do not know"),
        (NAME, f"{HEADER}\n{PAGE.replace('1250', '-1')}", "negative"),
        (NAME, f"{HEADER.replace('EUR', 'EYR')}\n{PAGE}", "EYR"),
    ],
)
def test_what_cannot_be_read_is_held_with_the_reason(name: str, text: str, why: str) -> None:
    assert why in refusal(read_all(SOURCE, name, text)).reason


def test_a_listed_file_is_fetched_and_what_changed_in_it_is_told_apart(home: Home) -> None:
    name = "FacebookAdLibraryReport_2026-11-20_US_last_30_days.zip"
    with running_replica(day=1) as url:
        first = home.crawl(url, SOURCE, name)
    with running_replica(day=2) as url:
        second = home.crawl(url, SOURCE, name)
    assert (first.outcome, first.new, first.quarantined) == ("done", 5, 0)
    assert (second.outcome, second.changed, second.unchanged) == ("done", 1, 4)


def test_lf_and_crlf_twins_add_nothing(home: Home, tmp_path: Path) -> None:
    again = PAGE.replace("1250", "5")
    text = "\n".join((HEADER, PAGE, again, "900000000002,See,,9,1"))
    for folder, ending in (("lf", "\n"), ("crlf", "\r\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / NAME).write_bytes(text.replace("\n", ending).encode())
    assert import_paths(home, SOURCE, tmp_path / "lf").counts.new == 2
    report = import_paths(home, SOURCE, tmp_path / "crlf")
    assert (report.counts.changed, report.counts.unchanged) == (0, 2)
    assert home.count("advertiser_spend") == 2


@needs_samples
@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("2018-12-US/FacebookAdArchiveReportUS2018-12-29ThisWeekSpending.csv", 6_167),
        (
            "2023-05-GR-daily/FacebookAdLibraryReport_2023-05-16_GR_last_30_days_advertisers.csv",
            1_907,
        ),
        ("2023-06-US/FacebookAdLibraryReport_2023-06-01_US_yesterday.zip", 3_174),
        ("2025-07/FacebookAdLibraryReport_2025-07-12_BE_last_30_days_advertisers.csv", 1_036),
        ("2025-07/2025-07-14.zip", 66),
    ],
)
def test_real_files_of_every_generation_are_read_without_a_remainder(
    path: str, statements: int
) -> None:
    readings = read_sample(SOURCE, f"{FOLDER}/{path}")
    assert refusals(readings) == []
    assert len(records(readings)) == statements


@needs_samples
def test_real_files_imported_again_in_another_order_change_nothing(home: Home) -> None:
    paths = sorted((SAMPLES / FOLDER / "2023-05-GR-daily").iterdir())
    first = import_paths(home, SOURCE, *paths)
    again = import_paths(home, SOURCE, *reversed(paths), observed_on=date(2026, 12, 1))
    assert (first.outcome, first.counts.changed) == ("done", 0)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (
        0,
        0,
        first.counts.new,
    )
    with read(home.engine) as session:
        kept = session.exec(select(AdvertiserSpend.series)).all()
    assert len(kept) == len(set(kept)) == first.counts.new


@pytest.mark.parametrize("mark", [" (1)", "(12)", " - Copy", " copy 2"])
def test_a_file_downloaded_a_second_time_is_read_as_what_it_is(mark: str) -> None:
    name = NAME.replace(".csv", f"{mark}.csv")
    assert read_lines("1,Harbour,Harbour,500,3", name=name) == read_lines("1,Harbour,Harbour,500,3")


def test_a_page_id_that_a_spreadsheet_rounded_holds_its_line_alone() -> None:
    lines = f"{HEADER}\n9E+11,Both,Both,18250,41\n900000000002,Clear,Clear,150,12\n"
    readings = read_all(SOURCE, NAME, lines)
    assert [record.advertiser_ref for record in records(readings)] == ["900000000002"]
    assert [(held.line, held.field) for held in refusals(readings)] == [(2, "page id")]
