"""Coverage in figures and as sentences: days looked at, and what is missing of a claim."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.reading.as_of.moment import Moment
from archive.reading.coverage import cover_source, look_over
from archive.reading.coverage.answers import say_complete, say_looked
from archive.reading.coverage.source_totals import week_of
from archive.reading.coverage.weeks import compare_claim
from archive.store.database import read

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
counts = st.integers(0, 2**40)


@given(seen=counts, claimed=counts)
def test_missing_and_seen_make_the_claim_wherever_no_more_was_seen(seen, claimed):
    compared = compare_claim(seen, claimed)
    assert compared["missing"] >= 0 <= compared["beyond_claimed"]
    assert seen + compared["missing"] == claimed + compared["beyond_claimed"]
    if seen <= claimed:
        assert compared["missing"] + seen == claimed


@given(st.dates())
def test_every_day_lies_in_the_week_of_its_monday(day):
    assert week_of(day).weekday() == 0
    assert timedelta(0) <= day - week_of(day) < WEEK


def test_days_since_the_last_look_are_a_gap_where_now_is_known(engine, look_at, make_ad):
    look_at([make_ad("a")], MONDAY)
    with read(engine) as session:
        covered = cover_source(session, "example", now=MONDAY + 3 * DAY)
    assert (covered.days, covered.days_looked_at) == (3, 1)
    assert [gap.end_on for gap in covered.gaps] == [date(2026, 3, 4)]


def test_what_was_known_of_looks_at_an_earlier_time_stays_what_it_was(engine, look_at, make_ad):
    look_at([make_ad("a")], MONDAY)
    with read(engine) as session:
        then = look_over(session, "example", moment=Moment(as_of=MONDAY))
    look_at([make_ad("a")], MONDAY + 2 * DAY)
    with read(engine) as session:
        assert look_over(session, "example", moment=Moment(as_of=MONDAY)) == then
        assert look_over(session, "example").sentence == (
            "looked on 2 of 3 days, last on 4 Mar 2026"
        )


@pytest.mark.parametrize(
    ("days", "looked", "last_at", "sentence"),
    [
        (28, 26, MONDAY, "looked on 26 of 28 days, last on 2 Mar 2026"),
        (1, 1, MONDAY, "looked on 1 of 1 day, last on 2 Mar 2026"),
        (3, 0, None, "looked on 0 of 3 days; no look has ended well yet"),
        (0, 0, None, "never looked"),
    ],
)
def test_how_well_a_source_was_looked_at_is_a_sentence(days, looked, last_at, sentence):
    assert say_looked(days, looked, last_at) == sentence


@pytest.mark.parametrize(
    ("seen", "claimed", "end"),
    [
        (2, 3, "1 missing (33.33 %)"),
        (0, 3, "3 missing (100 %)"),
        (999_999, 1_000_000, "1 missing (under 0.01 %)"),
        (1, 1_000_000, "999,999 missing (over 99.99 %)"),
        (3, 3, "saw 3 ads, all that the source claims"),
        (None, 3, "what there was to see is unknown"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(seen, claimed, end):
    assert say_complete(seen, claimed).endswith(end)
