"""What is implausible is held, end to end: imports, crawls, and the commands that settle it."""

import csv
import json
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import SQLModel, col, select

from archive.errors import ArchiveError
from archive.models import PublicAd, QuarantinedBatch, Run, VanishedPeriod
from archive.models.runs import Outcome, QuarantineReason
from archive.store.database import read
from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.releasing import release_quarantined
from tests.scrapers.crawls import Home

SOURCE = "snap"
FILE = "political/2026/PoliticalAds.zip/PoliticalAds.csv"
SAMPLE = FIXTURES / SOURCE / "day-1" / FILE

ABOUT_RUNS = frozenset(
    {"run", "run_country", "quarantined_batch", "capture", "checkpoint", "ledger_leaf"}
)
"""Tables in which a run and its evidence may leave rows although nothing is published of it."""


def write_ads(path: Path, spends: Iterable[int]) -> Path:
    """A year's file with one ad for each amount."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with SAMPLE.open(encoding="utf-8", newline="") as sample:
        reader = csv.DictReader(sample)
        row = next(reader)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(
            row | {"ADID": f"ad{number:03}", "Spend": spend, "Currency Code": "EUR"}
            for number, spend in enumerate(spends)
        )
    return path


def ticking(start: datetime) -> Callable[[], datetime]:
    ticks = count()
    return lambda: start + timedelta(milliseconds=next(ticks))


def import_year(home: Home, path: Path, day: int) -> ImportReport:
    """An import that vouches for the whole year."""
    order = ImportOrder(paths=(path,), complete_partition="2026")
    clock = ticking(datetime(2026, 3, day, tzinfo=UTC))
    return import_files(home.settings, home.engine, find_spiders()[SOURCE], order, clock)


def release(home: Home, batch_id: int = 1) -> None:
    clock = ticking(home.runs()[-1].started_at + timedelta(hours=1))
    name = f"batch-{batch_id}"
    release_quarantined(home.settings, home.engine, name, "Ada", "Snap says so", clock)


def batches(home: Home) -> list[QuarantinedBatch]:
    with read(home.engine) as session:
        return list(session.exec(select(QuarantinedBatch).order_by(col(QuarantinedBatch.id))))


def spends(home: Home) -> set[int | None]:
    with read(home.engine) as session:
        return set(session.exec(select(PublicAd.spend_lower_minor)))


def dump_published(home: Home) -> dict[str, list[str]]:
    """Every row but those about runs and their evidence."""
    with read(home.engine) as session:
        return {
            table.name: sorted(map(repr, session.connection().execute(table.select())))
            for table in SQLModel.metadata.sorted_tables
            if table.name not in ABOUT_RUNS
        }


def test_an_import_that_lost_a_third_of_the_ads_is_held_until_it_is_released(
    home: Home, tmp_path: Path
) -> None:
    import_year(home, write_ads(tmp_path / "a.csv", [100] * 20), 1)
    held = import_year(home, write_ads(tmp_path / "b.csv", [100] * 14), 2)

    assert (held.outcome, held.counts.vanished) == (Outcome.ATTENTION, 0)
    assert "quarantined as batch-1: 6 of 20 ads are gone at once (30%)" in held.reason
    assert home.count("vanished") == 0

    release(home)

    assert home.count("vanished") == 6
    with read(home.engine) as session:
        missed = {
            vanished_period.missed_at.date().day
            for vanished_period in session.exec(select(VanishedPeriod))
        }
    assert missed == {2}
    assert home.runs()[-1].complete
    with pytest.raises(ArchiveError, match="batch-1 was released by Ada before"):
        release(home)


def test_an_import_that_lowers_the_amounts_by_half_writes_nothing_until_it_is_released(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import_year(home, write_ads(tmp_path / "a.csv", [100] * 40), 1)
    before = dump_published(home)
    held = import_year(home, write_ads(tmp_path / "b.csv", [50] * 40), 2)

    assert dump_published(home) == before
    assert held.outcome == Outcome.PARTIAL
    assert "falls by 50%, from 4,000 EUR to 2,000 EUR" in held.reason
    assert "paidforby quarantine show batch-1" in caplog.text
    (batch,) = batches(home)
    assert (batch.cause, batch.capture_id is None) == (QuarantineReason.LOWERED_TOTAL, False)

    release(home)

    assert spends(home) == {50_00}
    run = home.runs()[-1]
    assert (run.outcome, run.observed_at.day) == (Outcome.DONE, 2)
    assert run.reason == "batch-1 read again: accepted by Ada because: Snap says so"
    (settled,) = batches(home)
    assert (settled.status, settled.settled_by) == ("released", "Ada")

    again = import_year(home, tmp_path / "b.csv", 3)
    assert (again.outcome, again.counts.unchanged) == (Outcome.DONE, 40)


def test_pages_before_the_one_that_is_implausible_stay(home: Home, tmp_path: Path) -> None:
    import_year(home, write_ads(tmp_path / "a.csv", [100] * 40), 1)
    new = write_ads(tmp_path / "b" / "1.csv", [100] * 41)
    write_ads(tmp_path / "b" / "2.csv", [1] * 40)
    write_ads(tmp_path / "b" / "3.csv", [100] * 50)
    held = import_year(home, new.parent, 2)

    assert (held.outcome, held.files, held.counts.new) == (Outcome.PARTIAL, 2, 1)
    assert home.count("ads") == 41
    assert home.count("vanished") == 0


def test_one_corrected_ad_among_hundreds_is_taken_in(home: Home, tmp_path: Path) -> None:
    import_year(home, write_ads(tmp_path / "a.csv", [1_000, *[1] * 200]), 1)
    report = import_year(home, write_ads(tmp_path / "b.csv", [100, *[1] * 200]), 2)

    assert (report.outcome, report.counts.changed) == (Outcome.DONE, 1)
    assert batches(home) == []


def test_an_absurd_amount_is_held_once_however_often_it_is_met(home: Home, tmp_path: Path) -> None:
    absurd = write_ads(tmp_path / "a.csv", [100, 150_000_000])
    held = import_year(home, absurd, 1)
    import_year(home, absurd, 2)

    assert held.outcome == Outcome.PARTIAL
    assert "ad ad001 states 150,000,000 EUR" in held.reason
    assert home.count("ads") == 0
    assert len(batches(home)) == 1

    release(home)

    assert spends(home) == {100_00, 150_000_000_00}
    later = import_year(home, write_ads(tmp_path / "b.csv", [101, 150_000_000]), 3)
    assert (later.outcome, later.counts.changed) == (Outcome.DONE, 1)


def fixture_days(folder: Path, *days: list[int]) -> Path:
    """Replica fixtures in which the year's file has these amounts, day by day."""
    shutil.copytree(FIXTURES / "meta_ad_library", folder / "meta_ad_library")
    for number, amounts in enumerate(days, 1):
        write_ads(folder / SOURCE / f"day-{number}" / FILE, amounts)
    return folder


