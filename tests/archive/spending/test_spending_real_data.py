"""Sums over real samples, to the cent."""

from datetime import date
from pathlib import Path

import pytest

from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources
from archive.terminal import utc_now
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.spiders import find_spiders

SHARED = Path(__file__).parents[4] / "shared" / "data"


def find_spider(engine, source):
    """A spider whose source the archive knows, as `init` writes it down."""
    spider = find_spiders()[source]
    with write(engine) as session:
        write_sources(session, [spider.info])
    return spider


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(**asked))


def test_the_snap_files_add_up_to_the_published_amounts(engine, tmp_path):
    folder = SHARED / "snap-political-ads"
    if not folder.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    spider = find_spider(engine, "snap")
    for part in ("2018", "2023-02", "2023-05"):
        order = ImportOrder((folder / part,))
        import_files(Settings(home=tmp_path), engine, spider, order, utc_now)

    asked = {"by": SpendBy.PLATFORM, "source": "snap", "basis": SpendBasis.LIFETIME}
    groups = summarise(engine, **asked).groups
    assert {g.currency: g.lower_minor // 100 for g in groups} == {
        "USD": 1_346_771,
        "EUR": 165_029,
        "NOK": 137_223,
        "AUD": 54_057,
        "GBP": 51_900,
        "CAD": 46_340,
        "SEK": 9_952,
    }
    assert all(g.lower_minor == g.upper_minor and g.lower_minor % 100 == 0 for g in groups)


def test_two_files_of_snap_bound_a_month_between_them(engine, tmp_path):
    folder = SHARED / "snap-political-ads"
    if not folder.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    spider = find_spider(engine, "snap")
    for part, day in (("2023-02", date(2023, 2, 27)), ("2023-05", date(2023, 5, 20))):
        order = ImportOrder((folder / part,), observed_on=day)
        import_files(Settings(home=tmp_path), engine, spider, order, utc_now)

    february = {"from_on": date(2023, 2, 1), "to_on": date(2023, 2, 28)}
    groups = summarise(engine, source="snap", currency="USD", **february).groups
    assert [(g.lower_minor // 100, g.upper_minor // 100) for g in groups] == [(13_318, 187_740)]


def test_the_filings_add_up_by_the_counting_rule(engine, tmp_path):
    folder = SHARED / "fec-bulk"
    if not folder.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    spider = find_spider(engine, "us_fec_bulk")
    import_files(Settings(home=tmp_path), engine, spider, ImportOrder((folder,)), utc_now)

    [group] = summarise(engine, measure=SpendMeasure.DISCLOSED, source="us_fec_bulk").groups
    assert (group.currency, group.lower_minor, group.upper_minor) == ("USD", 296511678, 296511678)


def test_the_daily_reports_of_greece_add_up_to_the_euro(engine, tmp_path):
    folder = SHARED / "meta-ad-library-report" / "2023-05-GR-daily"
    if not folder.is_dir():
        pytest.skip("the real samples are not beside this checkout")
    spider = find_spider(engine, "meta_ad_library_report")
    order = ImportOrder((folder,), observed_on=date(2023, 5, 21))
    import_files(Settings(home=tmp_path), engine, spider, order, utc_now)

    days = {"from_on": date(2023, 5, 12), "to_on": date(2023, 5, 19)}
    reported = {"measure": SpendMeasure.REPORTED, **days}
    [whole] = summarise(engine, **reported).groups
    assert (whole.lower_minor // 100, whole.upper_minor // 100) == (529_604, 1_028_904)
    first = summarise(engine, by=SpendBy.ADVERTISER, **reported).groups[:3]
    assert [(g.label, g.lower_minor // 100, g.upper_minor // 100) for g in first] == [
        ("ΝΕΑ ΔΗΜΟΚΡΑΤΙΑ", 107_485, 107_485),
        ("Kyriakos Mitsotakis", 76_650, 76_650),
        ("Alexis Tsipras", 21_079, 21_079),
    ]
