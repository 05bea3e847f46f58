from collections import Counter
from datetime import date

import pytest
from sqlmodel import select

from archive.models import AdvertiserSpend
from archive.records import (
    AdRecord,
    AdvertiserMove,
    Unreadable,
)
from archive.store.database import read
from scrapers.readers.reading import NotRead
from scrapers.spiders.google_political_ads.spider import GooglePoliticalAdsSpider
from tests.scrapers.crawls import Home
from tests.scrapers.samples import (
    SAMPLES,
    import_paths,
    needs_samples,
    read_all,
    read_sample,
    records,
    refusal,
)

SOURCE = "google_political_ads"
BUNDLE = "google-political-ads-bundle"

CREATIVE_HEADER = (
    "Ad_ID,Ad_URL,Ad_Type,Regions,Advertiser_ID,Advertiser_Name,Date_Range_Start,Date_Range_End,"
    "Impressions,Spend_Range_Min_USD,Spend_Range_Max_USD,Spend_Range_Min_BRL,Spend_Range_Max_BRL,"
    "Geo_Targeting_Included"
)
CREATIVE = (
    'CR1,https://ads.example/CR1,Text,"EU, FI",AR1,Harbour Party,2026-01-02,2026-01-03,'
    '10k-100k,100,1000,500,,"Port Examplia, Examplia"'
)


def read_creatives(*rows: str, header: str = CREATIVE_HEADER) -> list[AdRecord]:
    readings = records(
        read_all(
            SOURCE, "google-political-ads-creative-stats.csv", "\n".join([header, *rows]) + "\n"
        )
    )
    return [record for record in readings if isinstance(record, AdRecord)]


def test_an_ad_has_ranges_of_spend_and_impressions_with_their_published_edges() -> None:
    (ad,) = read_creatives(CREATIVE)
    assert (ad.currency, ad.spend_lower_minor, ad.spend_upper_minor) == ("USD", 100_00, 1_000_00)
    assert (ad.impressions_lower, ad.impressions_upper) == (10_000, 100_000)


def test_other_currencies_are_kept_beside_the_amount_and_an_empty_maximum_is_open() -> None:
    (ad,) = read_creatives(CREATIVE)
    assert ad.spend_conversions == {"USD": [100_00, 1_000_00], "BRL": [500_00, None]}


def test_an_ad_has_the_days_and_the_words_google_gives_and_no_text() -> None:
    (ad,) = read_creatives(CREATIVE)
    assert (ad.started_on, ad.ended_on) == (date(2026, 1, 2), date(2026, 1, 3))
    assert ad.day_zone == "Etc/GMT+8"
    assert ad.targeting == [
        {"dimension": "location", "mode": "include", "text": "Port Examplia, Examplia"}
    ]
    assert ad.missing["bodies"] == "not_provided"
    assert (ad.declared_political, ad.declared_by) == (True, "platform")


def test_the_eu_is_no_country_but_stays_in_the_words_of_the_source() -> None:
    (ad,) = read_creatives(CREATIVE)
    assert ad.countries == ["FI"]
    assert ad.source_fields["regions"] == "EU, FI"


def test_bigquery_says_the_same_in_lower_case_behind_an_index_column() -> None:
    (title_case,) = read_creatives(CREATIVE)
    (lower_case,) = read_creatives(f"7,{CREATIVE}", header=f",{CREATIVE_HEADER.lower()}")
    assert lower_case == title_case


def test_markup_in_a_name_is_kept_as_text() -> None:
    (ad,) = read_creatives(CREATIVE.replace("Harbour Party", "<script>alert(1)</script>"))
    assert ad.advertiser_name == "<script>alert(1)</script>"


@pytest.mark.parametrize("characters", [30_000, 2_000_000])
def test_a_list_of_places_may_be_very_long(characters: int) -> None:
    (ad,) = read_creatives(CREATIVE.replace("Port Examplia", "P" * characters))
    assert len(ad.targeting[0]["text"]) > characters


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("10k-100k", "plenty", "impressions"),
        ("100,1000", "-100,1000", "spend_range_min_usd"),
        ("100,1000", "100,999999999999", "spend_range_max_usd"),
        ("100,1000", "1000,100", "record"),
        ("CR1,", "1.70585E+15,", "ad_id"),
        ("2026-01-02", "02/01/2026", "date_range_start"),
        ("EU, FI", "Finlandia Ulterior", "regions"),
    ],
)
def test_a_value_that_cannot_be_true_holds_its_row_and_no_other(
    old: str, new: str, field: str
) -> None:
    rows = [CREATIVE_HEADER, CREATIVE.replace(old, new, 1), CREATIVE.replace("CR1", "CR2")]
    readings = read_all(SOURCE, "creative-stats.csv", "\n".join(rows) + "\n")
    held = refusal(readings)
    assert (held.file, held.line, held.field) == ("creative-stats.csv", 2, field)
    assert held.raw == rows[1].encode() + b"\n"
    assert len(records(readings)) == 1


