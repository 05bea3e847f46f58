"""Evidence read again by a better reader: at its own time, each difference published as our fault."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import col, select

from archive.models import AdMetric, ArchiveFact, Checkpoint, PublicAd, Run
from archive.models.corrections import CorrectionKind
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.corrections import CorrectionFilter, list_corrections, tell_correction
from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read, write
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.spiders import find_spiders
from scrapers.spiders.google_political_ads import spider as google
from scrapers.spiders.google_political_ads.currencies import SpendColumns
from scrapers.work.crawl.rereading import RereadReport, reread_source
from tests.scrapers.crawls import Home
from tests.scrapers.spiders.test_google_currencies import TOTALS, spell_ads

SOURCE = "google_political_ads"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (date(2026, 2, day) for day in (1, 8, 15))
INDIA = ("IN", {"INR": (2500, 125_000)})
MORE = ("IN", {"INR": (125_000, 250_000)})


@pytest.fixture
def clock() -> Callable[[], datetime]:
    ticks = count()
    return lambda: START + timedelta(milliseconds=next(ticks))


@pytest.fixture
def misread(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A reader that takes every amount for one of dollars, until it is mended by `undo`."""

    def take_for_dollars(_file: object, _form: object, _header: object, found: dict[str, str]):
        return SpendColumns(tuple(dict.fromkeys(found.values())), is_restated=True)

    monkeypatch.setattr(google, "read_spend_columns", take_for_dollars)
    return monkeypatch


def write_ads(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name / "google-political-ads-creative-stats.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name makes the bytes of each file its own.
    path.write_text(spell_ads(*rows).replace("Harbour Party", f"Harbour Party {name}"))
    return path


def write_total(folder: Path, amount: int) -> Path:
    path = folder / str(amount) / "google-political-ads-advertiser-stats.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{TOTALS},Spend_USD,Spend_BRL\nAR1,Harbour Party,,BR,,7,0,{amount}\n")
    return path


def bring(home: Home, path: Path, clock: Callable[[], datetime], day: date | None = None) -> None:
    order = ImportOrder(paths=(path,), observed_on=day)
    import_files(home.settings, home.engine, find_spiders()[SOURCE], order, clock)


def reread(home: Home, clock: Callable[[], datetime], **more: object) -> RereadReport:
    return reread_source(home.settings, home.engine, find_spiders()[SOURCE], clock, **more)