def crawl_day(home: Home, fixtures: Path, day: int) -> Run:
    with running_replica(day=day, fixtures=fixtures) as url:
        return home.crawl(url, SOURCE)


def test_a_check_of_a_source_says_what_a_crawl_would_hold(home: Home, tmp_path: Path) -> None:
    fixtures = fixture_days(tmp_path, [100, 200_000_000])
    with running_replica(day=1, fixtures=fixtures) as url:
        base = ["--base-url", f"{url}/{SOURCE}"]
        checked = home.command("crawl", SOURCE, "--partition", "2026", "--check", "--json", *base)

    told = json.loads(checked.stdout)
    assert (checked.returncode, told["as_expected"]) == (1, False)
    [doubt] = told["would_hold"]
    assert doubt.startswith("ad ad001 states 200,000,000 EUR")
    assert f"a crawl would hold this: {doubt}" in checked.stderr
    assert batches(home) == []


def test_a_crawl_that_lost_a_third_of_the_ads_is_held_and_the_same_bytes_stay_so(
    home: Home, tmp_path: Path
) -> None:
    fixtures = fixture_days(tmp_path, [100] * 20, [100] * 14)
    crawl_day(home, fixtures, 1)
    held = crawl_day(home, fixtures, 2)
    again = crawl_day(home, fixtures, 2)

    assert (held.outcome, held.complete, held.vanished) == (Outcome.ATTENTION, False, 0)
    assert not again.complete
    assert home.count("vanished") == 0
    assert len(batches(home)) == 1


