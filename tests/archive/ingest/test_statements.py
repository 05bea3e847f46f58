"""Statements about advertisers: what is current, what came late, what was taken back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import AdvertiserSpend, Correction
from archive.models.changes import ChangeKind
from archive.models.runs import Outcome, RunKind
from archive.records import AdvertiserSpendRecord, Grain
from archive.runs.lease import begin_run
from archive.runs.sightings import read_seen
from archive.store.database import create_archive_engine, read, write
from tests.examples import few_or_many
from tests.migrated import copy_tables

DAY_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAST_WEEK = {"period_start_on": date(2026, 2, 15), "period_end_on": date(2026, 2, 21)}


def day(number):
    return DAY_1 + timedelta(days=number - 1)


def state(amount, ref="page-1", **values):
    given = {
        "dataset": "weekly",
        "platform": "examplatform",
        "grain": Grain.WEEK,
        "advertiser_ref": ref,
        "advertiser_name": "Harbour Party",
        "currency": "EUR",
        "spend_lower_minor": amount,
        "spend_upper_minor": amount,
    }
    return AdvertiserSpendRecord(**(given | LAST_WEEK | values))


def state_total(amount, **values):
    no_period = {"period_start_on": None, "period_end_on": None}
    return state(amount, dataset="totals", grain=Grain.LIFETIME, **(no_period | values))


def take_in(engine, records, at, *, learned_at=None, partition="2026", sweep=True):
    now = learned_at or at
    with write(engine) as session:
        lease = begin_run(
            session,
            "example",
            partition,
            RunKind.CRAWL,
            now,
            observed_on=at,
            is_sweep=sweep,
        )
        counts = ingest_page(session, lease, records, None, now)
        close_run(session, lease, Outcome.DONE, now, covered=sweep)
    return counts


def list_corrections(engine):
    with read(engine) as session:
        rows = session.exec(select(Correction).order_by(col(Correction.id)))
        return [(row.kind, row.before, row.after) for row in rows]


def list_rows(engine):
    """Amount, day and whether it is current, by day."""
    query = select(AdvertiserSpend).order_by(
        col(AdvertiserSpend.observed_at), col(AdvertiserSpend.id)
    )
    with read(engine) as session:
        return [
            (row.spend_lower_minor, (row.observed_at - DAY_1).days + 1, row.is_current)
            for row in session.exec(query)
        ]


def money(lower, upper=None, currency="EUR"):
    return {
        "currency": currency,
        "spend_lower_minor": lower,
        "spend_upper_minor": lower if upper is None else upper,
    }


def test_an_unchanged_statement_writes_no_row_and_is_noted_as_seen(engine):
    take_in(engine, [state(100)], day(1))
    counts = take_in(engine, [state(100)], day(2))

    assert (counts.unchanged, counts.changed) == (1, 0)
    assert list_rows(engine) == [(100, 1, True)]
    with read(engine) as session:
        assert list(read_seen(session, 2, ChangeKind.ADVERTISER_SPEND)) == [[1]]


def test_the_amount_of_a_week_that_was_over_is_corrected(engine):
    take_in(engine, [state(100)], day(1))
    take_in(engine, [state(150)], day(5))

    assert list_corrections(engine) == [("restated", money(100), money(150))]
    assert list_rows(engine) == [(100, 1, False), (150, 5, True)]


def test_a_week_that_still_ran_grows_without_a_correction(engine):
    this_week = {"period_start_on": date(2026, 3, 1), "period_end_on": date(2026, 3, 7)}
    take_in(engine, [state(100, **this_week)], day(1))
    take_in(engine, [state(150, **this_week)], day(20))

    assert list_corrections(engine) == []


def test_a_week_seen_again_after_its_end_is_over_although_its_amount_is_older(engine):
    this_week = {"period_start_on": date(2026, 3, 1), "period_end_on": date(2026, 3, 7)}
    take_in(engine, [state(100, **this_week)], day(1))
    take_in(engine, [state(100, **this_week)], day(10))
    take_in(engine, [state(150, **this_week)], day(20))

    assert list_corrections(engine) == [("restated", money(100), money(150))]


def test_a_total_that_grows_is_no_correction_and_one_that_falls_is(engine):
    take_in(engine, [state_total(100)], day(1))
    take_in(engine, [state_total(150)], day(2))
    assert list_corrections(engine) == []

    take_in(engine, [state_total(120)], day(3))
    assert list_corrections(engine) == [("restated", money(150), money(120))]


def test_a_falling_number_of_ads_stands_beside_the_falling_amount(engine):
    take_in(engine, [state_total(100, ads_count=9)], day(1))
    take_in(engine, [state_total(90, ads_count=7)], day(2))

    [(_, before, after)] = list_corrections(engine)
    assert (before["ads_count"], after["ads_count"]) == (9, 7)


def test_another_currency_is_a_correction(engine):
    take_in(engine, [state_total(100)], day(1))
    take_in(engine, [state_total(500, currency="USD")], day(2))

    assert list_corrections(engine) == [("restated", money(100), money(500, currency="USD"))]


def test_other_conversions_alone_correct_nothing(engine):
    take_in(engine, [state(100, spend_conversions={"USD": [110, 110]})], day(1))
    take_in(engine, [state(100, spend_conversions={"USD": [120, 120]})], day(2))

    assert list_corrections(engine) == []
    assert len(list_rows(engine)) == 2


def test_two_rows_of_one_series_in_one_run_do_not_correct_each_other(engine):
    take_in(engine, [state(100), state(150)], day(1))

    assert list_corrections(engine) == []
    assert list_rows(engine) == [(100, 1, False), (150, 1, True)]


def test_what_a_complete_sweep_no_longer_states_is_withdrawn(engine):
    take_in(engine, [state(100), state(200, "page-2")], day(1))
    take_in(engine, [state(200, "page-2")], day(2))

    assert list_corrections(engine) == [("withdrawn", money(100), {})]
    with read(engine) as session:
        gone = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.is_withdrawn)).one()
    assert gone.is_current
    assert gone.spend_lower_minor is None
    assert gone.spend_upper_minor is None
    assert gone.missing["spend_lower_minor"] == "not_provided"


def test_what_is_withdrawn_is_withdrawn_once(engine):
    take_in(engine, [state(100), state(200, "page-2")], day(1))
    take_in(engine, [state(200, "page-2")], day(2))
    take_in(engine, [state(200, "page-2")], day(3))

    assert len(list_corrections(engine)) == 1


def test_what_is_stated_again_has_returned(engine):
    take_in(engine, [state(100), state(200, "page-2")], day(1))
    take_in(engine, [state(200, "page-2")], day(2))
    take_in(engine, [state(100), state(200, "page-2")], day(3))

    assert list_corrections(engine)[1:] == [("returned", {}, money(100))]
    assert list_rows(engine)[-1] == (100, 3, True)


def test_a_run_that_is_no_sweep_withdraws_nothing(engine):
    take_in(engine, [state(100)], day(1))
    take_in(engine, [state(200, "page-2")], day(2), sweep=False)

    assert list_corrections(engine) == []


def test_another_partition_s_statements_are_left_alone(engine):
    take_in(engine, [state(100)], day(1), partition="2025")
    take_in(engine, [state(200, "page-2")], day(2), partition="2026")

    assert list_corrections(engine) == []


def test_a_statement_brought_by_an_import_belongs_to_the_partition_whose_sweep_saw_it(engine):
    take_in(engine, [state(100)], day(1), partition="import", sweep=False)
    take_in(engine, [state(100), state(200, "page-2")], day(2))
    take_in(engine, [state(200, "page-2")], day(3))

    assert list_corrections(engine) == [("withdrawn", money(100), {})]


def test_a_late_sweep_withdraws_nothing_that_was_seen_later(engine):
    take_in(engine, [state(100), state(200, "page-2")], day(1))
    take_in(engine, [state(100), state(200, "page-2")], day(9))
    take_in(engine, [state(200, "page-2")], day(5), learned_at=day(10))

    assert list_corrections(engine) == []


def test_a_late_statement_never_becomes_current_and_corrects_nothing(engine):
    take_in(engine, [state(150)], day(5), sweep=False)
    counts = take_in(engine, [state(100)], day(1), learned_at=day(6), sweep=False)

    assert counts.changed == 1
    assert list_rows(engine) == [(100, 1, False), (150, 5, True)]
    assert list_corrections(engine) == []


def test_what_was_seen_unchanged_after_a_late_statement_is_affirmed(engine):
    take_in(engine, [state(100)], day(1), sweep=False)
    take_in(engine, [state(100)], day(10), sweep=False)
    take_in(engine, [state(150)], day(5), learned_at=day(11), sweep=False)

    assert list_rows(engine) == [(100, 1, False), (150, 5, False), (100, 10, True)]
    assert list_corrections(engine) == []


def test_a_statement_between_two_runs_at_other_things_is_current_when_nothing_newer_saw_it(engine):
    take_in(engine, [state(100)], day(1), sweep=False)
    take_in(engine, [state(200, "page-2")], day(10), sweep=False)
    take_in(engine, [state(150)], day(5), learned_at=day(11), sweep=False)

    assert list_rows(engine)[:2] == [(100, 1, False), (150, 5, True)]
    assert list_corrections(engine) == [("restated", money(100), money(150))]


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory):
    engine = create_archive_engine(copy_tables(tmp_path_factory.mktemp("series")))
    yield engine
    engine.dispose()


numbers = iter(range(10_000))
arrivals = st.lists(st.tuples(st.integers(1, 8), st.sampled_from((100, 200, 300))), max_size=7)


@settings(max_examples=few_or_many(12))
@given(arrivals)
def test_in_any_order_of_arrival_the_rows_say_what_held_at_every_time(sqlite_engine, arrivals):
    ref = f"page-{next(numbers)}"
    everything = []
    for order, (number, amount) in enumerate(arrivals):
        take_in(sqlite_engine, [state(amount, ref)], day(number), sweep=False)
        everything.append((day(number), order, amount))
    with read(sqlite_engine) as session:
        query = select(AdvertiserSpend).where(AdvertiserSpend.advertiser_ref == ref)
        rows = session.exec(query).all()

    for moment in map(day, range(9)):
        known = max(
            ((r.observed_at, r.id, r) for r in rows if r.observed_at <= moment), default=None
        )
        true = max((one for one in everything if one[0] <= moment), default=None)
        assert (known and known[2].spend_lower_minor) == (true and true[2])
    current = [row.spend_lower_minor for row in rows if row.is_current]
    assert current == ([max(everything)[2]] if everything else [])
