"""Rows that say nothing new are still read where their ad, their page or their file asks for it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from archive.models import Ad, AdMetric, AdVersion, ArchiveSecret, Run
from archive.privacy.redactions import redact_field
from archive.store.database import create_archive_engine, read, write
from scrapers.intake import pages as intake
from scrapers.intake.pages import read_rows_but
from scrapers.readers.reading import Reading
from scrapers.replica.serve import running_replica
from scrapers.sources import spider
from scrapers.spiders import snap
from tests.scrapers.crawls import Home
from tests.scrapers.intake.unread_rows import NOTHING_NEW, count, open_home, read_hashes, see
from tests.scrapers.stories import (
    ROWS,
    START,
    run,
    spell_file,
    spell_row,
)


def test_all_rows_of_an_ad_that_stands_twice_are_read(home: Home, refs_read: list[str]) -> None:
    rows = [*ROWS, spell_row("ad3", 999), ROWS[5], ROWS[5]]
    run(home, spell_file(*rows), 0)
    refs_read.clear()
    assert count(run(home, spell_file(*rows, ""), 1)) == (9, 0, 2, 7, 0, 0)
    assert refs_read == ["ad3", "ad5", "ad3", "ad5", "ad5"]
    with read(home.engine) as session:
        spent = select(AdMetric.spend_lower_minor).order_by(col(AdMetric.id))
        assert session.exec(spent).all()[-1] == 999_00


@pytest.mark.parametrize("page_size", [2, 100], ids=["on two pages", "on one page"])
@pytest.mark.parametrize("spelled", ["ad3", '"ad3"', " ad3", "\u00a0ad3 "])
def test_the_last_row_of_an_ad_holds_however_its_id_is_spelled(
    home: Home, monkeypatch: pytest.MonkeyPatch, spelled: str, page_size: int
) -> None:
    monkeypatch.setattr(spider, "PAGE_SIZE", page_size)
    run(home, spell_file(*ROWS), 0)
    other = spell_row("ad3", 999).replace("ad3", spelled, 1)
    report = run(home, spell_file(other, *ROWS), 1)
    assert (report.counts.changed, report.counts.unchanged) == (2, 5)
    with read(home.engine) as session:
        ad = session.exec(select(Ad.id).where(Ad.ref == "ad3")).one()
        spent = select(AdMetric.spend_lower_minor).where(AdMetric.ad_id == ad)
        assert session.exec(spent.order_by(col(AdMetric.seq))).all() == [100_00, 999_00, 100_00]


def test_a_row_that_could_not_be_read_is_read_again_and_held_again(
    home: Home, refs_read: list[str]
) -> None:
    refused = spell_row("ad9", -1)
    run(home, spell_file(*ROWS, refused), 0)
    refs_read.clear()
    report = run(home, spell_file(refused, *ROWS), 1)
    assert count(report) == NOTHING_NEW
    assert report.outcome == "attention"
    (held,) = report.unreadable
    assert (held.line, held.field) == (2, "Spend")
    assert refs_read == []


def test_a_row_that_is_good_again_after_a_bad_one_is_unchanged(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    bad = run(home, spell_file(*ROWS[:5], spell_row("ad5", -1)), 1)
    assert count(bad) == (5, 0, 0, 5, 0, 1)
    assert count(run(home, spell_file(*ROWS, ""), 2)) == NOTHING_NEW


def test_a_known_line_inside_a_longer_row_is_part_of_that_row(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    swallowing = spell_row("ad9", name=f"first\n{ROWS[1]}\nlast")
    report = run(home, spell_file(ROWS[0], swallowing, ROWS[2]), 1)
    assert count(report) == (3, 1, 0, 2, 4, 0)


def test_unchanged_ads_are_seen_and_none_of_them_vanishes(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    assert count(run(home, spell_file(*ROWS[:5]), 1)) == (5, 0, 0, 5, 1, 0)
    with read(home.engine) as session:
        gone = session.exec(select(Ad.ref).where(col(Ad.vanished_at).is_not(None))).all()
        assert [len(see(session, run)) for run in session.exec(select(Run))] == [6, 5]
    assert gone == ["ad5"]


def test_an_ad_that_vanished_is_read_when_it_comes_back(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 0)
    run(home, spell_file(*ROWS[:5]), 1)
    refs_read.clear()
    assert count(run(home, spell_file(*ROWS, ""), 2)) == NOTHING_NEW
    assert refs_read == ["ad5"]
    with read(home.engine) as session:
        assert session.exec(select(Ad).where(col(Ad.vanished_at).is_not(None))).all() == []


def test_an_ad_that_moved_to_another_partition_is_read_there(
    home: Home, refs_read: list[str]
) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    run(home, spell_file(ROWS[0]), 1, partition="2025")
    assert refs_read == ["ad0"]
    refs_read.clear()
    run(home, spell_file(*ROWS[:2]), 2, partition="2025")
    assert refs_read == ["ad1"]
    with read(home.engine) as session:
        moved = session.exec(select(Ad.ref).where(Ad.partition == "2025").order_by(Ad.ref)).all()
    assert moved == ["ad0", "ad1"]


def test_a_run_of_before_an_ad_was_known_reads_it(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 5)
    run(home, spell_file(*ROWS, spell_row("ad9")), 7)
    refs_read.clear()
    run(home, spell_file(*ROWS, spell_row("ad9"), ""), 6)
    assert refs_read == ["ad9"]
    with read(home.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "ad9")).one()
        assert ad.first_observed_at.date() == (START + timedelta(days=6)).date()


@pytest.mark.parametrize(
    ("spend", "outcome"), [(90, "done"), (1, "partial")], ids=["a little", "too much"]
)
def test_unchanged_rows_weigh_as_much_as_if_they_were_read(
    home: Home, spend: int, outcome: str
) -> None:
    rows = [spell_row(f"ad{number}") for number in range(30)]
    run(home, spell_file(*rows), 0)
    lowered = [spell_row(f"ad{number}", spend) for number in range(20)]
    report = run(home, spell_file(*lowered, *rows[20:]), 1)
    assert report.outcome == outcome
    if spend == 1:
        assert "of 30 known ads, 20 state less" in report.reason
        assert "from 3,000 EUR to 1,020 EUR" in report.reason


def test_a_page_that_is_held_leaves_the_hashes_of_what_is_accepted(
    home: Home, refs_read: list[str]
) -> None:
    rows = [spell_row(f"ad{number}") for number in range(30)]
    run(home, spell_file(*rows), 0)
    before = read_hashes(home)
    run(home, spell_file(*(spell_row(f"ad{number}", 1) for number in range(30))), 1)
    assert read_hashes(home) == before
    refs_read.clear()
    assert count(run(home, spell_file(*rows, ""), 2)) == (30, 0, 0, 30, 0, 0)
    assert refs_read == []


def test_a_field_that_is_withheld_stays_withheld_and_its_row_unchanged(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    with write(home.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "ad3")).one()
        redact_field(session, ad, "payer_name", "a request", "N. N.", START + timedelta(hours=1))
    assert count(run(home, spell_file(*ROWS, ""), 1)) == NOTHING_NEW
    reworded = spell_row("ad3", name="Quay Party")
    assert count(run(home, spell_file(*ROWS[:3], reworded, *ROWS[4:]), 2)) == (6, 0, 1, 5, 0, 0)
    with read(home.engine) as session:
        versions = session.exec(select(AdVersion).where(AdVersion.ad_id == ad.id)).all()
    assert [version.content["payer_name"] for version in versions] == [None, None]


def test_a_row_is_read_after_all_if_its_ad_changed_before_the_page_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, spell_file(*ROWS), 0)
    asked: list[int] = []

    def read_slowly(unchanged: Collection[str], readings: Sequence[Reading]) -> list[Reading]:
        asked.append(len(unchanged))
        if len(asked) == 2:
            change_ad(home, "ad3")
        return read_rows_but(unchanged, readings)

    monkeypatch.setattr(intake, "read_rows_but", read_slowly)
    assert count(run(home, spell_file(spell_row("ad0", 999), *ROWS[1:]), 1)) == (6, 0, 2, 4, 0, 0)
    assert asked == [6, 5, 4]


def change_ad(home: Home, ref: str) -> None:
    """Let an ad be in another state, as another run would leave it."""
    other = create_archive_engine(str(home.engine.url))
    with write(other) as session:
        values = {"numbers_sha256": "other", "row_hash": None}
        session.connection().execute(update(Ad).where(col(Ad.ref) == ref).values(**values))
    other.dispose()


def test_hashes_of_another_archive_are_others(home: Home, tmp_path: Path) -> None:
    with open_home(tmp_path / "other") as other:
        with write(other.engine) as session:
            session.exec(select(ArchiveSecret)).one().value = b"another secret"
        for one in (home, other):
            run(one, spell_file(*ROWS), 0)
        assert read_hashes(home).keys() == read_hashes(other).keys()
        assert not {*read_hashes(home).values()} & {*read_hashes(other).values()}


def test_a_table_whose_column_of_refs_names_another_ad_is_no_table(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snap, "ADS", replace(snap.ADS, ref="OrganizationName"))
    report = run(home, spell_file(*ROWS), 0)
    assert report.counts.new == 0
    assert all("another ad" in piece.reason for piece in report.unreadable)
    assert len(report.unreadable) == len(ROWS)


def test_a_crawl_leaves_unread_what_the_crawl_before_it_read(home: Home) -> None:
    with running_replica(day=1) as url:
        first = home.crawl(url)
    assert first.outcome == "done"
    before = read_hashes(home)
    assert all(before.values())
    with running_replica(day=2) as url:
        second = home.crawl(url)
    assert (second.outcome, second.new, second.changed, second.vanished) == ("done", 3, 6, 1)
    assert second.seen == first.seen + 2
    after = read_hashes(home)
    assert all(after.values())
    assert sum(before[ref] != after[ref] for ref in before) == 6
