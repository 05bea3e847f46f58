"""Sums by time that name no days: they are about the days that are known, and of no other ad or day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.reading.as_of.moment import NOW, Moment
from archive.records import Grain
from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read
from tests.archive.spending.test_statements_asked import on, state

AT = datetime(2026, 2, 10, 12, tzinfo=UTC)


def days(engine, moment=NOW, **asked):
    with read(engine) as session:
        summary = summarise_spending(session, SpendQuery(moment=moment, **asked))
    return summary.from_on, summary.to_on


@pytest.mark.parametrize(
    ("ended_on", "last_on"),
    [
        (date(2026, 1, 20), date(2026, 1, 20)),
        (date(2026, 12, 24), date(2026, 2, 10)),
        (None, date(2026, 2, 10)),
    ],
)
def test_ads_are_known_from_their_first_start_to_their_last_end_that_a_run_has_seen(
    engine, ingest_run, make_ad, ended_on, last_on
):
    elsewhere = make_ad("b", platform="other", started_on=date(2020, 1, 1))
    ingest_run([make_ad("a", started_on=date(2026, 1, 3), ended_on=ended_on), elsewhere], AT)
    for asked in ({"by": SpendBy.MONTH}, {"basis": SpendBasis.BOUNDS}):
        known = days(engine, platform="examplatform", **asked)
        assert known == (date(2026, 1, 3), last_on)


def test_by_day_the_last_days_that_can_be_split_are_told(engine, ingest_run, make_ad):
    ingest_run([make_ad("a", started_on=date(2018, 1, 3), ended_on=date(2026, 1, 20))], AT)
    first_on, last_on = days(engine, by=SpendBy.DAY)
    assert (last_on, (last_on - first_on).days) == (date(2026, 1, 20), 1099)


def test_months_of_statements_are_those_that_are_stated(engine, ingest_run):
    ingest_run([state(Grain.DAY, 0, 1, 5), state(Grain.DAY, 3, 1, 5)], AT)
    assert days(engine, measure=SpendMeasure.REPORTED, by=SpendBy.MONTH) == (on(0), on(3))


def test_days_of_an_earlier_time_stay_what_they_were(engine, ingest_run, make_ad):
    ingest_run([make_ad("a", started_on=date(2026, 1, 3), ended_on=date(2026, 1, 9))], AT)
    moment = Moment(as_of=AT + timedelta(hours=1))
    ingest_run([make_ad("b", started_on=date(2025, 1, 3))], AT + timedelta(days=3))
    assert days(engine, moment, by=SpendBy.WEEK) == (date(2026, 1, 3), date(2026, 1, 9))
