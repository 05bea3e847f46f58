"""What sources state for advertisers, asked for any days: each grain by itself, and which one answers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.reading.as_of.moment import Moment
from archive.records import AdvertiserSpendRecord, Grain
from archive.spending import SpendBy, SpendMeasure, SpendQuery, SpendQueryError, summarise_spending
from archive.spending.periods import PeriodSlice
from archive.spending.statements import Statement, answer_period
from archive.store.database import read
from tests.archive.moments import NOON
from tests.archive.spending.stated import ask, on, state, tell


def test_the_day_asked_for_is_answered_by_its_own_statement(engine, ingest_run):
    ingest_run([state("day", 0, 1, 500), state("day", 1, 1, 7), state("day", 0, 1, 80, ref="b")])

    by = {"by": SpendBy.ADVERTISER}
    assert tell(engine, 0, 0, **by) == [
        ("example:page-1", "day", 500, 500, 0),
        ("example:b", "day", 80, 80, 0),
    ]


def test_days_add_up_and_a_missing_one_leaves_the_upper_end_open(engine, ingest_run):
    ingest_run([state("day", 0, 1, 10, 20), state("day", 1, 1, 5), state("day", 3, 1, 1)])

    assert tell(engine, 0, 1) == [("all", "day", 15, 25, 0)]
    assert tell(engine, 0, 3) == [("all", "day", 16, None, 1)]


def test_an_advertiser_left_out_of_a_day_counts_nothing_on_it(engine, ingest_run):
    ingest_run([state("day", 0, 1, 10), state("day", 1, 1, 5, ref="b")])

    assert tell(engine, 0, 1, by=SpendBy.ADVERTISER) == [
        ("example:page-1", "day", 10, 10, 0),
        ("example:b", "day", 5, 5, 0),
    ]


def test_a_window_answers_as_the_window_it_is_and_others_bound_it(engine, ingest_run):
    ingest_run(
        [
            state("window", 0, 30, 100, 120),
            state("window", 10, 7, 30, 40),
            state("window", 0, 7, 20, 25),
            state("day", 12, 1, 33),
        ]
    )

    assert tell(engine, 10, 16) == [("all", "window", 30, 40, 0)]
    assert tell(engine, 0, 16) == [("all", "window", 33, 120, 0)]
    assert tell(engine, 0, 16, grain=Grain.WINDOW) == [("all", "window", 30, 120, 0)]
    assert tell(engine, 30, 40) == []


def test_each_advertiser_is_answered_by_the_grain_it_has(engine, ingest_run):
    ingest_run([state("day", 0, 1, 10), state("week", 0, 7, 50, ref="b")])

    assert tell(engine, 0, 6) == [("all", "week", 50, 50, 0), ("all", "day", 10, None, 6)]
    assert tell(engine, 0, 6, grain=Grain.WEEK) == [("all", "week", 50, 50, 0)]


def test_countries_and_currencies_of_one_advertiser_stay_apart_or_add_up(engine, ingest_run):
    ingest_run([state("day", 0, 1, 10), state("day", 0, 1, 3, country="PT")])

    assert tell(engine, 0, 0) == [("all", "day", 13, 13, 0)]
    assert tell(engine, 0, 0, by=SpendBy.COUNTRY) == [
        ("ES", "day", 10, 10, 0),
        ("PT", "day", 3, 3, 0),
    ]


def test_days_weeks_and_months_are_split(engine, ingest_run):
    ingest_run([state("day", step, 1, step + 1) for step in (0, 1, 7)])
    ingest_run([state("week", 0, 7, 70, ref="b")], source="another", partition="x")

    assert tell(engine, by=SpendBy.DAY) == [
        (on(0).isoformat(), "day", 1, 1, 0),
        (on(1).isoformat(), "day", 2, 2, 0),
        (on(7).isoformat(), "day", 8, 8, 0),
    ]
    assert tell(engine, by=SpendBy.WEEK) == [
        (on(0).isoformat(), "day", 3, None, 5),
        (on(0).isoformat(), "week", 70, 70, 0),
        (on(7).isoformat(), "day", 8, None, 6),
    ]
    assert tell(engine, 0, 6, by=SpendBy.MONTH) == [
        ("2026-01", "day", 3, None, 5),
        ("2026-01", "week", 70, 70, 0),
    ]


def test_what_nothing_answers_says_which_statements_there_are(engine, ingest_run):
    ingest_run([state("week", 0, 7, 70), state("week", 7, 7, 70), state("day", 3, 1, 1)])

    summary = ask(engine)
    assert summary.groups == []
    assert [(s.source, s.grain, s.statements, s.first_on, s.last_on) for s in summary.stated] == [
        ("example", "day", 1, on(3), on(3)),
        ("example", "week", 2, on(0), on(13)),
    ]


@pytest.mark.parametrize("grain", list(Grain))
def test_what_is_named_where_nothing_answers_answers_as_it_is_said_to(engine, ingest_run, grain):
    first, days = (None, 0) if grain in (Grain.LIFETIME, Grain.REGION) else (3, 7)
    parts = {"countries": ["ES", "ES-MD"]} if grain is Grain.REGION else {}
    ingest_run([state(grain, first, days, 70).model_copy(update=parts)])
    for by in set(SpendBy) - {SpendBy.PAYEE, SpendBy.PURPOSE}:
        summary = ask(engine, by=by)
        assert bool(summary.groups) != bool(summary.stated)
        for there in summary.stated:
            named = {"from_on": there.first_on, "to_on": there.last_on}
            assert ask(engine, by=there.choose_by(by), **named).groups, (by, there)


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.WINDOW])
def test_months_have_the_days_that_are_known_where_none_are_named(engine, ingest_run, grain):
    ingest_run([state(grain, 0, 7, 70)])
    [(key, answered_by, *_)] = tell(engine, by=SpendBy.MONTH, grain=grain)
    assert (key, answered_by) == ("2026-01", grain)


@pytest.mark.parametrize(
    "asked",
    [
        {"measure": SpendMeasure.ADS, "grain": Grain.DAY},
        {"measure": SpendMeasure.REPORTED, "grain": Grain.WINDOW},
        {"measure": SpendMeasure.REPORTED, "grain": Grain.REGION},
        {"measure": SpendMeasure.REPORTED, "grain": Grain.WEEK, "by": SpendBy.DAY},
        {
            "measure": SpendMeasure.REPORTED,
            "grain": Grain.LIFETIME,
            "from_on": on(0),
            "to_on": on(1),
        },
    ],
)
def test_a_grain_that_cannot_answer_is_refused(engine, asked):
    with read(engine) as session, pytest.raises(SpendQueryError) as refused:
        summarise_spending(session, SpendQuery(**asked))
    assert refused.value.field == "grain"


spans = st.tuples(st.integers(0, 20), st.integers(1, 9))


@given(
    st.lists(st.integers(0, 50), min_size=21, max_size=21),
    st.lists(spans, max_size=6),
    st.sets(st.integers(0, 20)),
    spans,
)
def test_what_was_truly_spent_lies_within_every_answer(spent, windows, days, asked):
    def total(first, length):
        return sum(spent[first : first + length])

    told = [
        Statement("w", Grain.WINDOW, on(first), on(first + n - 1), total(first, n), total(first, n))
        for first, n in windows
    ]
    told += [Statement("d", Grain.DAY, on(day), on(day), spent[day], spent[day]) for day in days]
    first, length = asked
    wanted = PeriodSlice("", on(first), on(first + length - 1))
    sharing = [s for s in told if s.first_on <= wanted.last_on and s.last_on >= wanted.first_on]
    known = {"d": frozenset(on(day) for day in days if first <= day < first + length)}

    answers = answer_period(sharing, wanted, known)
    assert len(answers) <= 1
    for answer in answers:
        assert answer.sum.lower <= total(first, length)
        assert answer.sum.open_count or answer.sum.upper >= total(first, length)


def live(ref, lower, dataset="totals"):
    return AdvertiserSpendRecord(
        dataset=dataset,
        platform="examplatform",
        grain=Grain.LIFETIME,
        advertiser_ref=ref,
        advertiser_name="Harbour Party",
        currency="EUR",
        spend_lower_minor=lower,
        spend_upper_minor=lower,
    )


def count_missed(engine, **asked):
    groups = ask(engine, by=SpendBy.ADVERTISER, **asked).groups
    return {group.key: (group.ads, group.not_in_newest) for group in groups}


def test_what_the_newest_file_of_its_data_set_lacks_is_counted_beside_it(engine, ingest_run):
    ingest_run([live("old", 5), live("x", 1), live("elsewhere", 1, "others")], sweep=False)
    later = {"sweep": False, "now": NOON + timedelta(days=1)}
    ingest_run([live("new", 5), live("x", 2)], **later)

    assert count_missed(engine) == {
        "example:old": (1, 1),
        "example:new": (1, 0),
        "example:x": (1, 0),
        "example:elsewhere": (1, 0),
    }
    assert count_missed(engine, advertiser_id="example:old") == {"example:old": (1, 1)}
    assert count_missed(engine, moment=Moment(as_of=NOON))["example:old"] == (1, 0)
