from datetime import UTC, date, datetime
from itertools import permutations

import pytest

from archive.records import AdRecord
from scrapers.spiders.snap import COLUMNS, SnapSpider
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

SOURCE = "snap"
YEARS = ("2018", "2023-02", "2023-05")

VALUES = dict.fromkeys(sorted(COLUMNS.expected), "") | {
    "ADID": "ad1",
    "CreativeUrl": "https://media.example/1",
    "Currency Code": "EUR",
    "Spend": "1200",
    "Impressions": "34567",
    "StartDate": "2026/01/02 23:30:00Z",
    "EndDate": "",
    "OrganizationName": "Tide Agency",
    "BillingAddress": "1 Invented Quay",
    "PayingAdvertiserName": "Harbour Party",
    "CommitteeName": "N/A",
    "CommitteeIdentificationNumber": "HP-1, HP-2",
    "CountryCode": "finland",
    "CreativeProperties": "web_view_url:https://harbour.example/climate?a=1,b",
    "AgeBracket": "18+",
    "Regions (Excluded)": "Lampton, Examplia",
}


def write_file(**changes: str) -> str:
    values = {name: changes.get(name, value) for name, value in VALUES.items()}
    cells = ",".join('"{}"'.format(value.replace('"', '""')) for value in values.values())
    return f"{','.join(values)}\n{cells}\n"


def read_ad(**changes: str) -> AdRecord:
    (ad,) = records(read_all(SOURCE, "PoliticalAds.csv", write_file(**changes)))
    assert isinstance(ad, AdRecord)
    return ad


def test_an_ad_has_exact_amounts_in_its_own_currency() -> None:
    ad = read_ad()
    assert (ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) == ("EUR", 1200_00, 1200_00)
    assert (ad.impressions_lower, ad.impressions_upper) == (34_567, 34_567)


def test_an_ad_without_end_is_still_running() -> None:
    ad = read_ad()
    assert ad.started_at == datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
    assert (ad.started_on, ad.ended_on) == (date(2026, 1, 2), None)
    assert ad.missing["ended_on"] == "not_disclosed"


def test_who_runs_it_who_pays_and_who_stands_behind_it_are_kept_apart() -> None:
    ad = read_ad()
    assert (ad.advertiser_name, ad.payer_name) == ("Tide Agency", "Harbour Party")
    assert ad.missing["sponsor_name"] == "not_disclosed"
    assert ad.registration_refs == ["HP-1", "HP-2"]


def test_a_word_for_none_is_no_election() -> None:
    assert read_ad(CandidateBallotInformation="Harbour Measure 2").election_name
    for word in ("NA", "na", "N/A"):
        ad = read_ad(CandidateBallotInformation=word)
        assert (ad.election_name, ad.missing["election_name"]) == (None, "not_disclosed")


def test_a_landing_address_keeps_its_commas() -> None:
    assert read_ad().landing_urls == ["https://harbour.example/climate?a=1,b"]


def test_targeting_keeps_the_words_and_says_what_was_excluded() -> None:
    assert read_ad().targeting == [
        {"dimension": "age", "mode": "include", "text": "18+"},
        {"dimension": "region", "mode": "exclude", "text": "Lampton, Examplia"},
    ]


def test_the_billing_address_is_not_taken() -> None:
    assert "Invented Quay" not in read_ad().model_dump_json()


def test_markup_is_kept_as_text() -> None:
    assert read_ad(OrganizationName="<b>Tide</b>").advertiser_name == "<b>Tide</b>"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Spend", "-1"),
        ("Spend", "1200.505"),
        ("Spend", "999999999999"),
        ("Impressions", "1.5"),
        ("Currency Code", "EURO"),
        ("ADID", "1.70585E+15"),
        ("StartDate", "2026-01-02"),
        ("CountryCode", "Examplia"),
        ("CreativeUrl", "javascript://alert(1)"),
    ],
)
def test_a_value_that_cannot_be_true_holds_its_row(field: str, value: str) -> None:
    held = refusal(read_all(SOURCE, "PoliticalAds.csv", write_file(**{field: value})))
    assert (held.line, held.field) == (2, "Spend" if field == "Currency Code" else field)
    assert held.raw


def test_an_ad_that_ends_before_it_starts_is_kept_with_both_dates_as_stated() -> None:
    [ad] = records(read_all(SOURCE, "PoliticalAds.csv", write_file(EndDate="2025/01/01 00:00:00Z")))
    assert ad.ended_at < ad.started_at


def test_a_column_that_every_file_had_is_missed_by_name_and_the_rows_are_read() -> None:
    text = write_file().replace("AgeBracket", "Ages")

    readings = read_all(SOURCE, "PoliticalAds.csv", text)

    assert len(records(readings)) == 1
    held = {piece.field: piece.reason for piece in refusals(readings)}
    assert held.keys() == {"AgeBracket", "Ages"}
    assert "is missing" in held["AgeBracket"]


def test_the_committee_columns_of_later_years_may_be_absent() -> None:
    without = {name: value for name, value in VALUES.items() if name not in COLUMNS.optional}
    text = "{}\n{}\n".format(",".join(without), ",".join(f'"{v}"' for v in without.values()))

    readings = read_all(SOURCE, "PoliticalAds.csv", text)

    assert refusals(readings) == []
    assert records(readings)[0].missing["sponsor_name"] == "not_provided"


def test_the_zip_of_a_year_is_read_without_its_readme() -> None:
    readings = read_all(
        SOURCE, "PoliticalAds.zip", pack({"readme.txt": "x", "PoliticalAds.csv": write_file()})
    )
    assert len(records(readings)) == 1
    assert refusals(readings) == []


def test_a_zip_with_nothing_but_a_readme_is_a_piece_that_could_not_be_read() -> None:
    readings = read_all(SOURCE, "PoliticalAds.zip", pack({"readme.txt": "x"}))
    assert records(readings) == []
    assert [piece.reason for piece in refusals(readings)] == [
        "there is nothing in it but descriptions"
    ]


def test_every_year_since_2018_is_crawled(home: Home) -> None:
    years = SnapSpider.list_partitions(home.settings, date(2026, 11, 23))
    assert (years[0], years[-1], len(years)) == ("2026", "2018", 9)


@needs_samples
@pytest.mark.parametrize(("year", "ads"), [("2018", 659), ("2023-02", 296), ("2023-05", 1_141)])
def test_real_years_are_read_without_a_remainder(year: str, ads: int) -> None:
    name = "PoliticalAds2018.csv" if year == "2018" else "PoliticalAds.csv"
    readings = read_sample(SOURCE, f"snap-political-ads/{year}/{name}")
    assert len(records(readings)) == len(readings) == ads


@needs_samples
def test_real_years_give_every_version_once_and_importing_them_again_changes_nothing(
    home: Home,
) -> None:
    counted = ("ads", "ad_versions", "ad_metrics", "vanished", "quarantined")
    for year in YEARS:
        import_paths(home, SOURCE, SAMPLES / "snap-political-ads" / year)
    assert [home.count(what) for what in counted] == [1_800, 1_816, 1_894, 0, 0]
    for order in permutations(YEARS):
        import_paths(home, SOURCE, *(SAMPLES / "snap-political-ads" / year for year in order))
    assert [home.count(what) for what in counted] == [1_800, 1_816, 1_894, 0, 0]
