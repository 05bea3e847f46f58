"""Amounts are exact integers of minor units, and are shown as they are known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records.money import EXPONENTS, format_bounds, format_units, to_minor, to_units

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(min_value=-(10**12), max_value=10**12)


@given(minors, currencies)
def test_an_amount_survives_the_way_to_units_and_back(minor, currency):
    assert to_minor(str(to_units(minor, currency)), currency) == minor


@given(st.integers(0, 10**9), currencies)
def test_more_decimals_than_the_currency_has_are_refused(whole, currency):
    decimals = "0" * EXPONENTS[currency] + "1"

    with pytest.raises(ValueError, match="decimals"):
        to_minor(f"{whole}.{decimals}", currency)


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,000"])
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|decimals"):
        to_minor(text, "EUR")


def test_yen_have_no_minor_unit_and_dinars_have_three_decimals():
    assert to_minor("5", "JPY") == 5
    assert to_units(1500, "KWD") == Decimal("1.5")


@pytest.mark.parametrize(
    ("lower", "upper", "currency", "words"),
    [
        (102_000, 102_000, "EUR", "exactly 1,020 EUR"),
        (30_000, 39_900, "USD", "300 to 399 USD"),
        (90_050, None, "GBP", "at least 900.50 GBP"),
        (None, None, "EUR", "unknown"),
        (10_000, 19_900, None, "100 to 199 (currency not given)"),
        (0, 0, "JPY", "exactly 0 JPY"),
    ],
)
def test_bounds_are_shown_in_words(lower, upper, currency, words):
    assert format_bounds(lower, upper, currency) == words


def test_thousands_are_separated_and_empty_decimals_left_out():
    assert format_units(134_677_100, "USD") == "1,346,771"
