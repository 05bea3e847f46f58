"""Coverage of one watch list or platform, and of runs that got a part or nothing."""

from archive.models.runs import Outcome, RunKind
from archive.reading.coverage import summarise_coverage
from archive.store.database import read
from tests.archive.reading.conftest import MONDAY
from tests.archive.reading.test_coverage import DAY, statement, total, week, weeks


def test_a_watch_list_has_its_own_claim_its_own_loss_and_nothing_of_its_neighbour(
    engine, record_run
):
    record_run([f"a{i}" for i in range(95)], partition="watch:greens", totals=[total(100)])
    record_run(["a1", "b1"], partition="watch:blues", totals=[total(2)])
    row = week(engine, watch_list="greens")
    assert (row.watch_list, row.seen, row.source_total, row.missing_share) == (
        *("greens", 95, 100),
        0.05,
    )
    assert row.sentence.endswith("5 missing (5 %)")
    assert week(engine, watch_list="blues").missing == 0


def test_only_sources_of_a_platform_are_told_where_one_is_asked_for(engine, record_run):
    record_run(["a"])
    record_run([statement("p1", 3)], source="other")
    (row, other) = weeks(engine, platform="examplatform")
    assert (row.source, other.source, other.platforms) == ("example", "other", ["examplatform"])
    assert weeks(engine, platform="elsewhere") == []


def test_an_import_that_read_nothing_has_looked_on_no_day(engine, record_run):
    record_run([], kind=RunKind.IMPORT, covered=False, partition="import")
    with read(engine) as session:
        crawled = summarise_coverage(session, "example")
    assert (crawled.days_crawled, crawled.days_failed) == (0, 1)
    assert crawled.sentence == "crawled on 0 of 1 day (1 failed); no run has ended well yet"
    assert week(engine).outcomes == {"failed": 1}


def test_an_interrupted_run_has_got_a_part(engine, record_run):
    record_run(["a"], outcome=Outcome.PARTIAL, kind=RunKind.IMPORT)
    record_run(["a"], MONDAY + DAY)
    with read(engine) as session:
        crawled = summarise_coverage(session, "example")
    assert crawled.sentence == "crawled on 1 of 2 days (1 partly), last on 3 Mar 2026"
