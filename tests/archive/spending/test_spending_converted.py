"""Amounts brought into one currency: by stated rates, bounds outward, nothing without a rate."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from archive.reading.as_of.moment import Moment
from archive.records import AdvertiserSpendRecord, DisclosureRecord, Grain
from archive.spending import (
    SpendBasis,
    SpendBy,
    SpendMeasure,
    SpendQuery,
    SpendQueryError,
    summarise_spending,
)
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.rate_series import Rate
from archive.spending.summary import tell_mean
from archive.store.database import read

DAY = date(2026, 2, 27)
RATES = ExchangeRates(
    [
        Rate("USD", Decimal("1.1"), DAY, "a bank"),
        Rate("USD", Decimal("1.2"), date(2026, 1, 30), "a bank"),
    ],
    most_days=45,
)


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(convert_to="EUR", **asked), RATES)


def rows(summary):
    return [
        (g.key, g.currency, g.lower_minor, g.upper_minor, g.ads, g.converted_from)
        for g in summary.groups
    ]


def test_groups_of_one_key_become_one_and_name_the_currencies_they_hold(
    engine, ingest_run, make_ad
):
    spent = {"spend_lower_minor": 100_00, "spend_upper_minor": 199_00}
    ingest_run(
        [
            make_ad("a1", currency="EUR", **spent),
            make_ad("a2", currency="USD", **spent),
            make_ad("a3", currency="UAH", **spent),
            make_ad("a4", currency=None, **spent),
        ]
    )

    summary = summarise(engine)

    # 100 USD are 90.90… EUR, 199 USD are 180.90…: rounded outwards.
    assert rows(summary) == [
        ("all", "EUR", 190_90, 379_91, 2, ["USD"]),
        ("all", "UAH", 100_00, 199_00, 1, []),
        ("all", None, 100_00, 199_00, 1, []),
    ]
    assert summary.conversion.unconverted_count == 2
    assert [
        (r.currency, r.lowest_units_per_eur, r.first_rate_on) for r in summary.conversion.rates
    ] == [("USD", "1.1", DAY)]


def test_what_was_converted_stays_beside_what_came_of_it(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2", currency="USD", spend_upper_minor=None)])
    [group] = summarise(engine).groups
    assert [(o.currency, o.lower_minor, o.upper_minor, o.ads) for o in group.originals] == [
        ("EUR", 100_00, 199_00, 1),
        ("USD", 100_00, None, 1),
    ]


def test_the_sentence_names_the_rates_their_days_and_source_and_what_stays(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad("a1", currency="USD"), make_ad("a2", currency="UAH")])
    conversion = summarise(engine).conversion
    assert (
        "USD converted to EUR at the lowest and the highest of the daily rates" in conversion.rule
    )
    assert "USD by 1 rate of 2026-02-27 (a bank)" in conversion.rule
    assert (
        "names no days (1 of them), at the one rate of the day it was last seen or stated (2026-03-01), "
        "which bounds nothing" in conversion.rule
    )
    assert "Amounts in UAH have no rate here" in conversion.rule
    counts = (conversion.converted_count, conversion.dayless_count, conversion.unconverted_count)
    assert counts == (1, 1, 1)


def test_the_bounds_are_at_the_ends_of_the_daily_rates_of_a_run_and_the_mean_stands_beside(
    engine, ingest_run, make_ad
):
    run = {"started_on": date(2026, 1, 30), "ended_on": date(2026, 2, 28)}
    exactly = {"spend_lower_minor": 100_00, "spend_upper_minor": 100_00}
    ingest_run([make_ad("a1", currency="USD", **exactly, **run)])
    summary = summarise(engine)

    # 28 days at 1.2, the two from 27 February on at 1.1.
    assert rows(summary) == [("all", "EUR", 83_33, 90_91, 1, ["USD"])]
    [group] = summary.groups
    assert tell_mean(group) == "about 83.80 EUR"
    [used] = summary.conversion.rates
    assert (used.daily_rates, used.carried_days) == (2, 28)
    assert (used.lowest_units_per_eur, used.highest_units_per_eur) == ("1.1", "1.2")
    assert (used.first_rate_on, used.last_rate_on) == (date(2026, 1, 30), DAY)
    assert summary.conversion.dayless_count == 0


def test_an_ad_that_ran_by_instants_has_the_days_of_those(engine, ingest_run, make_ad):
    start, end = datetime(2026, 2, 26, 23, tzinfo=UTC), datetime(2026, 2, 27, 1, tzinfo=UTC)
    ingest_run([make_ad("a1", currency="USD", started_at=start, ended_at=end)])
    [used] = summarise(engine).conversion.rates
    assert (used.daily_rates, used.carried_days) == (2, 1)


def test_an_ad_with_a_day_before_all_rates_stays_as_it_is(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", currency="USD", started_on=date(2026, 1, 29), ended_on=DAY)])
    summary = summarise(engine)
    assert rows(summary) == [("all", "USD", 100_00, 199_00, 1, [])]
    assert "for each of their days" in summary.conversion.rule


def test_weeks_and_filed_days_are_converted_at_their_own_rates(engine, ingest_run):
    amount = {"currency": "USD", "spend_lower_minor": 120_00, "spend_upper_minor": 120_00}
    week = AdvertiserSpendRecord(
        dataset="weekly",
        platform="examplatform",
        grain=Grain.WEEK,
        period_start_on=date(2026, 2, 1),
        period_end_on=date(2026, 2, 7),
        advertiser_ref="page-1",
        **amount,
    )
    filed = DisclosureRecord(
        ref="d1",
        committee_ref="C1",
        currency="USD",
        amount_minor=120_00,
        is_memo=False,
        is_notice=False,
        is_correction=False,
        spent_on=date(2026, 2, 1),
    )
    ingest_run([week, filed])
    reported = summarise(engine, measure=SpendMeasure.REPORTED, by=SpendBy.WEEK)
    disclosed = summarise(engine, measure=SpendMeasure.DISCLOSED, by=SpendBy.MONTH)
    assert [row[1:4] for row in rows(reported)] == [("EUR", 100_00, 100_00)]
    assert [row[:4] for row in rows(disclosed)] == [("2026-02", "EUR", 100_00, 100_00)]


def test_an_open_end_stays_open(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", currency="USD", spend_lower_minor=110_00, spend_upper_minor=None)])
    assert rows(summarise(engine)) == [("all", "EUR", 100_00, None, 1, ["USD"])]


def test_each_month_is_converted_at_the_rates_of_the_days_that_fall_in_it(
    engine, ingest_run, make_ad
):
    run = {"started_on": date(2026, 1, 31), "ended_on": date(2026, 2, 28)}
    exactly = {"spend_lower_minor": 348_00, "spend_upper_minor": 348_00}
    ingest_run([make_ad("a1", currency="USD", **exactly, **run)])
    period = {"from_on": date(2026, 1, 1), "to_on": date(2026, 2, 28)}
    summary = summarise(engine, by=SpendBy.MONTH, basis=SpendBasis.ESTIMATE, **period)
    january, february = summary.groups
    # A day of the 29 at 1.2, and 28 of which two are at 1.1.
    assert (january.key, january.currency, january.estimate_minor) == ("2026-01", "EUR", 10_00)
    assert february.estimate_minor == round(336_00 / ((26 * 1.2 + 2 * 1.1) / 28))


def test_nothing_is_converted_that_was_in_the_currency_already(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", currency="EUR")])
    summary = summarise(engine)
    assert (summary.conversion.rates, summary.groups[0].converted_from) == ([], [])
    assert "nothing was converted" in summary.conversion.rule


def test_without_rates_a_conversion_is_refused(engine):
    with read(engine) as session, pytest.raises(SpendQueryError, match="no exchange rates"):
        summarise_spending(session, SpendQuery(convert_to="EUR"))


def test_without_the_wish_nothing_is_converted(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", currency="USD")])
    with read(engine) as session:
        summary = summarise_spending(session, SpendQuery(), RATES)
    assert (summary.conversion, summary.groups[0].currency) == (None, "USD")


def test_an_ad_without_an_end_is_converted_until_it_was_last_seen_and_not_until_today(
    engine, ingest_run, make_ad
):
    running = make_ad("a1", currency="USD", started_on=date(2026, 1, 30))
    seen_at = datetime(2026, 2, 20, tzinfo=UTC)
    ingest_run([running], seen_at)
    first = summarise(engine)
    ingest_run([make_ad("a2", currency="EUR")], datetime(2026, 3, 20, tzinfo=UTC), source="other")
    ours = summarise(engine, source="example")
    assert rows(ours) == rows(first) == [("all", "EUR", 83_33, 165_84, 1, ["USD"])]

    # A run that finds it as it was has learned that it ran on.
    ingest_run([running], datetime(2026, 3, 1, tzinfo=UTC))
    later = summarise(engine, source="example")
    assert rows(later) == [("all", "EUR", 83_33, 180_91, 1, ["USD"])]
    as_then = summarise(engine, source="example", moment=Moment(as_of=seen_at))
    assert rows(as_then) == rows(first)


def test_an_end_that_was_still_ahead_when_the_ad_was_last_seen_ends_nothing_before(
    engine, ingest_run, make_ad
):
    run = {"started_on": date(2026, 2, 1), "ended_on": date(2026, 3, 10)}
    ingest_run([make_ad("a1", currency="USD", **run)], datetime(2026, 2, 20, tzinfo=UTC))
    [used] = summarise(engine).conversion.rates
    assert (used.daily_rates, used.first_rate_on) == (1, date(2026, 1, 30))


def test_a_window_is_converted_at_no_later_day_than_the_ad_was_seen(engine, ingest_run, make_ad):
    running = make_ad("a1", currency="USD", started_on=date(2026, 2, 1))
    ingest_run([running], datetime(2026, 2, 20, tzinfo=UTC))
    asked = {"from_on": date(2026, 2, 1), "to_on": date(2026, 2, 28)}
    [used] = summarise(engine, **asked).conversion.rates
    assert (used.daily_rates, used.first_rate_on) == (1, date(2026, 1, 30))


def test_a_question_about_the_past_uses_the_rates_of_then(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", currency="USD")], datetime(2026, 2, 1, tzinfo=UTC))
    then = Moment(as_of=datetime(2026, 2, 3, tzinfo=UTC))
    (rate,) = summarise(engine, moment=then).conversion.rates
    assert rate.last_rate_on == date(2026, 1, 30)


@pytest.mark.parametrize("start_on", [date(2026, 3, 2), date(2026, 3, 9)])
def test_what_is_yet_to_run_is_converted_at_the_rates_known_today(
    engine, ingest_run, make_ad, start_on
):
    ahead = {"started_on": start_on, "ended_on": date(2026, 3, 10)}
    exactly = {"spend_lower_minor": 110_00, "spend_upper_minor": 110_00}
    ingest_run([make_ad("a1", currency="USD", **exactly, **ahead)])
    assert rows(summarise(engine)) == [("all", "EUR", 100_00, 100_00, 1, ["USD"])]


def test_an_ad_counts_in_a_window_at_the_rates_of_its_days_inside_it(engine, ingest_run, make_ad):
    exactly = {"currency": "USD", "spend_lower_minor": 132_00, "spend_upper_minor": 132_00}
    ingest_run(
        [
            make_ad("a1", **exactly, started_on=date(2026, 1, 30), ended_on=date(2026, 2, 26)),
            make_ad("a2", **exactly, started_on=DAY, ended_on=date(2026, 2, 28)),
        ]
    )
    asked = {"from_on": date(2026, 1, 30), "to_on": date(2026, 2, 28), "by": SpendBy.MONTH}
    january, february = summarise(engine, basis=SpendBasis.ESTIMATE, **asked).groups
    # Of the first, 2 of 28 days lie in January, all at 1.2; the second ran at 1.1.
    assert january.estimate_minor == round(Fraction(132_00 * 2, 28) / Fraction("1.2"))
    assert february.estimate_minor == round(Fraction(132_00 * 26, 28) / Fraction("1.2") + 120_00)
