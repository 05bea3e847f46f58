"""How a conversion reckons: exact, rounded once, the mean within its bounds; no later rate moves it."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.spending.conversion import LOWEST, convert_sums, round_sum
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.rate_series import FINE, Rate
from archive.spending.rates_used import join_spans
from archive.spending.sums import AmountSum, SourceSum, SumKey
from tests.examples import few_or_many

DAY = date(2026, 2, 27)
RATES = ExchangeRates(
    [
        Rate("USD", Decimal("1.1"), DAY, "a bank"),
        Rate("GBP", Decimal("0.9"), DAY, "a bank"),
        Rate("JPY", Decimal("165.3"), DAY, "a bank"),
    ],
    most_days=45,
)


def sum_of(key, currency, lower, upper, first_on=DAY, last_on=DAY):
    """The sum of one item of some days."""
    about = SumKey(key, None, currency, first_on, last_on)
    return SourceSum(about, "s", AmountSum(lower=lower, upper=upper, items=1))


amounts = st.integers(min_value=0, max_value=10**12)
sums = st.lists(
    st.tuples(st.sampled_from(["USD", "GBP", "JPY", "EUR"]), amounts, amounts), max_size=6
)


@given(sums)
def test_converted_bounds_hold_the_exact_sum_and_are_less_than_a_cent_wider(parts):
    apart = [sum_of(f"k{n}", c, low, low + more) for n, (c, low, more) in enumerate(parts)]
    together = [sum_of("all", c, low, low + more) for c, low, more in parts]
    worth = {"EUR": Fraction(1), "USD": Fraction(10, 11), "GBP": Fraction(10, 9)}
    worth["JPY"] = Fraction(100) * Fraction(10, 1653)
    lower = sum((low * worth[c] for c, low, _ in parts), Fraction(0))
    upper = sum(((low + more) * worth[c] for c, low, more in parts), Fraction(0))

    whole = convert_sums(together, "EUR", RATES).folded
    groups = [total for total, _ in convert_sums(apart, "EUR", RATES).folded.values()]

    if parts:
        ((total, _),) = whole.values()
        assert (total.lower, total.upper) == (floor(lower), ceil(upper))
    # Each group is rounded once, so together they are less than a cent apiece wider.
    assert lower - len(parts) <= sum(group.lower for group in groups) <= lower
    assert upper <= sum(group.upper for group in groups) <= upper + len(parts)
    assert convert_sums(together[::-1], "EUR", RATES).folded == whole


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**6)), max_size=4))
@settings(max_examples=few_or_many(40))
def test_a_sum_is_rounded_once_and_exactly(parts):
    amounts = [amount for amount, _ in parts]
    factors = [(FINE // n,) * 3 for _, n in parts]
    exact = sum((Fraction(amount, n) for amount, n in parts), Fraction(0))
    assert round_sum(amounts, factors, LOWEST, floor) == floor(exact)
    assert round_sum(amounts, factors, LOWEST, ceil) == ceil(exact)
    back = [*amounts, *(-amount for amount in amounts)]
    assert round_sum(back, factors * 2, LOWEST, floor) == 0


def test_the_floor_of_many_unlike_fractions_is_quick():
    factors = [(FINE // (10**6 + number),) * 3 for number in range(5_000)]
    assert round_sum([1] * 5_000, factors, LOWEST, floor) == 0


JANUARY = date(2026, 1, 1)
drawn_rates = st.lists(
    st.tuples(st.sampled_from(["USD", "GBP", "JPY"]), st.integers(0, 50), st.integers(1, 10**6)),
    max_size=30,
)
drawn_items = st.lists(
    st.tuples(
        st.sampled_from(["USD", "GBP", "JPY", "EUR"]),
        st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),
        st.integers(-(10**6), 10**9),
        st.integers(0, 10**9),
    ),
    max_size=6,
)


@given(drawn_rates, drawn_items, drawn_rates)
@settings(max_examples=few_or_many(40))
def test_a_mean_lies_within_its_bounds_and_no_later_rate_moves_either(given_rates, items, later):
    first = [Rate(c, Decimal("0.9"), JANUARY, "a bank") for c in ("USD", "GBP", "JPY")]
    known = first + [
        Rate(c, Decimal(units).scaleb(-4), JANUARY + timedelta(days=day), "a bank")
        for c, day, units in given_rates
    ]
    learned = known + [
        Rate(c, Decimal(units).scaleb(-4), JANUARY + timedelta(days=41 + day), "a bank")
        for c, day, units in later
    ]
    sums = [
        sum_of("k", c, low, low + more, *(JANUARY + timedelta(days=day) for day in days))
        for c, days, low, more in items
    ]

    now = convert_sums(sums, "EUR", ExchangeRates(known, most_days=100))
    then = convert_sums(sums, "EUR", ExchangeRates(learned, most_days=100))

    assert (then.folded, then.parts) == (now.folded, now.parts)
    for about, part in now.parts.items():
        total, _ = now.folded[about]
        assert total.lower <= part.mean_lower <= part.mean_upper <= total.upper


spans = st.tuples(st.dates(), st.dates()).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(spans))
def test_joined_spans_hold_the_same_days_once(given_spans):
    joined = join_spans(given_spans)
    assert all(before[1] < after[0] for before, after in pairwise(joined))
    assert all(any(a <= f and t <= b for a, b in joined) for f, t in given_spans)
    assert {day for span in joined for day in span} <= {day for span in given_spans for day in span}
