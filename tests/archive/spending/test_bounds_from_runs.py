"""What runs prove that found an ad's figures unmoved, and what is settled after an ad's end."""

from datetime import UTC, date, datetime, timedelta

import pytest

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import Moment
from archive.runs.lease import begin_run, end_run
from archive.spending import SpendBasis, SpendQuery, summarise_spending
from archive.store.database import read, write

FEBRUARY = {"from_on": date(2020, 2, 1), "to_on": date(2020, 2, 29)}
RUN = {"started_on": date(2020, 2, 1), "ended_on": date(2020, 2, 28)}


def at(month, day, year=2020):
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def see(ingest_run, make_ad):
    """A run of a day that sees an ad with an amount of whole units, or a range of them."""

    def lease(ref, now, amount, upper=None, **values):
        spend = {"spend_lower_minor": amount * 100, "spend_upper_minor": (upper or amount) * 100}
        ingest_run([make_ad(ref, **(RUN | spend | values))], now, sweep=False)

    return lease


def bound(engine, **asked):
    query = SpendQuery(basis=SpendBasis.BOUNDS, **(FEBRUARY | asked))
    with read(engine) as session:
        [group] = summarise_spending(session, query).groups
    units = [None if n is None else n // 100 for n in (group.lower_minor, group.upper_minor)]
    return (*units, group.settled_late_count)


def test_a_run_that_saw_nothing_move_after_the_end_proves_the_whole_life(engine, see):
    see("a1", at(2, 28), 100)
    see("a1", at(3, 5), 100)

    assert bound(engine) == (100, 100, 0)


def test_a_run_that_saw_nothing_move_closes_the_days_before_it(engine, see):
    for day in (10, 20):
        see("a1", at(2, day), 100, 199, ended_on=None)

    assert bound(engine, to_on=date(2020, 2, 19)) == (100, 199, 0)
    assert bound(engine, to_on=date(2020, 2, 20)) == (100, None, 0)


def test_what_is_settled_after_the_end_is_the_sum_of_the_life_and_is_marked(engine, see):
    see("a1", at(3, 1), 9362)
    see("a1", at(9, 23), 10000)

    assert bound(engine) == (10000, 10000, 1)


def test_what_is_settled_within_the_period_asked_is_not_added_to_it(engine, see):
    march = {"from_on": date(2020, 3, 1), "to_on": date(2020, 3, 31)}
    for day, amount in ((8, 100), (20, 107)):
        see("a1", at(3, day), amount, started_on=date(2020, 3, 1), ended_on=date(2020, 3, 5))

    assert bound(engine, **march) == (107, 107, 1)


def test_an_end_that_was_still_to_come_when_it_was_stated_ends_nothing(engine, see):
    see("a1", at(2, 20), 100)

    assert bound(engine) == (100, None, 0)
    march = {"from_on": date(2020, 3, 1), "to_on": date(2020, 3, 31)}
    assert bound(engine, **march) == (0, None, 0)


def test_an_ad_seen_after_its_end_is_in_no_later_period(engine, see):
    see("a1", at(2, 20), 100)
    see("a1", at(3, 1), 100)
    see("a2", at(3, 1), 50, started_on=date(2020, 3, 1), ended_on=None)

    march = {"from_on": date(2020, 3, 1), "to_on": date(2020, 3, 31)}
    assert bound(engine, **march) == (50, None, 0)


def test_a_blank_amount_ends_what_runs_prove_of_the_one_before(engine, see, ingest_run, make_ad):
    see("a1", at(2, 10), 100, ended_on=None)
    blank = {"spend_lower_minor": None, "spend_upper_minor": None, "ended_on": None}
    for day in (15, 20):
        ad = make_ad("a1", started_on=date(2020, 2, 1), **blank)
        ingest_run([ad], at(2, day), sweep=False)

    assert bound(engine, to_on=date(2020, 2, 9)) == (0, 100, 0)
    assert bound(engine, to_on=date(2020, 2, 14)) == (100, None, 0)


def test_a_blank_amount_after_the_end_does_not_make_a_plan_an_end(engine, see, ingest_run, make_ad):
    see("a1", at(2, 20), 100)
    blank = {"spend_lower_minor": None, "spend_upper_minor": None}
    ingest_run([make_ad("a1", **RUN, **blank)], at(3, 2), sweep=False)

    march = {"from_on": date(2020, 3, 1), "to_on": date(2020, 3, 31)}
    assert bound(engine, **march) == (0, None, 0)


def test_an_ad_that_starts_on_the_last_day_by_its_own_zone_is_in_the_period(
    engine, ingest_run, make_ad
):
    start = datetime(2020, 3, 1, 3, tzinfo=UTC)  # the evening of 29 February there
    ad = make_ad("a1", started_at=start, day_zone="America/Los_Angeles")
    ingest_run([ad], at(3, 5), sweep=False)

    assert bound(engine) == (0, 199, 0)


def test_a_file_that_does_not_say_when_it_was_written_proves_a_lower_end_only(engine, make_ad):
    import_undated(engine, [make_ad("a1", **RUN)], at(3, 5))

    assert bound(engine) == (100, None, 0)


def test_only_runs_known_by_then_count_as_of_a_time(engine, see):
    see("a1", at(2, 28), 100)
    see("a1", at(3, 5), 100)

    assert bound(engine, moment=Moment(as_of=at(3, 1))) == (100, None, 0)
    assert bound(engine, moment=Moment(valid_at=at(3, 1))) == (100, None, 0)
    assert bound(engine, moment=Moment(as_of=at(3, 6))) == (100, 100, 0)


def test_many_ads_each_get_the_runs_that_saw_them(engine, ingest_run, make_ad):
    open_ended = {"started_on": date(2020, 2, 1), "ended_on": None}
    ingest_run([make_ad(f"a{n}", **open_ended) for n in range(40)], at(2, 10), sweep=False)
    ingest_run([make_ad(f"a{n}", **open_ended) for n in range(0, 40, 2)], at(2, 20), sweep=False)
    other = [make_ad("a1", **open_ended)]
    ingest_run(other, at(2, 25), source="harbour_ads", sweep=False)

    query = SpendQuery(
        source="example", basis=SpendBasis.BOUNDS, from_on=date(2020, 2, 1), to_on=date(2020, 2, 15)
    )
    with read(engine) as session:
        [group] = summarise_spending(session, query).groups
    assert (group.ads, group.open_count) == (40, 20)


def import_undated(engine, records, now):
    with write(engine) as session:
        run = begin_run(session, "example", "import", RunKind.IMPORT, now)
        ingest_page(session, run, records, None, now)
        end_run(session, run, Outcome.DONE, now + timedelta(minutes=1), complete=False)