def test_ads_keep_their_amount_when_google_adds_and_drops_currencies() -> None:
    header = CREATIVE_HEADER.replace("_BRL", "_PLN") + ",Spend_Range_Min_MXN,Spend_Range_Max_MXN"
    (before,) = read_creatives(CREATIVE)
    (after,) = read_creatives(f"{CREATIVE},1500,18750", header=header)
    assert after.spend_conversions.keys() == {"USD", "PLN", "MXN"}
    assert after.spend_conversions["MXN"] == [1_500_00, 18_750_00]
    assert (after.spend_lower_minor, after.spend_upper_minor) == (
        before.spend_lower_minor,
        before.spend_upper_minor,
    )


@pytest.mark.parametrize(
    "name", ["google-political-ads-advertiser-id-mapping.csv", "advertiser_id_mapping.csv"]
)
def test_the_mapping_of_advertisers_says_which_ids_changed(name: str) -> None:
    content = "OldAdvertiserId,NewAdvertiserId\nAR1,AR2\nAR3,\n"
    move, refused = read_all(SOURCE, f"bundle/{name}", content)
    assert move == AdvertiserMove(old_ref="AR1", new_ref="AR2")
    assert isinstance(refused, Unreadable)
    assert (refused.line, refused.field) == (3, "newadvertiserid")


@pytest.mark.parametrize(
    "name",
    [
        "google-political-ads-geo-spend.csv",
        "google-political-ads-top-keywords-history.csv",
        "google-political-ads-campaign-targeting.csv",
        "google-political-ads-advertiser-declared-stats.csv",
        "google-political-ads-updated.csv",
        "creative_id_mapping.csv",
        "google-political-ads-creative-id-mapping.csv",
        "README.txt",
    ],
)
def test_a_file_we_know_and_leave_is_told_with_its_reason(name: str) -> None:
    (left,) = read_all(SOURCE, f"bundle/{name}", "Country,Spend_USD\nFI,100\n")
    assert isinstance(left, NotRead)
    assert left.reason


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "an HTML page"),
        (b"", "nothing"),
        (b"one,two\n1,2\n", "not a file we know"),
    ],
)
def test_what_is_no_file_of_google_is_held_with_its_beginning(data: bytes, why: str) -> None:
    held = refusal(read_all(SOURCE, "google-political-ads-creative-stats.csv", data))
    assert why in held.reason
    assert held.reason.isprintable()


def test_there_is_one_bundle_to_fetch(home: Home) -> None:
    (partition,) = GooglePoliticalAdsSpider.list_partitions(home.settings, date(2026, 11, 23))
    (url,) = GooglePoliticalAdsSpider.list_files(
        home.settings, partition, GooglePoliticalAdsSpider.base_url
    )
    assert url.endswith("/political-csv/google-political-ads-transparency-bundle.zip")


@needs_samples
def test_the_real_bundles_give_every_week_and_total_in_all_their_currencies(home: Home) -> None:
    import_paths(home, SOURCE, SAMPLES / BUNDLE / "2018-09")
    assert home.count("advertiser_spend") == 2_823 + 372
    report = import_paths(home, SOURCE, SAMPLES / BUNDLE / "2019-06")
    assert home.count("advertiser_spend") == 2_823 + 372 + 10_830 + 1_193
    assert (report.outcome, home.count("quarantined")) == ("done", 0)
    assert {left.file for left in report.not_read} == {
        "README.txt",
        "google-political-ads-geo-spend.csv",
        "google-political-ads-top-keywords-history.csv",
    }
    with read(home.engine) as session:
        kept = Counter(map(len, session.exec(select(AdvertiserSpend.spend_conversions))))
    assert kept == {1: 2_823 + 372, 12: 10_830 + 1_193}
    again = import_paths(home, SOURCE, SAMPLES / BUNDLE)
    assert home.count("advertiser_spend") == 15_218
    assert len(again.already_captured) == 10


@needs_samples
def test_the_real_creative_stats_give_178_ads_with_ranges() -> None:
    readings = read_sample(
        SOURCE, f"{BUNDLE}/2022-bigquery-creative-stats/sfchronicle-GoogleAds-CT.csv"
    )
    ads = [reading for reading in readings if isinstance(reading, AdRecord)]
    assert len(ads) == len(readings) == 178
    assert {(ad.spend_lower_minor, ad.spend_upper_minor) for ad in ads} == {
        (0, 100_00),
        (100_00, 1_000_00),
        (1_000_00, 50_000_00),
    }
    assert max(len(entry["text"]) for ad in ads for entry in ad.targeting) == 29_266
