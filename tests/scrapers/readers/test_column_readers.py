"""Values of other people's tables: amounts that stand beside their currency."""

import pytest

from scrapers.readers.column_readers import read_money
from scrapers.readers.delivery import read_digits


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        *(
            ("161.23 RUB", "RUB", 161_23),
            ("€ 1,200", "EUR", 1_200_00),
            ("EUR1200", "EUR", 1_200_00),
        ),
        *(("161,23 ₽", "RUB", 161_23), ("1.234.567,5 zł", "PLN", 1_234_567_50)),
        *(("1'200.50 CHF", "CHF", 1_200_50), ("12 300\u202fFt", "HUF", 12_300_00)),
        *(("₹12,34,567", "INR", 1_234_567_00), ("$1,200.50 USD", "USD", 1_200_50)),
        *(("1.200,00 €", "EUR", 1_200_00), ("0 JPY", "JPY", 0), ("1,200 JPY", "JPY", 1_200)),
        *(("US$ 5", "USD", 5_00), ("1,234.500 KWD", "KWD", 1_234_500), ("1.5 KWD", "KWD", 1_500)),
    ],
)
def test_an_amount_and_its_currency_are_read_as_people_write_them(
    cell: str, currency: str, minor: int
) -> None:
    assert read_money(cell, None) == (currency, minor)


@pytest.mark.parametrize(
    "cell",
    [
        *("$ 5", "kr 100", "1.200 €", "161.230 RUB", "1,200 KWD", "1.200 KWD", "1234,500 EUR"),
        *("1,2,3 EUR", "1200", "EUR", "5 EUR USD", "-5 EUR", "5 XYZ", "5 euro", "1.5 JPY"),
        *("10-20 EUR", "1,200,00 EUR", "12,5,00.0 EUR", "٥ EUR", "1e3 EUR", "9" * 400 + " EUR"),
    ],
)
def test_an_amount_that_could_be_read_in_two_ways_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"amount|currency|decimals|large"):
        read_money(cell, None)


@pytest.mark.parametrize(("beside", "told"), [("AUD", True), ("EUR", False)])
def test_a_dollar_is_the_one_that_stands_beside_it(beside: str, told: bool) -> None:
    if told:
        assert read_money("$ 1,200", beside) == ("AUD", 1_200_00)
    else:
        with pytest.raises(ValueError, match="another than its row"):
            read_money("$ 1,200", beside)


@pytest.mark.parametrize("cell", ["9.12E+11", "912000000000.0", "912000000000.5", "91-00", "٣"])
def test_an_id_of_digits_holds_nothing_else(cell: str) -> None:
    with pytest.raises(ValueError, match="id"):
        read_digits(cell)
