"""Where we crawled, what we saw, what the source states, and what is missing, week by week."""

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.models.runs import Outcome, RunKind
from archive.reading.coverage import cover_source, cover_weeks
from archive.reading.reasons import OUTCOMES
from archive.records import AdvertiserSpendRecord, SourceTotalRecord
from archive.runs.crawling_stops import resume_crawling, stop_crawling
from archive.runs.lease import WORKER_STOPPED, begin_run
from archive.runs.silence import SILENT_AFTER
from archive.store.database import read, write
from tests.archive.reading.conftest import MONDAY

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SUNDAY = MONDAY + 6 * DAY


def weeks(engine, now=SUNDAY, country="*", **wanted):
    with read(engine) as session:
        return cover_weeks(session, now, country=country, **wanted)


def week(engine, now=SUNDAY, country="*", **wanted):
    (only,) = weeks(engine, now, country, **wanted)
    return only


def total(ads_count, **values):
    return SourceTotalRecord(dataset="summary", ads_count=ads_count, **values)


def statement(ref, ads_count, countries=("GR",)):
    return AdvertiserSpendRecord(
        dataset="advertiser_stats",
        platform="examplatform",
        grain="lifetime",
        advertiser_ref=ref,
        countries=list(countries),
        ads_count=ads_count,
        currency="USD",
        spend_lower_minor=1,
        spend_upper_minor=1,
    )


def test_what_is_missing_of_a_claim_is_counted_exactly(engine, record_run):
    record_run([f"a{i}" for i in range(95)], totals=[total(100), total(100, country="GR")])
    for country in ("*", "GR"):
        row = week(engine, country=country)
        assert (row.seen, row.source_total, row.missing, row.missing_share) == (95, 100, 5, 0.05)
        assert row.source_total_from == "summary"
        assert row.sentence.endswith("saw 95 of 100 ads stated: 5 missing (5 %)")


def test_without_a_claim_nothing_is_known_to_be_missing(engine, record_run):
    record_run(["a"])
    row = week(engine)
    assert (row.seen, row.source_total, row.missing, row.missing_share) == (1, None, None, None)
    assert row.sentence.endswith("saw 1 ad; the source states no total to hold against it")


def test_a_week_whose_runs_all_failed_knows_neither_what_was_there_nor_what_was_claimed(
    engine, record_run
):
    record_run(["a"], totals=[total(100)])
    record_run([], MONDAY + WEEK, outcome=Outcome.FAILED, reason="the server said 500")
    now, before = weeks(engine, SUNDAY + WEEK)
    assert (now.week_on, now.seen, now.source_total, now.vanished) == (
        date(2026, 3, 9),
        None,
        None,
        None,
    )
    assert now.outcomes == {"failed": 1}
    assert (before.seen, before.source_total) == (1, 100)


def test_more_seen_than_claimed_is_said_as_such(engine, record_run):
    record_run(["a", "b", "c"], totals=[total(2)])
    row = week(engine)
    assert (row.missing, row.missing_share, row.beyond_source_total) == (0, 0.0, 1)
    assert row.sentence.endswith("saw 3 ads, 1 more than the 2 the source states")


def test_the_newest_run_of_each_partition_counts_and_partitions_add_up(engine, record_run):
    record_run(["a", "b", "c"])
    record_run(["a", "b"], MONDAY + DAY)
    record_run(["x"], MONDAY + DAY, partition="2025")
    row = week(engine)
    assert (row.runs, row.days_crawled, row.seen, row.vanished) == (3, 2, 3, 1)


def test_a_run_that_was_cut_short_does_not_stand_for_what_was_there(engine, record_run):
    record_run(["a", "b", "c"])
    record_run(["a"], MONDAY + DAY, outcome=Outcome.PARTIAL, reason="stopped after page 1")
    assert week(engine).seen == 3


def test_files_that_name_no_partition_may_be_copies_and_do_not_add_up(engine, record_run):
    record_run(["a", "b"])
    record_run(["a"], MONDAY + DAY, partition="import", kind=RunKind.IMPORT, covered=False)
    assert week(engine).seen == 2


def test_counts_beside_what_advertisers_spent_are_claims_too(engine, record_run):
    record_run(["a", statement("p1", 3), statement("p2", 4)])
    assert [week(engine, country=c).source_total for c in ("*", "GR")] == [7, 7]
    assert week(engine).source_total_from == "advertiser_stats"


