"""What advertisers spent, as Google's bundle tells it: weeks, regions, totals, and columns that change."""

from datetime import date
from pathlib import Path

import pytest

from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    Grain,
)
from archive.store.database import read
from scrapers.readers.reading import Reading
from scrapers.replica.fixtures import FIXTURES, publish_day
from tests.scrapers.crawls import Home
from tests.scrapers.samples import (
    import_paths,
    read_all,
    records,
    refusal,
    refusals,
)

SOURCE = "google_political_ads"
WEEKLY_HEADER = "Advertiser_ID,Advertiser_Name,Week_Start_Date,Spend_USD,Spend_EUR"
WEEK = "AR1,Harbour Party,2026-01-04,100,50"


def read_weeks(*rows: str, header: str = WEEKLY_HEADER) -> list[object]:
    return list(read_all(SOURCE, "weekly.csv", "\n".join([header, *rows]) + "\n"))


def read_regions(*rows: str) -> list[Reading]:
    header = "Advertiser_ID,Advertiser_Name,Country,Country_Subdivision_Primary,Spend_USD"
    name = "google-political-ads-advertiser-geo-spend.csv"
    return read_all(SOURCE, name, "\n".join([header, *rows]) + "\n")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The replica's bundle before and after currencies changed, by its day."""
    folder = tmp_path_factory.mktemp("days")
    for day in (2, 3):
        publish_day(FIXTURES, day, folder / str(day))
    name = "google-political-ads-transparency-bundle.zip"
    return {day: folder / str(day) / SOURCE / name for day in (2, 3)}


def currencies_by_kind(bundle: Path) -> dict[str, set[str]]:
    """The currencies that any row of a kind gives an amount in."""
    found: dict[str, set[str]] = {}
    for row in records(read_all(SOURCE, bundle.name, bundle.read_bytes())):
        if isinstance(row, AdRecord | AdvertiserSpendRecord):
            kind = "ad" if isinstance(row, AdRecord) else row.grain.value
            found.setdefault(kind, set()).update(row.spend_conversions)
    return found


def test_a_week_runs_from_its_first_day_to_the_sixth_after_it() -> None:
    (week,) = read_weeks(WEEK)
    assert isinstance(week, AdvertiserSpendRecord)
    assert week.grain == Grain.WEEK
    assert (week.period_start_on, week.period_end_on) == (date(2026, 1, 4), date(2026, 1, 10))
    assert (week.currency, week.spend_lower_minor) == ("USD", 100_00)
    assert week.spend_conversions == {"USD": [100_00, 100_00], "EUR": [50_00, 50_00]}


def test_registrations_are_parted_at_the_ids_only() -> None:
    header = "Advertiser_ID,Advertiser_Name,Public_IDs_List,Total_Creatives,Total_Spend_USD"
    row = 'AR1,Harbour Party,"FEC ID PO Box 1, Lampton, EIN ID 00-1",3,300'
    (total,) = records(read_all(SOURCE, "stats.csv", f"{header}\n{row}\n"))
    assert isinstance(total, AdvertiserSpendRecord)
    assert total.registration_refs == ["FEC ID PO Box 1, Lampton", "EIN ID 00-1"]
    assert (total.grain, total.spend_lower_minor, total.ads_count) == (Grain.LIFETIME, 300_00, 3)


def test_what_was_spent_in_a_region_is_a_part_of_a_whole_life_and_has_a_series_of_its_own() -> None:
    arizona, georgia = read_regions(
        "AR1,Harbour Party,US,US-AZ,100", "AR1,Harbour Party,US,US-GA,50"
    )
    assert isinstance(arizona, AdvertiserSpendRecord)
    assert isinstance(georgia, AdvertiserSpendRecord)
    assert (arizona.grain, arizona.countries) == (Grain.REGION, ["US", "US-AZ"])
    assert (arizona.currency, arizona.spend_lower_minor) == ("USD", 100_00)
    assert arizona.dataset != georgia.dataset


def test_spend_in_a_country_that_is_not_split_names_no_region() -> None:
    (whole,) = read_regions("AR1,Harbour Party,US,,100")
    assert isinstance(whole, AdvertiserSpendRecord)
    assert (whole.grain, whole.countries) == (Grain.REGION, ["US"])


@pytest.mark.parametrize(
    ("place", "field", "why"),
    [
        ("US,Arizona", "country_subdivision_primary", "is no code of a region"),
        ("US,US-AZ|x", "country_subdivision_primary", "is no code of a region"),
        ("US,CA-ON", "country_subdivision_primary", "CA-ON lies not in US"),
        (",US-AZ", "country", "is blank"),
    ],
)
def test_a_place_in_doubt_holds_its_row(place: str, field: str, why: str) -> None:
    held = refusal(read_regions(f"AR1,Harbour Party,{place},100"))
    assert held.field == field
    assert why in held.reason


def test_a_currency_that_comes_or_goes_is_unknown_where_it_is_not_and_never_zero(
    bundles: dict[int, Path],
) -> None:
    before, after = (currencies_by_kind(bundle) for bundle in bundles.values())
    assert before.keys() == after.keys() == {"ad", "lifetime", "region", "week"}
    for kind, currencies in after.items():
        assert currencies - before[kind] == {"CAD"}
        assert before[kind] - currencies == {"BGN"}


def test_a_day_of_other_currencies_corrects_only_the_amount_that_changed(
    home: Home, bundles: dict[int, Path]
) -> None:
    for day, bundle in bundles.items():
        report = import_paths(home, SOURCE, bundle, observed_on=date(2026, 11, 20 + day))
        assert (report.outcome, home.count("quarantined")) == ("done", 0)
    with read(home.engine) as session:
        (fallen,) = list_corrections(session, CorrectionFilter()).items
    amounts = [side["spend_lower_minor"] for side in (fallen.before, fallen.after)]
    assert amounts == [71_900_00, 70_100_00]
    assert fallen.figure.endswith("its whole life in one region, in advertiser_geo_spend_US-GA")


def test_a_currency_that_google_adds_is_kept_without_a_question() -> None:
    (week,) = read_weeks(f"{WEEK},900", header=f"{WEEKLY_HEADER},Spend_MXN")
    assert isinstance(week, AdvertiserSpendRecord)
    assert week.spend_conversions["MXN"] == [900_00, 900_00]


def test_a_column_we_do_not_know_is_shown_once_and_its_cells_are_kept() -> None:
    readings = read_all(
        SOURCE, "weekly.csv", f"{WEEKLY_HEADER},Spend_XYZ,Mood\n{WEEK},1,glad\n{WEEK},1,glad\n"
    )
    assert [held.field for held in refusals(readings)] == ["spend_xyz", "mood"]
    assert [r.source_fields for r in records(readings)] == [{"spend_xyz": "1", "mood": "glad"}] * 2


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (WEEKLY_HEADER.replace("Spend_USD", "Spend_US_Dollars"), "spend_usd is missing"),
        (WEEKLY_HEADER.replace("Week_Start_Date,", ""), "week_start_date is missing"),
        (WEEKLY_HEADER.replace("Spend_EUR", "Spend_USD"), "spend_usd stands there twice"),
        (WEEKLY_HEADER.replace("Spend_EUR", "Spend\x1b[31m"), "spend\\x1b[31m is not plain"),
    ],
)
def test_a_table_whose_columns_are_in_doubt_is_held_whole(header: str, why: str) -> None:
    held = refusal(read_all(SOURCE, "weekly.csv", f"{header}\n{WEEK}\n"))
    assert held.line == 1
    assert why in held.reason
