"""Amounts brought into one currency: by stated rates, bounds outward, nothing without a rate."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.database import read
from archive.exchange_rates import ExchangeRates, Rate
from archive.reading.moment import Moment
from archive.spending import SpendBasis, SpendBy, SpendQuery, SpendQueryError, summarise_spending
from archive.spending.conversion import convert_sums
from archive.spending.sums import Sum, SumKey

DAY = date(2026, 2, 27)
RATES = ExchangeRates(
    [
        Rate("USD", Decimal("1.1"), DAY, "a bank"),
        Rate("USD", Decimal("1.2"), date(2026, 1, 30), "a bank"),
        Rate("GBP", Decimal("0.9"), DAY, "a bank"),
        Rate("JPY", Decimal("165.3"), DAY, "a bank"),
    ],
    most_days=45,
)
RUN = {"started_on": date(2026, 1, 1), "ended_on": date(2026, 1, 31)}


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(convert_to="EUR", **asked), RATES)


def rows(summary):
    return [
        (g.key, g.currency, g.lower_minor, g.upper_minor, g.ads, g.converted_from)
        for g in summary.groups
    ]


def test_groups_of_one_key_become_one_and_name_the_currencies_they_hold(engine, look_at, make_ad):
    spent = {"spend_lower_minor": 100_00, "spend_upper_minor": 199_00}
    look_at(
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
    assert [(r.currency, r.units_per_eur, r.rate_on) for r in summary.conversion.rates] == [
        ("USD", "1.1", DAY)
    ]


def test_the_sentence_names_the_rates_day_and_source_and_what_stays(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="USD"), make_ad("a2", currency="UAH")])
    told = summarise(engine).conversion.rule
    assert "USD converted to EUR at the rates of 2026-02-27 (a bank)" in told
    assert "not at those of the days on which the money was spent" in told
    assert "Amounts in UAH have no rate here" in told


def test_an_open_end_stays_open(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="USD", spend_lower_minor=110_00, spend_upper_minor=None)])
    assert rows(summarise(engine)) == [("all", "EUR", 100_00, None, 1, ["USD"])]


def test_each_month_is_converted_at_its_own_last_known_rate(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="USD", **RUN)])
    period = {"from_on": date(2026, 1, 1), "to_on": date(2026, 2, 28)}
    summary = summarise(engine, by=SpendBy.MONTH, basis=SpendBasis.ESTIMATE, **period)
    assert {g.key: g.currency for g in summary.groups}["2026-01"] == "EUR"
    assert date(2026, 1, 30) in {rate.rate_on for rate in summary.conversion.rates}


def test_nothing_is_converted_that_was_in_the_currency_already(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="EUR")])
    summary = summarise(engine)
    assert (summary.conversion.rates, summary.groups[0].converted_from) == ([], [])
    assert "nothing was converted" in summary.conversion.rule


def test_without_rates_a_conversion_is_refused(engine):
    with read(engine) as session, pytest.raises(SpendQueryError, match="no exchange rates"):
        summarise_spending(session, SpendQuery(convert_to="EUR"))


def test_without_the_wish_nothing_is_converted(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="USD")])
    with read(engine) as session:
        summary = summarise_spending(session, SpendQuery(), RATES)
    assert (summary.conversion, summary.groups[0].currency) == (None, "USD")


amounts = st.integers(min_value=0, max_value=10**12)
sums = st.lists(
    st.tuples(st.sampled_from(["USD", "GBP", "JPY", "EUR"]), amounts, amounts), max_size=6
)


@given(sums)
def test_converted_bounds_hold_the_exact_sum_and_are_less_than_a_cent_wider(parts):
    folded = {
        SumKey(f"k{number}", None, currency): (Sum(lower=low, upper=low + more, items=1), {"s"})
        for number, (currency, low, more) in enumerate(parts)
    }
    together = {
        SumKey("all", None, currency): (
            Sum(
                lower=sum(low for c, low, _ in parts if c == currency),
                upper=sum(low + more for c, low, more in parts if c == currency),
                items=1,
            ),
            {"s"},
        )
        for currency in {c for c, _, _ in parts}
    }
    worth = {"EUR": Fraction(1), "USD": Fraction(10, 11), "GBP": Fraction(10, 9)}
    worth["JPY"] = Fraction(100) * Fraction(10, 1653)
    lower = sum((low * worth[c] for c, low, _ in parts), Fraction(0))
    upper = sum(((low + more) * worth[c] for c, low, more in parts), Fraction(0))

    query = SpendQuery(convert_to="EUR")
    whole = convert_sums(together, query, "EUR", RATES, DAY).folded
    apart = convert_sums(folded, query, "EUR", RATES, DAY).folded

    if parts:
        ((total, _),) = whole.values()
        assert (total.lower, total.upper) == (floor(lower), ceil(upper))
    assert sum(total.lower for total, _ in apart.values()) <= lower
    assert sum(total.upper for total, _ in apart.values()) >= upper


def test_a_question_about_the_past_uses_the_rates_of_then(engine, look_at, make_ad):
    look_at([make_ad("a1", currency="USD")], datetime(2026, 2, 1, tzinfo=UTC))
    then = Moment(as_of=datetime(2026, 2, 3, tzinfo=UTC))
    (rate,) = summarise(engine, moment=then).conversion.rates
    assert rate.rate_on == date(2026, 1, 30)