def test_a_statement_stands_in_later_weeks_until_another_replaces_it(engine, record_run):
    record_run(["a", statement("p1", 3)])
    record_run(["a", statement("p1", 3)], MONDAY + WEEK)
    record_run(["a", statement("p1", 5)], MONDAY + 2 * WEEK)
    assert [row.source_total for row in weeks(engine, SUNDAY + 2 * WEEK)] == [5, 3, 3]


def test_a_statement_that_a_complete_run_no_longer_found_claims_nothing(engine, record_run):
    record_run(["a", statement("p1", 3), statement("p2", 4)])
    record_run(["a", statement("p1", 3)], MONDAY + WEEK)
    assert [row.source_total for row in weeks(engine, SUNDAY + WEEK)] == [3, 7]


def test_a_claim_for_several_countries_is_a_claim_for_none_of_them(engine, record_run):
    record_run(["a", statement("p1", 3), statement("p2", 4, ["DE", "GR"])])
    assert (week(engine).source_total, week(engine, country="GR").source_total) == (7, None)


def test_a_country_that_is_claimed_and_was_not_seen_is_missing_whole(engine, record_run):
    record_run(["a"], totals=[total(4, country="DE")])
    row = week(engine, country="DE")
    assert (row.runs, row.seen, row.source_total, row.missing_share) == (1, 0, 4, 1.0)


def test_an_advertiser_without_a_count_leaves_the_claim_unknown(engine, record_run):
    record_run(["a", statement("p1", 3), statement("p2", None)])
    assert week(engine).source_total is None


def test_of_two_data_sets_the_one_that_claims_most_stands(engine, record_run):
    record_run(["a", statement("p1", 3)], totals=[total(2)])
    assert (week(engine).source_total, week(engine).source_total_from) == (3, "advertiser_stats")


def test_a_total_of_the_whole_stands_above_those_of_its_parts(engine, record_run):
    record_run(["a"], totals=[total(9), total(3, subject="p1"), total(4, subject="p2")])
    assert week(engine).source_total == 9


def test_totals_of_parts_are_added_up_and_those_no_longer_stated_are_not(engine, record_run):
    record_run(["a"], totals=[total(3, subject="p1"), total(4, subject="p2")])
    record_run(["a"], MONDAY + DAY, totals=[total(3, subject="p1")])
    assert week(engine).source_total == 3
    assert week(engine, MONDAY).week_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        (datetime(2026, 3, 8, 23, 59, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime.fromisoformat("2026-03-09T00:30:00+02:00"), date(2026, 3, 2)),
        (datetime.fromisoformat("2026-03-08T23:30:00-05:00"), date(2026, 3, 9)),
    ],
)
def test_a_run_belongs_to_the_week_of_its_day_in_utc(engine, record_run, at, monday):
    record_run(["a"], at, totals=[total(1)])
    rows = weeks(engine, at)
    assert [(row.week_on, row.seen, row.source_total) for row in rows] == [(monday, 1, 1)]


def test_the_current_week_has_the_days_so_far(engine, record_run):
    record_run(["a"])
    assert (week(engine, MONDAY + 2 * DAY).days, week(engine, SUNDAY).days) == (3, 7)


@pytest.mark.parametrize(
    "outcome", [Outcome.PARTIAL, Outcome.FAILED, Outcome.DEFERRED, Outcome.BLOCKED]
)
def test_a_run_that_did_not_end_well_is_a_gap_with_its_reason(engine, record_run, outcome):
    record_run([], outcome=outcome, reason="the token has expired")
    row = week(engine, MONDAY)
    assert row.outcomes == {outcome: 1}
    (gap,) = row.gaps
    assert (gap.outcome, gap.reason, gap.partitions) == (outcome, OUTCOMES[outcome], ["2026"])


def test_days_on_which_no_run_began_are_a_gap_that_says_so(engine, record_run):
    record_run(["a"])
    record_run(["a"], MONDAY + 4 * DAY)
    (gap,) = week(engine, MONDAY + 4 * DAY).gaps
    assert (gap.start_on, gap.end_on) == (date(2026, 3, 3), date(2026, 3, 5))
    assert (gap.outcome, gap.reason) == ("not_crawled", "nobody crawled")


