"""What a source rounds is a range of half a step each way, never 'exactly'."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from archive.models import AdvertiserSpend, Correction
from archive.reading.as_of.moment import Moment
from archive.reading.corrections import CorrectionFilter, list_corrections, tell_correction
from archive.records import AdvertiserSpendRecord, Grain, Rounding, SourceInfo, SourceKind
from archive.records.money import EXPONENTS, format_bounds, to_minor
from archive.spending import SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.spending.rounding import bound_statement, widen_bounds
from archive.store.database import read, write
from archive.store.setup import write_sources

STEPS = {"USD": 100_00, "EUR": 50_00}
SUNDAY = date(2026, 1, 4)


def state(amount, currency="USD", ref="page-1", week=0, **values):
    given = {
        "dataset": "weeks",
        "platform": "examplatform",
        "grain": Grain.WEEK,
        "period_start_on": SUNDAY + timedelta(weeks=week),
        "period_end_on": SUNDAY + timedelta(weeks=week, days=6),
        "advertiser_ref": ref,
        "advertiser_name": f"Party of {ref}",
        "currency": currency,
        "spend_lower_minor": amount * 100,
        "spend_upper_minor": amount * 100,
        "is_rounded": True,
        "rounded_to_minor": STEPS.get(currency),
    }
    return AdvertiserSpendRecord(**(given | values))


def ask(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(measure=SpendMeasure.REPORTED, **asked))


def tell(group):
    return (
        format_bounds(group.lower_minor, group.upper_minor, group.currency, group.rounding),
        group.rounding,
        group.unknown_step_count,
    )


def in_january(**asked):
    return {"from_on": SUNDAY, "to_on": SUNDAY + timedelta(days=6), **asked}


@pytest.mark.parametrize("asked", [{"grain": Grain.WEEK}, in_january(), {"by": SpendBy.WEEK}])
def test_an_amount_counts_from_half_a_step_below_to_half_a_step_above(ingest_run, engine, asked):
    ingest_run([state(3500), state(0, ref="page-2", currency="EUR")])

    groups = {group.currency: tell(group) for group in ask(engine, **asked).groups}
    assert groups == {
        "USD": ("3,450 to 3,550 USD", Rounding.KNOWN, 0),
        "EUR": ("0 to 25 EUR", Rounding.KNOWN, 0),
    }


@pytest.mark.parametrize("asked", [{"grain": Grain.WEEK}, in_january()])
def test_a_sum_adds_the_halves(ingest_run, engine, asked):
    ingest_run([state(100), state(0, ref="page-2"), state(200, ref="page-3")])

    (group,) = ask(engine, **asked).groups
    assert tell(group) == ("200 to 450 USD", Rounding.KNOWN, 0)
    assert "half a step" in ask(engine, **asked).rule


@pytest.mark.parametrize("asked", [{"grain": Grain.WEEK}, in_january()])
def test_an_amount_of_an_unknown_step_stays_as_printed_is_counted_and_never_exact(
    ingest_run, engine, asked
):
    ingest_run([state(6000, "BRL"), state(50, "BRL", ref="page-2", rounded_to_minor=10_00)])

    (group,) = ask(engine, **asked).groups
    told, rounding, count = tell(group)
    assert told == "6,045 to 6,055 BRL, rounded by a step that nobody states"
    assert (rounding, count) == (Rounding.UNKNOWN, 1)


def test_what_nobody_rounds_is_exact_and_says_nothing_of_rounding(ingest_run, engine):
    ingest_run([state(6000, is_rounded=False, rounded_to_minor=None)])

    summary = ask(engine, **in_january())
    assert [tell(group) for group in summary.groups] == [("exactly 6,000 USD", Rounding.NONE, 0)]
    assert "half a step" not in summary.rule


def test_a_windows_ends_are_widened_too(ingest_run, engine):
    window = {"dataset": "windows", "grain": Grain.WINDOW}
    inside = state(100, **window)
    around = state(400, **window, period_start_on=SUNDAY - timedelta(days=3))
    ingest_run([inside, around])

    (group,) = ask(
        engine, from_on=SUNDAY - timedelta(days=1), to_on=SUNDAY + timedelta(days=6)
    ).groups
    assert tell(group) == ("50 to 450 USD", Rounding.KNOWN, 0)


def test_two_statements_that_rounding_reconciles_do_not_contradict_each_other(ingest_run, engine):
    ingest_run([state(100), state(200, dataset="windows", grain=Grain.WINDOW)])
    assert len(ask(engine, **in_january()).groups) == 1


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20), st.integers(1, 10**6))
def test_the_sum_of_the_ranges_holds_the_truth(spent, step):
    printed = [(amount + step // 2) // step * step for amount in spent]
    ranges = [widen_bounds(amount, amount, step) for amount in printed]

    assert all(0 <= lower <= upper for lower, upper in ranges)
    assert sum(lower for lower, _ in ranges) <= sum(spent) <= sum(upper for _, upper in ranges)


def test_what_is_open_or_unknown_stays_so():
    assert widen_bounds(None, None, 100) == (None, None)
    assert widen_bounds(500, None, 101) == (449, None)


def describe(**rounding):
    return SourceInfo(
        id="example",
        title="Example",
        publisher="Example",
        kind=SourceKind.ADS,
        homepage="https://example.org",
        documentation="https://example.org",
        licence="not stated",
        access="robots: obey",
        partition_unit="a year",
        seconds_between_requests=1,
        **rounding,
    )


def test_a_step_learned_later_widens_what_is_there_without_a_statement_or_a_correction(
    ingest_run, engine
):
    amounts = ((100, "USD", "page-1"), (6000, "BRL", "page-2"), (50, "EUR", "page-3"))
    records = [state(*of, is_rounded=False, rounded_to_minor=None) for of in amounts]
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ingest_run(records, noon)
    with write(engine) as session:
        write_sources(session, [describe(rounding="measured", rounded_to_minor=STEPS)])

    told = {group.currency: tell(group)[0] for group in ask(engine, **in_january()).groups}
    assert told == {
        "USD": "50 to 150 USD",
        "EUR": "25 to 75 EUR",
        "BRL": "6,000 BRL, rounded by a step that nobody states",
    }
    counts = ingest_run([state(*of) for of in amounts], noon + timedelta(days=1))
    assert (counts.changed, counts.unchanged) == (0, 3)
    with read(engine) as session:
        assert len(session.exec(select(AdvertiserSpend)).all()) == 3
        assert session.exec(select(Correction)).all() == []


def test_a_correction_of_what_is_rounded_is_never_exact(ingest_run, engine):
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with write(engine) as session:
        write_sources(session, [describe(rounding="measured", rounded_to_minor=STEPS)])
    ingest_run([state(300)], noon)
    ingest_run([state(100)], noon + timedelta(days=1))

    with read(engine) as session:
        (correction,) = list_corrections(session, CorrectionFilter()).items
    assert correction.is_rounded
    assert "had said: 300 USD, rounded. It says now: 100 USD, rounded" in tell_correction(
        correction
    )


def test_an_as_of_answer_is_widened_too(ingest_run, engine):
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ingest_run([state(300)], noon)
    ingest_run([state(500)], noon + timedelta(days=1))

    (group,) = ask(engine, **in_january(), moment=Moment(as_of=noon + timedelta(hours=1))).groups
    assert tell(group)[0] == "250 to 350 USD"


def test_a_statement_alone_says_what_it_proves():
    known, unknown = state(100), state(100, "BRL")
    assert bound_statement(known) == (50_00, 150_00, Rounding.KNOWN)
    assert bound_statement(unknown) == (100_00, 100_00, Rounding.UNKNOWN)


@pytest.mark.parametrize(
    ("code", "decimals"), [("XCG", 2), ("ANG", 2), ("ZWG", 2), ("AWG", 2), ("HRK", 2), ("JPY", 0)]
)
def test_currencies_follow_the_standards_amendments_and_keep_what_went(code, decimals):
    assert EXPONENTS[code] == decimals
    assert to_minor("12", code) == 12 * 10**decimals
