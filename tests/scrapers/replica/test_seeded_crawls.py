"""Three seeded days are crawled with the real spiders, and the archive holds exactly the truth."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from archive.models import Ad, AdMetric, AdVersion, AdvertiserSpend, PublicAd
from archive.models.runs import Outcome
from archive.store.database import read
from scrapers.commands.replica import create_days, lay_out_days, name_folder
from scrapers.replica.seeded import tiktok
from scrapers.replica.seeded.days import SeededDay, SeedPlan
from scrapers.replica.seeded.truth import PartitionTruth, Total
from scrapers.replica.serve import serve_app
from scrapers.spiders.tiktok_commercial_content.settings import TikTokSettings
from tests.scrapers.crawls import Home
from tests.scrapers.samples import import_paths

PLAN = SeedPlan(ads=1_200, seed=11)
DAYS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture(scope="module")
def days(folder: Path) -> list[SeededDay]:
    return lay_out_days(PLAN, DAYS, folder)


@pytest.fixture(scope="module")
def address(folder: Path, days: list[SeededDay]) -> Iterator[str]:
    with serve_app(create_days(folder, days)) as served:
        yield served


def crawl_days(home: Home, address: str, source: str, partition: str) -> None:
    for number in range(1, DAYS + 1):
        run = home.crawl(f"{address}/day-{number}", source, partition)
        assert (run.outcome, run.reason) == (Outcome.DONE, "")


def sum_ads(home: Home) -> dict[str, Total]:
    """What the ads that are still shown state, by currency."""
    totals: dict[str, Total] = {}
    with read(home.engine) as session:
        for ad in session.exec(select(PublicAd).where(col(PublicAd.vanished_at).is_(None))):
            if ad.spend_lower_minor is not None and ad.currency is not None:
                total = totals.setdefault(ad.currency, Total())
                total.things += 1
                total.lower_minor += ad.spend_lower_minor
                total.upper_minor += ad.spend_upper_minor or ad.spend_lower_minor
                total.open_count += ad.spend_upper_minor is None
    return totals


def count_rows(home: Home, table: type[Ad | AdVersion | AdMetric]) -> int:
    with read(home.engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def list_vanished(home: Home) -> set[str]:
    with read(home.engine) as session:
        return set(session.exec(select(Ad.ref).where(col(Ad.vanished_at).is_not(None))))


def add_up(tallies: Iterable[PartitionTruth], *whats: str) -> int:
    return sum(getattr(tally, what) for tally in tallies for what in whats)


def check_ads(home: Home, tallies: list[PartitionTruth]) -> None:
    assert home.count("quarantined") == 0
    assert sum_ads(home) == tallies[-1].totals
    assert list_vanished(home) == {ref for tally in tallies for ref in tally.vanished_refs}
    assert count_rows(home, Ad) == add_up(tallies, "new")
    assert count_rows(home, AdVersion) == add_up(tallies, "new", "reworded")
    assert count_rows(home, AdMetric) == add_up(tallies, "new", "grown", "lowered")


def list_sums(home: Home, dataset: str) -> list[int | None]:
    """What advertisers are said to have spent at the last run."""
    with read(home.engine) as session:
        return list(
            session.exec(
                select(AdvertiserSpend.spend_lower_minor).where(
                    AdvertiserSpend.dataset == dataset,
                    col(AdvertiserSpend.is_current),
                    ~col(AdvertiserSpend.is_withdrawn),
                )
            )
        )


@pytest.fixture
def let_in(home: Home) -> Home:
    """With the key that TikTok asks for; all other sources do without or have theirs."""
    key = TikTokSettings(client_key=tiktok.CLIENT_KEY, client_secret=tiktok.CLIENT_SECRET)
    own = {"of_sources": (*home.settings.of_sources, key)}
    return replace(home, settings=home.settings.model_copy(update=own))


@pytest.mark.parametrize(
    ("source", "partition"),
    [
        ("snap", "2026"),
        ("meta_ad_library", "US"),
        ("microsoft_ad_library", "IE"),
        ("tiktok_commercial_content", "IT"),
        ("ad_feed", "invented_donations"),
    ],
)
def test_the_archive_holds_the_truth_of_three_days(
    let_in: Home, address: str, days: list[SeededDay], source: str, partition: str
) -> None:
    crawl_days(let_in, address, source, partition)
    tallies = [day.find_tally(source, partition) for day in days]
    check_ads(let_in, tallies)
    assert add_up(tallies[1:], "new", "grown", "lowered", "reworded") > DAYS


def test_the_archive_holds_the_truth_of_three_bundles_sums_of_advertisers_included(
    home: Home, address: str, days: list[SeededDay]
) -> None:
    crawl_days(home, address, "google_political_ads", "bundle")
    check_ads(home, [day.find_tally("google_political_ads", "bundle") for day in days])
    for dataset in ("advertiser_stats", "advertiser_weekly_spend"):
        truth = days[-1].find_tally("google_political_ads", "bundle", dataset)
        sums = list_sums(home, dataset)
        assert len(sums) == truth.shown
        assert sum(amount or 0 for amount in sums) == truth.totals["USD"].lower_minor


def test_the_archive_holds_the_truth_of_three_reports_doubles_and_small_sums_included(
    home: Home, folder: Path, days: list[SeededDay]
) -> None:
    for day in days:
        source = "meta_ad_library_report"
        report = import_paths(home, source, name_folder(folder, day.number) / source)
        truth = day.find_tally(source, "US", "pages").totals["USD"]
        with read(home.engine) as session:
            ends_on = date(2026, 11, 19) + timedelta(days=day.number)
            rows = session.exec(
                select(AdvertiserSpend).where(AdvertiserSpend.period_end_on == ends_on)
            ).all()
        stated = [(row.spend_lower_minor, row.spend_upper_minor) for row in rows]
        assert report.unreadable == []
        # The two lines of the double are one statement about their page.
        assert len(stated) == truth.things - 1
        assert (0, 100_00) in stated
        assert sum(lower or 0 for lower, _ in stated) == truth.lower_minor
        assert sum(upper or 0 for _, upper in stated) == truth.upper_minor
