"""In which currency Google states an amount: the whole file tells, never one row."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import AdRecord, AdvertiserSpendRecord
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import AdRow
from scrapers.sources.spider import read_delivery
from scrapers.spiders import find_spiders
from scrapers.spiders.google_political_ads.currencies import find_local_currency
from tests.scrapers.samples import needs_samples, read_all, read_sample, records, refusals

SOURCE = "google_political_ads"
TOTALS = "Advertiser_ID,Advertiser_Name,Public_IDs_List,Regions,Elections,Total_Creatives"
WEEKS = "Advertiser_ID,Advertiser_Name,Election_Cycle,Week_Start_Date"
ADS = (
    "Ad_ID,Ad_URL,Ad_Type,Regions,Advertiser_ID,Advertiser_Name,Ad_Campaigns_List,Date_Range_Start,"
    "Date_Range_End,Num_of_Days,Impressions,Spend_USD"
)
TWELVE = ["USD", "EUR", "INR", "BGN", "HRK", "CZK", "DKK", "HUF", "PLN", "RON", "SEK", "GBP"]
LOWEST = {"USD": 100, "EUR": 50, "INR": 250, "GBP": 50, "BRL": 500, "SEK": 750}
MODERN = ["USD", "EUR", "INR", "GBP", "BRL", "SEK"]


def read_totals(currencies, *rows):
    """Each row: its regions, and its amounts by currency; those not named are 0."""
    header = ",".join([TOTALS, *(f"Spend_{code}" for code in currencies)])
    lines = [
        f'AR{n},Harbour Party {n},,"{regions}",,7,'
        + ",".join(str(amounts.get(code, 0)) for code in currencies)
        for n, (regions, amounts) in enumerate(rows)
    ]
    return records(read_all(SOURCE, "advertiser-stats.csv", "\n".join([header, *lines]) + "\n"))


def read_weeks(currencies, *amounts):
    header = ",".join([WEEKS, *(f"Spend_{code}" for code in currencies)])
    lines = [
        f"AR{n},Harbour Party,,2025-03-02,"
        + ",".join(str(of_row.get(code, 0)) for code in currencies)
        for n, of_row in enumerate(amounts)
    ]
    return records(read_all(SOURCE, "weekly-spend.csv", "\n".join([header, *lines]) + "\n"))


def spell_ads(*rows, currencies=MODERN):
    """Each row: its regions, and its buckets by currency; the others are at their lowest."""
    header = ",".join([ADS, *(f"Spend_Range_{e}_{c}" for c in currencies for e in ("Min", "Max"))])
    lines = [
        f'CR{n},https://x.example/CR{n},Text,"{regions}",AR1,Harbour Party,,2025-01-01,2025-01-05,5,'
        "≤ 10k,," + ",".join(f"{low},{high}" for c in currencies for low, high in [of(buckets, c)])
        for n, (regions, buckets) in enumerate(rows)
    ]
    return "\n".join([header, *lines]) + "\n"


def of(buckets, code):
    return buckets.get(code, (0, LOWEST[code]))


def read_ads(*rows, **more):
    return records(read_all(SOURCE, "creative-stats.csv", spell_ads(*rows, **more)))


def tell(record):
    assert isinstance(record, AdRecord | AdvertiserSpendRecord)
    ends = [record.spend_lower_minor, record.spend_upper_minor]
    return (record.currency, *(None if end is None else end / 100 for end in ends))


def test_an_amount_is_stated_in_the_currency_that_its_row_fills():
    (total,) = read_totals(["USD", "BRL"], ("BR", {"BRL": 6000}))

    assert tell(total) == ("BRL", 6000, 6000)
    assert total.is_rounded
    assert total.rounded_to_minor is None
    assert total.spend_conversions == {"BRL": [600_000, 600_000]}


def test_a_week_is_stated_in_the_currency_that_it_fills_where_it_names_no_region():
    (week,) = read_weeks(["USD", "AUD", "EUR"], {"AUD": 150})
    assert tell(week) == ("AUD", 150, 150)


def test_an_ad_is_stated_in_the_currency_whose_bucket_is_not_the_lowest():
    (ad,) = read_ads(("IN", {"INR": (900_000, 1_000_000)}))
    assert tell(ad) == ("INR", 900_000, 1_000_000)


def test_an_ad_at_the_lowest_bucket_of_every_currency_is_stated_in_its_regions():
    read = read_ads(("GB", {}), ("EU, SE", {}), ("EU, FI", {}), ("EU, BG", {}), ("US", {}))
    assert [tell(ad) for ad in read] == [
        ("GBP", 0, 50),
        ("SEK", 0, 750),
        ("EUR", 0, 50),
        ("EUR", 0, 50),
        ("USD", 0, 100),
    ]


@pytest.mark.parametrize("regions", ["CA", "", "FI, SE", "US, GB"])
def test_without_a_filled_column_and_a_region_that_has_one_no_currency_is_assumed(regions):
    (ad,) = read_ads((regions, {}))
    (total,) = read_totals(MODERN, (regions, {}))

    assert tell(ad) == (None, 0, None)
    assert tell(total) == (None, 0, 0)
    assert ad.spend_conversions == total.spend_conversions == {}


def test_in_a_file_with_kuna_every_amount_is_of_dollars():
    week, other = read_weeks(TWELVE, {"INR": 3500}, dict.fromkeys(TWELVE, 7500))

    assert tell(week) == ("USD", 0, 0)
    assert week.rounded_to_minor == 100_00
    assert week.spend_conversions["INR"] == [350_000, 350_000]
    assert tell(other) == ("USD", 7500, 7500)


def test_one_row_that_fills_every_column_means_dollars_in_the_whole_file():
    currencies = ["USD", "AUD", "EUR"]
    before, full, after = read_weeks(
        currencies, {"AUD": 150}, {"USD": 200, "AUD": 250, "EUR": 150}, {"EUR": 50}
    )
    assert [tell(week) for week in (before, full, after)] == [
        ("USD", 0, 0),
        ("USD", 200, 200),
        ("USD", 0, 0),
    ]


def test_a_file_with_one_column_is_of_dollars():
    (week,) = read_weeks(["USD"], {})
    assert tell(week) == ("USD", 0, 0)


def test_of_several_filled_columns_the_one_most_steps_above_its_lowest_is_stated():
    several = read_totals(
        ["USD", "EUR", "INR", "BRL"],
        ("IN", {"USD": 100, "INR": 10_000}),
        ("BR", {"BRL": 500}),
        ("BR", {"BRL": 9000, "USD": 200}),
    )
    assert [tell(total)[0] for total in several] == ["INR", "BRL", "BRL"]


def test_of_several_filled_columns_the_one_most_buckets_above_its_lowest_is_stated():
    read = read_ads(
        ("IN", {"INR": (2500, 125_000), "USD": (100, 1000)}),
        ("IN", {"INR": (250, 2500)}),
        ("US", {"USD": (1000, 50_000), "INR": (250, 2500)}),
    )
    assert [tell(ad) for ad in read] == [
        ("INR", 2500, 125_000),
        ("INR", 250, 2500),
        ("USD", 1000, 50_000),
    ]


def test_where_columns_stand_equally_high_the_region_decides_or_nobody_can_tell():
    filled = {"USD": 100, "EUR": 50}
    local, unknown = read_totals(["USD", "EUR", "INR"], ("EU, FI", filled), ("IN", filled))

    assert tell(local) == ("EUR", 50, 50)
    assert tell(unknown) == (None, None, None)
    assert unknown.spend_conversions == {"USD": [10_000, 10_000], "EUR": [5_000, 5_000]}


def test_a_blank_cell_of_another_currency_is_no_reason_to_refuse_a_row():
    (total,) = read_totals(["USD", "BRL"], ("BR", {"USD": "", "BRL": 6000}))
    assert tell(total) == ("BRL", 6000, 6000)


def test_in_a_file_of_dollars_a_blank_amount_of_dollars_is_refused():
    header = ",".join([WEEKS, "Spend_USD,Spend_HRK"])
    read = read_all(SOURCE, "weekly.csv", f"{header}\nAR1,Harbour Party,,2019-03-03,,100\n")
    assert [piece.field for piece in refusals(read)] == ["spend_usd"]


def test_a_member_of_the_union_without_a_column_of_its_own_pays_in_euros():
    assert find_local_currency(["EU", "SE"], ["USD", "EUR"]) == "EUR"
    assert find_local_currency(["HR"], ["USD", "EUR"]) == "EUR"
    assert find_local_currency(["IN"], ["USD", "EUR"]) is None


@given(st.integers(1, 4000), st.sampled_from(MODERN))
def test_a_row_that_fills_one_column_is_never_of_another(steps, code):
    row, full = ({code: steps * 50}), dict.fromkeys(MODERN[1:], 50)
    (alone,) = read_totals(MODERN, ("CA", row))
    beside, _ = read_totals(MODERN, ("CA", row), ("CA", full))

    assert tell(alone) == tell(beside) == (code, steps * 50, steps * 50)


def test_a_row_has_another_hash_in_a_file_of_the_other_kind():
    row, full = ("IN", {"INR": (250, 2500)}), dict.fromkeys(MODERN, (1, 2))
    spider = find_spiders()[SOURCE]
    hashes = []
    for rows in ([row], [row, ("US", full)]):
        file = SourceFile.from_bytes("creative-stats.csv", spell_ads(*rows).encode())
        first = next(iter(read_delivery(spider, file, b"key")))
        assert isinstance(first, AdRow)
        hashes.append(first.row_hash)
    assert hashes[0] != hashes[1]


@needs_samples
@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("2018-09/google-political-ads-advertiser-stats.csv", 372),
        ("2018-09/google-political-ads-advertiser-weekly-spend.csv", 2823),
        ("2019-06/google-political-ads-advertiser-stats.csv", 1193),
        ("2019-06/google-political-ads-advertiser-weekly-spend.csv", 10_830),
        ("2022-bigquery-creative-stats/sfchronicle-GoogleAds-CT.csv", 178),
    ],
)
def test_every_amount_of_the_real_files_up_to_2022_is_of_dollars(path, count):
    read = records(read_sample(SOURCE, f"google-political-ads-bundle/{path}"))
    assert Counter(record.currency for record in read) == {"USD": count}


@needs_samples
def test_the_real_files_are_rounded_by_the_steps_we_name():
    steps = find_spiders()[SOURCE].info.rounded_to_minor
    path = "google-political-ads-bundle/2019-06/google-political-ads-advertiser-weekly-spend.csv"
    weeks = records(read_sample(SOURCE, path))
    amounts = [item for week in weeks for item in week.spend_conversions.items()]
    assert {code for code, _ in amounts} == steps.keys()
    assert all(lower % steps[code] == 0 for code, (lower, _) in amounts)
    # Weeks that one row alone would make seem stated in rupees.
    assert (
        sum({c for c, (a, _) in w.spend_conversions.items() if a} == {"INR"} for w in weeks) == 246
    )
