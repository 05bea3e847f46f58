"""Two real bundles of one source, nine months apart: what the later one changed comes out as is."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from archive.models import AdvertiserSpend, Correction
from archive.store.database import read
from archive.terminal import utc_now
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.spiders import find_spiders
from tests.migrated import init_fresh

BUNDLES = Path(__file__).parents[4] / "shared" / "data" / "google-political-ads-bundle"
SPIDER = "google_political_ads"

FIRST = date(2018, 9, 13)
"""Nobody noted the day of either bundle; on this one every week of the first was over."""
WITHIN_THE_LAST_WEEK = date(2018, 9, 7)
"""The newest week of the first bundle began on 2 September 2018."""
SECOND = date(2019, 6, 27)


@pytest.fixture
def import_pair(tmp_path):
    """Takes both bundles in as complete sweeps, all of them or only one week's rows."""
    settings, spider = Settings(home=tmp_path / "home"), find_spiders()[SPIDER]
    engine = init_fresh(settings, [spider.info])

    def import_both(first_on, only_week=""):
        for name, day in (("2018-09", first_on), ("2019-06", SECOND)):
            folder = find_bundle(name)
            path = copy_week(folder, tmp_path / name, only_week) if only_week else folder
            order = ImportOrder((path,), day, complete_partition="bundle")
            import_files(settings, engine, spider, order, utc_now)
        with read(engine) as session:
            corrections = session.exec(select(Correction)).all()
            return corrections, session.exec(select(AdvertiserSpend)).all()

    yield import_both
    engine.dispose()


def find_bundle(name):
    folder = BUNDLES / name
    if not folder.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    return folder


def copy_week(folder, to, week):
    """The header and one week's rows of a bundle's weekly file."""
    [weekly] = folder.glob("*weekly-spend.csv")
    header, *rows = weekly.read_text(encoding="utf-8").splitlines(keepends=True)
    to.mkdir()
    kept = to / weekly.name
    kept.write_text(header + "".join(row for row in rows if f",{week}," in row), encoding="utf-8")
    return kept


def count(corrections):
    return Counter((one.kind, one.subject.partition("|")[0]) for one in corrections)


def test_every_changed_week_and_everything_that_went_is_a_correction(import_pair):
    """Of 2,744 shared weeks 546 differ, 79 went; 7 advertisers' totals went, 24 of 365 fell.

    A total that grew in nine months is none: 313 differ, 289 of them upwards.
    """
    corrections, statements = import_pair(FIRST)

    assert count(corrections) == {
        ("restated", "advertiser_weekly_spend"): 546,
        ("withdrawn", "advertiser_weekly_spend"): 79,
        ("restated", "advertiser_stats"): 24,
        ("withdrawn", "advertiser_stats"): 7,
    }
    assert all(
        one.after["spend_lower_minor"] < one.before["spend_lower_minor"]
        for one in corrections
        if one.kind == "restated" and one.subject.startswith("advertiser_stats")
    )
    current = Counter((one.dataset, one.is_withdrawn) for one in statements if one.is_current)
    assert current == {
        ("advertiser_weekly_spend", False): 10_830,
        ("advertiser_weekly_spend", True): 79,
        ("advertiser_stats", False): 1_193,
        ("advertiser_stats", True): 7,
    }


@pytest.mark.parametrize(("first_on", "restated"), [(FIRST, 56), (WITHIN_THE_LAST_WEEK, 31)])
def test_a_week_that_was_not_over_may_grow(import_pair, first_on, restated):
    """56 amounts of the newest week differ; had it still run, only the 31 that fell were corrected."""
    corrections, _ = import_pair(first_on, only_week="2018-09-02")

    assert count(corrections)["restated", "advertiser_weekly_spend"] == restated