def test_weeks_in_which_everything_was_down_are_there_too(engine, record_run):
    record_run(["a"])
    rows = weeks(engine, SUNDAY + 2 * WEEK)
    assert [(row.week_on, row.runs, len(row.gaps)) for row in rows] == [
        (date(2026, 3, 16), 0, 1),
        (date(2026, 3, 9), 0, 1),
        (date(2026, 3, 2), 1, 1),
    ]


def test_a_day_that_is_not_over_is_no_gap_before_a_run_has_failed_on_it(engine, record_run):
    record_run(["a"])
    assert week(engine, MONDAY + timedelta(hours=1)).gaps == []


def test_partitions_that_lack_the_same_days_share_a_gap(engine, record_run):
    for partition in ("DE", "GR"):
        record_run(["a"], partition=partition)
    (gap,) = week(engine, MONDAY + 2 * DAY).gaps
    assert (gap.partitions, gap.start_on) == (["DE", "GR"], date(2026, 3, 3))


def test_a_country_has_the_runs_and_gaps_of_the_partitions_that_show_it(
    engine, record_run, make_ad
):
    record_run([make_ad("a", countries=["GR"])], partition="GR")
    record_run([make_ad("b", countries=["US"])], partition="US")
    record_run([], MONDAY + DAY, partition="US", outcome=Outcome.FAILED, reason="no answer")
    assert week(engine, MONDAY + DAY, "GR").outcomes == {"done": 1}
    assert week(engine, MONDAY + DAY, "US").outcomes == {"done": 1, "failed": 1}
    assert [gap.reason for gap in week(engine, MONDAY + DAY, "US").gaps] == ["the run failed"]


def test_an_imported_partition_is_not_expected_to_be_crawled_again(engine, record_run):
    record_run(["a"], partition="import", kind=RunKind.IMPORT, covered=False)
    rows = weeks(engine, SUNDAY + WEEK)
    assert [(row.week_on, row.gaps) for row in rows] == [(date(2026, 3, 2), [])]


def test_a_run_that_fell_silent_is_a_gap_within_five_minutes(engine):
    with write(engine) as session:
        begin_run(session, "example", "2026", RunKind.CRAWL, MONDAY)

    running = week(engine, MONDAY + SILENT_AFTER)
    silent = week(engine, MONDAY + timedelta(minutes=5))

    assert (running.outcomes, running.gaps) == ({"running": 1}, [])
    assert silent.outcomes == {"failed": 1}
    assert [(gap.outcome, gap.reason) for gap in silent.gaps] == [("failed", WORKER_STOPPED)]
    with read(engine) as session:
        covered = cover_source(session, "example", now=MONDAY + timedelta(minutes=5))
    assert [gap.reason for gap in covered.gaps] == [WORKER_STOPPED]


def test_every_country_has_its_row_after_all_together(engine, record_run, make_ad):
    record_run([make_ad("a", countries=["GR", "DE"]), make_ad("b")])
    rows = weeks(engine, MONDAY, None)
    assert [(row.country, row.seen) for row in rows] == [("*", 2), ("", 1), ("DE", 1), ("GR", 1)]


def test_sources_and_weeks_can_be_chosen(engine, record_run):
    record_run(["a"])
    record_run(["b"], MONDAY + WEEK, source="other")
    later = {"from_on": date(2026, 3, 11), "to_on": date(2026, 3, 11)}
    assert [row.source for row in weeks(engine, SUNDAY + WEEK, **later)] == ["example", "other"]
    chosen = weeks(engine, SUNDAY + WEEK, source="other", **later)
    assert [(row.source, row.week_on) for row in chosen] == [("other", date(2026, 3, 9))]


def test_days_on_which_the_operator_had_stopped_all_crawling_say_so(engine, record_run):
    record_run(["a"])
    with write(engine) as session:
        stop_crawling(session, "Ada", "a court asked us to", MONDAY + DAY)
        resume_crawling(session, "Ada", "over", MONDAY + 2 * DAY)

    told = "stopped by the operator since 3 Mar 2026 12:00 UTC, because a court asked us to"
    gaps = week(engine).gaps
    with read(engine) as session:
        (whole,) = cover_source(session, "example", now=SUNDAY).gaps

    assert [(gap.outcome, gap.reason) for gap in gaps] == [
        ("not_crawled", told),
        ("not_crawled", "nobody crawled"),
    ]
    assert gaps[0].start_on == (MONDAY + DAY).date()
    assert gaps[0].end_on == (MONDAY + 2 * DAY).date()
    assert whole.reason == told
