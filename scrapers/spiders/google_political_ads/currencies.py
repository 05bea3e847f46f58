"""In which currency Google states an amount: the whole file tells, never one row.

Until some time after 2022 a bundle stated every amount in USD and restated it in all its other currencies.
Since then each row fills the advertiser's own currency alone, and the others hold 0 or their lowest bucket. A
row of the first kind that is small looks like one of the second, so a file is looked through before it is
read.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache

from babel.numbers import get_territory_currencies

from archive.records import Unreadable
from archive.records.money import to_minor
from scrapers.readers.files import SourceFile
from scrapers.readers.tables import TableFormat, read_table

US_DOLLAR = "USD"
"""The currency every generation of the bundle has; in the first the others are conversions of it."""
KUNA = "HRK"
"""Its columns went in May 2023, when the files already were of the second kind or about to be."""
EURO = "EUR"
WITHOUT_EURO = frozenset({"BG", "CZ", "DK", "HR", "HU", "PL", "RO", "SE"})
"""Members of the EU that had a currency of their own while Google took political ads there (to 2025)."""
EUROPEAN_UNION = "EU"

STEPS_MINOR = {
    "USD": 100_00,
    "EUR": 50_00,
    "INR": 250_00,
    "BGN": 25_00,
    "HRK": 100_00,
    "CZK": 1_000_00,
    "DKK": 500_00,
    "HUF": 7_500_00,
    "PLN": 100_00,
    "RON": 75_00,
    "SEK": 750_00,
    "GBP": 50_00,
}
"""Steps of advertisers' amounts, in minor units."""
STEPS_ARE_KNOWN_BY = (
    "Google's README says nothing of it: in its files of September 2018 and June 2019 every amount of "
    "every table is a multiple of these steps, and no greater step divides them all"
)


@dataclass(frozen=True)
class SpendColumns:
    """The columns of spend of one file, and what they mean there."""

    currencies: tuple[str, ...]
    is_restated: bool
    """Each amount is of USD, and the other columns convert it."""
    rungs: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By currency the lower ends of its buckets, rising; of columns of amounts one: their step."""
    are_buckets: bool = False

    def choose(self, amounts: Mapping[str, int | None], regions: Sequence[str]) -> str | None:
        """The currency that a row of lower ends or amounts is stated in; `None`: nobody can tell."""
        if self.is_restated:
            return US_DOLLAR
        heights = {code: self._climb(code, amount) for code, amount in amounts.items() if amount}
        most = max(heights.values(), default=None)
        highest = [code for code, height in heights.items() if height == most]
        if len(highest) == 1:
            return highest[0]
        local = find_local_currency(regions, self.currencies)
        return local if not highest or local in highest else None

    def _climb(self, code: str, amount: int) -> Fraction:
        """How many steps or buckets an amount stands above the lowest of its column."""
        rungs = self.rungs[code]
        return (
            Fraction(bisect_left(rungs, amount) + 1)
            if self.are_buckets
            else Fraction(amount, rungs[0])
        )


def find_local_currency(regions: Sequence[str], currencies: Sequence[str]) -> str | None:
    """The currency with a column that the only region of a row pays in; `None`: there is none."""
    places = [region for region in regions if region != EUROPEAN_UNION] or regions
    if len(places) != 1:
        return None
    own = [code for code in list_currencies(places[0]) if code in currencies]
    if own:
        return own[0]
    return EURO if places[0] in WITHOUT_EURO and EURO in currencies else None


@cache
def list_currencies(region: str) -> list[str]:
    """The currencies a region has had since Google's files begin, the oldest first (Unicode CLDR)."""
    return get_territory_currencies(region, date(2018, 1, 1), date(2030, 1, 1))


def read_spend_columns(
    file: SourceFile, form: TableFormat, header: Sequence[str], found: Mapping[str, str]
) -> SpendColumns:
    """What the columns of spend of a file mean; `found` names the currency of each."""
    currencies = tuple(dict.fromkeys(found.values()))
    if len(currencies) <= 1 or KUNA in currencies:
        return SpendColumns(currencies, is_restated=True)
    # What spend an ad has is told by its buckets; `spend_usd` is their former text.
    are_buckets = any("range_min" in name for name in found)
    told = {
        code: at
        for at, name in enumerate(header)
        if (code := found.get(name)) and are_buckets == ("range_min" in name) and "max" not in name
    }
    texts = _collect_texts(file, form, told)
    if texts is None:
        return SpendColumns(currencies, is_restated=True)
    rungs = {code: _list_rungs(code, texts[code], are_buckets=are_buckets) for code in told}
    return SpendColumns(currencies, is_restated=False, rungs=rungs, are_buckets=are_buckets)


def _collect_texts(
    file: SourceFile, form: TableFormat, told: Mapping[str, int]
) -> dict[str, set[str]] | None:
    """What stands in each column above its lowest; `None` as soon as a row fills them all."""
    texts: dict[str, set[str]] = {code: set() for code in told}
    for row in read_table(file, form):
        if isinstance(row, Unreadable):
            continue
        filled = {code: text for code, at in told.items() if (text := row.values[at]).strip(" 0.")}
        if len(filled) == len(told):
            return None
        for code, text in filled.items():
            texts[code].add(text)
    return texts


def _list_rungs(code: str, texts: set[str], *, are_buckets: bool) -> list[int]:
    amounts = sorted(filter(None, (_read_plainly(text, code) for text in texts)))
    if are_buckets:
        return amounts
    # Of a step that nobody states, what divides all amounts is at most a multiple.
    return [STEPS_MINOR.get(code) or math.gcd(*amounts) or 1]


def _read_plainly(text: str, code: str) -> int:
    """An amount, 0 where it is none: its row will be refused for it."""
    try:
        return to_minor(text.strip(), code)
    except ValueError:
        return 0