def test_a_crawl_of_halved_amounts_is_held_and_taken_in_by_command(
    home: Home, tmp_path: Path
) -> None:
    fixtures = fixture_days(tmp_path, [100] * 40, [50] * 40)
    crawl_day(home, fixtures, 1)
    held = crawl_day(home, fixtures, 2)

    assert held.outcome == Outcome.PARTIAL
    assert held.reason.startswith(
        "quarantined as batch-1: of 40 known ads, 40 state less than before"
    )
    assert spends(home) == {100_00}

    listed = json.loads(home.command("quarantine", "list", "--json").stdout)
    assert [(each["name"], each["cause"]) for each in listed] == [("batch-1", "lowered_total")]
    assert "falls by 50%, from 4,000 EUR to …" in (home.command("quarantine", "list").stdout)
    assert "batch-1" in home.command("sources").stdout
    shown = home.command("quarantine", "show", "batch-1").stdout
    assert "next: paidforby quarantine release batch-1 --by WHO --because WHY" in shown
    unexplained = home.command("quarantine", "release", "batch-1", "--by", "Ada")
    assert (unexplained.returncode, "--because" in unexplained.stderr) == (2, True)
    settled = ("quarantine", "release", "batch-1", "--by", "Ada", "--because", "Snap says so")
    done = home.command(*settled)
    assert "batch-1 is released: 0 new, 40 changed" in done.stdout
    assert home.command(*settled).returncode == 1

    assert spends(home) == {50_00}
    assert crawl_day(home, fixtures, 2).complete


def test_a_rejected_batch_is_not_taken_in_when_the_same_bytes_come_again(
    home: Home, tmp_path: Path
) -> None:
    fixtures = fixture_days(tmp_path, [100] * 40, [50] * 40)
    crawl_day(home, fixtures, 1)
    crawl_day(home, fixtures, 2)
    done = home.command("quarantine", "reject", "batch-1", "--by", "Ada", "--because", "a cut file")
    again = crawl_day(home, fixtures, 2)

    assert done.stdout == "batch-1 is rejected; its bytes stay as evidence\n"
    assert again.outcome == Outcome.PARTIAL
    assert "batch-1 was rejected by Ada before, because: a cut file" in again.reason
    assert (spends(home), len(batches(home))) == ({100_00}, 1)


def test_a_piece_is_settled_by_its_number_for_a_reason(home: Home, tmp_path: Path) -> None:
    import_year(home, write_ads(tmp_path / "a.csv", [100, -5]), 1)

    assert "next: paidforby quarantine release 1 --by WHO --because WHY" in (
        home.command("quarantine", "show", "1").stdout
    )
    by = ("quarantine", "reject", "1", "--by", "Ada")
    for words in ((), ("--because", " ")):
        unexplained = home.command(*by, *words)
        assert (unexplained.returncode, "--because" in unexplained.stderr) == (2, True)
    done = home.command(*by, "--because", "no")
    assert done.stdout == "piece 1 of a.csv is rejected; its bytes stay as evidence\n"
    assert home.command("quarantine", "list").stdout.endswith("nothing is quarantined\n")
    shown = json.loads(home.command("quarantine", "show", "1", "--json").stdout)
    assert (shown["name"], shown["settled_by"], shown["settled_because"]) == ("1", "Ada", "no")
    again = home.command("quarantine", "release", "1", "--by", "Bo", "--because", "yes")
    told = "piece 1 of a.csv was rejected by Ada before, because: no\n"
    assert (again.returncode, again.stderr) == (1, told)


def test_a_name_that_is_neither_a_piece_nor_a_batch_is_wrong_usage(home: Home) -> None:
    for name in ("lot-1", "batch-x"):
        done = home.command("quarantine", "show", name)
        assert (done.returncode, name in done.stderr) == (2, True)


def test_a_source_is_accepted_by_levels_of_its_own() -> None:
    for spider in find_spiders().values():
        assert 0 < spider.info.plausible_fall_share <= 0.5
        assert spider.info.plausible_spend_minor >= 10_000_000_00
