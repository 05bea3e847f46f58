"""What Google claims for its advertisers, held against the ads its own bundle shows."""

from datetime import UTC, datetime

import pytest

from archive.reading.coverage import cover_weeks
from archive.store.database import read
from scrapers.commands.coverage import _tell_week
from tests.scrapers.crawls import Home
from tests.scrapers.samples import import_paths, pack

ADS = (
    "Ad_ID,Ad_URL,Ad_Type,Regions,Advertiser_ID,Advertiser_Name,Date_Range_Start,Date_Range_End,"
    "Impressions,Spend_Range_Min_USD,Spend_Range_Max_USD"
)
STATS = "Advertiser_ID,Advertiser_Name,Public_IDs_List,Regions,Total_Creatives,Spend_USD"
SHOWN, CLAIMED = 95, 100


@pytest.fixture
def weeks(home: Home, tmp_path):
    """The coverage of one bundle: two advertisers claim 100 ads, 95 of them are in it."""
    ads = [
        f"CR{i},https://ads.example/CR{i},Text,{'US' if i % 2 else 'FI'},AR{i % 2},Party {i % 2},"
        "2026-01-02,2026-01-03,≤ 10k,0,100"
        for i in range(SHOWN)
    ]
    stats = ["AR0,Party 0,,FI,48,100", "AR1,Party 1,,US,52,100"]
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(
        pack(
            {
                "google-political-ads-creative-stats.csv": "\n".join([ADS, *ads]) + "\n",
                "google-political-ads-advertiser-stats.csv": "\n".join([STATS, *stats]) + "\n",
            }
        )
    )
    report = import_paths(home, "google_political_ads", bundle)
    assert report.unreadable == []
    with read(home.engine) as session:
        found = cover_weeks(session, datetime.now(UTC), source="google_political_ads")
    return {week.country: week for week in found}


def test_five_ads_of_a_hundred_that_are_not_there_are_five_percent_missing(weeks) -> None:
    week = weeks["*"]
    assert (week.seen, week.source_total, week.missing) == (SHOWN, CLAIMED, 5)
    assert week.missing_share == 0.05
    assert week.source_total_from == "advertiser_stats"
    assert week.sentence.endswith("saw 95 of 100 ads stated: 5 missing (5 %)")


def test_each_country_is_held_against_the_advertisers_that_name_only_it(weeks) -> None:
    assert {c: (w.seen, w.source_total) for c, w in weeks.items() if c != "*"} == {
        "FI": (48, 48),
        "US": (47, 52),
    }


def test_the_command_tells_a_week_in_one_line(weeks) -> None:
    cells = _tell_week(weeks["US"])
    assert cells[0] == "google_political_ads"
    assert cells[4:] == (1, 47, 52, "5 (9.62 %)", "unknown")
