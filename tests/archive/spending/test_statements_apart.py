"""Statements of one advertiser that contradict each other, or share only some days with a period."""

from hypothesis import given
from hypothesis import strategies as st

from archive.records import Grain
from archive.spending import SpendBy
from archive.spending.periods import PeriodSlice
from archive.spending.statements import Statement, answer_period
from tests.archive.spending.stated import on, state, tell

spans = st.tuples(st.integers(0, 20), st.integers(1, 9))
stated = st.tuples(st.sampled_from([Grain.DAY, Grain.WINDOW]), spans, st.integers(0, 90))


def test_statements_that_contradict_each_other_both_stand(engine, ingest_run):
    week = state("window", 0, 7, 500)
    ingest_run([week, *(state("day", step, 1, 10) for step in range(7))])

    assert tell(engine, 0, 6) == [("all", "window", 500, 500, 0), ("all", "day", 70, 70, 0)]


def test_days_that_contradict_a_window_around_them_stand_beside_it(engine, ingest_run):
    ingest_run([state("window", 0, 7, 20, 25), state("day", 3, 1, 33)])

    assert tell(engine, 0, 4) == [("all", "day", 33, None, 4), ("all", "window", 0, 25, 0)]
    assert tell(engine, 3, 3) == [("all", "day", 33, 33, 0), ("all", "window", 0, 25, 0)]


def test_windows_that_contradict_each_other_leave_a_range_that_holds_both(engine, ingest_run):
    ingest_run([state("window", 0, 4, 500), state("window", 0, 8, 100)])

    assert tell(engine, 0, 5) == [("all", "window", 100, 500, 0)]


def test_a_window_that_only_shares_days_with_the_period_leaves_it_open(engine, ingest_run):
    ingest_run([state("window", 0, 7, 500), state("window", 2, 9, 60, ref="b")])

    assert tell(engine, 2, 9, by=SpendBy.ADVERTISER) == [
        ("example:b", "window", 0, 60, 0),
        ("example:page-1", "window", 0, None, 0),
    ]


def test_who_is_left_out_of_all_days_spent_nothing_whatever_a_window_leaves_open(
    engine, ingest_run
):
    days = [state("day", step, 1, 10) for step in (0, 1)]
    ingest_run([*days, state("window", 0, 30, 90, ref="b"), state("window", 1, 9, 7, ref="c")])

    assert tell(engine, 0, 1) == [("all", "day", 20, 20, 0)]
    assert tell(engine, 0, 2) == [("all", "day", 20, None, 1), ("all", "window", 0, None, 0)]
    ingest_run(
        [state("window", 0, 2, 50, ref="d"), state("window", 0, 2, 5, ref="e", country="PT")]
    )
    assert tell(engine, 0, 1) == [("all", "window", 55, 55, 0), ("all", "day", 20, 20, 0)]


@given(st.lists(stated, min_size=1, max_size=8), spans)
def test_no_answer_has_its_least_above_its_most_whatever_sources_state(given_statements, asked):
    told = [
        Statement(
            grain,
            grain,
            on(first),
            on(first + (0 if grain is Grain.DAY else days - 1)),
            lower,
            lower + 5,
        )
        for grain, (first, days), lower in given_statements
    ]
    first, length = asked
    wanted = PeriodSlice("", on(first), on(first + length - 1))
    sharing = [s for s in told if s.first_on <= wanted.last_on and s.last_on >= wanted.first_on]
    known = {"day": frozenset(s.first_on for s in sharing if s.grain is Grain.DAY)}
    for answer in answer_period(sharing, wanted, known):
        assert answer.sum.open_count or 0 <= answer.sum.lower <= answer.sum.upper
