"""Coverage in figures and as sentences: days crawled, and what is missing of a claim."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.reading.as_of.moment import Moment
from archive.reading.coverage import cover_source, summarise_coverage
from archive.reading.coverage.answers import say_complete, tell_crawled_days
from archive.reading.coverage.source_totals import week_of
from archive.reading.coverage.weeks import compare_total
from archive.store.database import read

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
counts = st.integers(0, 2**40)


@given(seen=counts, source_total=counts)
def test_missing_and_seen_make_the_claim_wherever_no_more_was_seen(seen, source_total):
    compared = compare_total(seen, source_total)
    assert compared["missing"] >= 0 <= compared["beyond_source_total"]
    assert seen + compared["missing"] == source_total + compared["beyond_source_total"]
    if seen <= source_total:
        assert compared["missing"] + seen == source_total


@given(st.dates())
def test_every_day_lies_in_the_week_of_its_monday(day):
    assert week_of(day).weekday() == 0
    assert timedelta(0) <= day - week_of(day) < WEEK


def test_days_since_the_last_run_are_a_gap_where_now_is_known(engine, ingest_run, make_ad):
    ingest_run([make_ad("a")], MONDAY)
    with read(engine) as session:
        covered = cover_source(session, "example", now=MONDAY + 3 * DAY)
    assert (covered.days, covered.days_crawled) == (3, 1)
    assert [gap.end_on for gap in covered.gaps] == [date(2026, 3, 4)]


def test_what_was_known_of_runs_at_an_earlier_time_stays_what_it_was(engine, ingest_run, make_ad):
    ingest_run([make_ad("a")], MONDAY)
    with read(engine) as session:
        then = summarise_coverage(session, "example", moment=Moment(as_of=MONDAY))
    ingest_run([make_ad("a")], MONDAY + 2 * DAY)
    with read(engine) as session:
        assert summarise_coverage(session, "example", moment=Moment(as_of=MONDAY)) == then
        assert summarise_coverage(session, "example").sentence == (
            "crawled on 2 of 3 days, last on 4 Mar 2026"
        )


@pytest.mark.parametrize(
    ("days", "crawled", "last_at", "sentence"),
    [
        (28, 26, MONDAY, "crawled on 26 of 28 days, last on 2 Mar 2026"),
        (1, 1, MONDAY, "crawled on 1 of 1 day, last on 2 Mar 2026"),
        (3, 0, None, "crawled on 0 of 3 days; no run has ended well yet"),
        (0, 0, None, "never crawled"),
    ],
)
def test_how_well_a_source_was_crawled_is_a_sentence(days, crawled, last_at, sentence):
    assert tell_crawled_days(days, crawled, last_at) == sentence


@pytest.mark.parametrize(
    ("seen", "source_total", "end"),
    [
        (2, 3, "1 missing (33.33 %)"),
        (0, 3, "3 missing (100 %)"),
        (999_999, 1_000_000, "1 missing (under 0.01 %)"),
        (1, 1_000_000, "999,999 missing (over 99.99 %)"),
        (3, 3, "saw 3 ads, all that the source states"),
        (None, 3, "what there was to see is unknown"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(seen, source_total, end):
    assert say_complete(seen, source_total).endswith(end)