def ask(home: Home, moment: Moment = NOW, **asked: object) -> list[tuple[str | None, int, int]]:
    with read(home.engine) as session:
        groups = summarise_spending(session, SpendQuery(moment=moment, **asked)).groups
    return [(g.currency, (g.lower_minor or 0) // 100, (g.upper_minor or 0) // 100) for g in groups]


def tell_corrections(home: Home) -> list[tuple[str, str]]:
    with read(home.engine) as session:
        items = list_corrections(session, CorrectionFilter()).items
    return [(one.kind, tell_correction(one)) for one in items]


def test_an_ad_read_wrongly_is_read_again_and_the_correction_says_whose_fault_it_was(
    home, tmp_path, clock, misread
):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    known_before = clock()
    assert ask(home) == [("USD", 0, 100)]

    misread.undo()
    report = reread(home, clock)

    assert (report.captures, report.counts.seen, report.counts.changed) == (1, 1, 1)
    assert ask(home) == [("INR", 2500, 125_000)]
    assert ask(home, Moment(as_of=known_before)) == [("USD", 0, 100)]
    ((kind, told),) = tell_corrections(home)
    assert kind == CorrectionKind.MISREAD
    assert (
        "Our reading was wrong: 0 to 100 USD. The same evidence says: 2,500 to 125,000 INR" in told
    )
    with read(home.engine) as session:
        metrics = session.exec(select(AdMetric).order_by(col(AdMetric.seq))).all()
        assert {metric.observed_at.date() for metric in metrics} == {FIRST}


def test_a_statement_read_wrongly_is_read_again(home, tmp_path, clock, misread):
    bring(home, write_total(tmp_path, 6000), clock, FIRST)
    asked = {"measure": SpendMeasure.REPORTED, "by": SpendBy.ADVERTISER}
    assert ask(home, **asked) == [("USD", 0, 50)]

    misread.undo()
    reread(home, clock)

    assert ask(home, **asked) == [("BRL", 6000, 6000)]
    assert [kind for kind, _ in tell_corrections(home)] == [CorrectionKind.MISREAD]
    assert (
        "0 USD, rounded. The same evidence says: 6,000 BRL, rounded" in tell_corrections(home)[0][1]
    )


def test_what_later_files_showed_unmoved_stays_corrected_and_what_moved_keeps_its_time(
    home, tmp_path, clock, misread
):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    bring(home, write_ads(tmp_path, "a", INDIA), clock, SECOND)
    bring(home, write_ads(tmp_path, "b", MORE), clock, THIRD)

    misread.undo()
    reread(home, clock)

    assert ask(home) == [("INR", 125_000, 250_000)]
    seen = [
        ask(home, Moment(valid_at=datetime(2026, 2, day, tzinfo=UTC))) for day in (2, 9, 14, 16)
    ]
    assert seen == [[("INR", 2500, 125_000)]] * 3 + [[("INR", 125_000, 250_000)]]
    assert {kind for kind, _ in tell_corrections(home)} == {CorrectionKind.MISREAD}


@pytest.mark.parametrize("make", [write_total, lambda folder, _: write_ads(folder, "a", INDIA)])
def test_reading_again_by_the_same_reader_changes_nothing(home, tmp_path, clock, make):
    for day in (FIRST, SECOND):
        bring(home, make(tmp_path, 6000), clock, day)
    before = ask(home), ask(home, measure=SpendMeasure.REPORTED)

    report = reread(home, clock)

    assert (report.counts.new, report.counts.changed) == (0, 0)
    assert (ask(home), ask(home, measure=SpendMeasure.REPORTED)) == before
    assert tell_corrections(home) == []


def test_after_it_was_stopped_the_next_call_goes_on_where_it_stood(home, tmp_path, clock, misread):
    for name, day in (("a", FIRST), ("b", SECOND), ("c", THIRD)):
        bring(home, write_ads(tmp_path, name, INDIA), clock, day)
    misread.undo()
    told: list[str] = []

    def stop_at_the_second(name: str) -> None:
        told.append(name)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reread(home, clock, tell=stop_at_the_second)
    report = reread(home, clock)

    assert (report.before, report.captures) == (1, 2)
    assert ask(home) == [("INR", 2500, 125_000)]
    with read(home.engine) as session:
        assert session.get(ArchiveFact, f"reread_{SOURCE}") is None
    assert reread(home, clock).before == 0


def test_another_reader_begins_anew(home, tmp_path, clock):
    for name, day in (("a", FIRST), ("b", SECOND)):
        bring(home, write_ads(tmp_path, name, INDIA), clock, day)
    with write(home.engine) as session:
        session.add(ArchiveFact(name=f"reread_{SOURCE}", value="another-reader 1"))

    assert reread(home, clock).before == 0


def test_a_file_that_does_not_say_when_it_was_written_stays_undated(home, tmp_path, clock, misread):
    bring(home, write_ads(tmp_path, "a", INDIA), clock)
    misread.undo()
    reread(home, clock)

    with read(home.engine) as session:
        how = session.exec(select(Run.observed_how)).all()
    assert list(how) == [RunKind.IMPORT, RunKind.IMPORT]


def test_the_sum_of_a_period_does_not_count_what_was_read_wrongly(home, tmp_path, clock, misread):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    misread.undo()
    reread(home, clock)
    with write(home.engine) as session:
        # As if the mistake had been about the amount alone.
        metric = session.exec(select(AdMetric).order_by(col(AdMetric.seq))).first()
        metric.currency, metric.spend_lower_minor = "INR", 900_000_00
        metric.spend_upper_minor = None

    period = {"from_on": date(2025, 1, 1), "to_on": date(2025, 1, 31), "basis": SpendBasis.BOUNDS}
    assert ask(home, **period) == [("INR", 2500, 125_000)]


def test_a_run_covers_no_more_for_being_read_again(home, tmp_path, clock):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    with write(home.engine) as session:
        session.exec(select(Run)).one().outcome = Outcome.PARTIAL
        mark = session.exec(select(Checkpoint)).one()
        mark.cursor = "page-7"

    reread(home, clock)

    with read(home.engine) as session:
        again = session.exec(select(Run).where(Run.kind == RunKind.REREAD)).one()
        assert (again.outcome, again.complete) == (Outcome.PARTIAL, False)
        assert session.exec(select(Checkpoint)).one().cursor == "page-7"


def test_what_waits_for_a_person_is_left_to_that_person(home, tmp_path, clock):
    bring(home, write_total(tmp_path, 19_000_000_000), clock, FIRST)
    report = reread(home, clock)

    assert report.captures == 0
    assert ["waits for a person" in left for left in report.left] == [True]
    assert ask(home, measure=SpendMeasure.REPORTED) == []


def test_a_capture_whose_bytes_are_gone_is_named_and_the_next_is_read(home, tmp_path, clock):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    for blob in home.settings.blobs_dir.rglob("*.zst"):
        blob.unlink()
    bring(home, write_total(tmp_path, 6000), clock, SECOND)

    report = reread(home, clock)

    assert report.captures == 1
    assert [left.split(":")[0] for left in report.left] == [
        "google-political-ads-creative-stats.csv"
    ]


def test_the_command_tells_what_was_read_otherwise(home, tmp_path, clock, misread):
    bring(home, write_ads(tmp_path, "a", INDIA), clock, FIRST)
    misread.undo()

    done = home.command("reread", SOURCE, "--json")

    assert json.loads(done.stdout)["changed"] == 1
    with read(home.engine) as session:
        assert session.exec(select(PublicAd.currency)).one() == "INR"
