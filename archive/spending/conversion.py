"""Sums in several currencies brought into one, at the daily rates of their own days.

`summarise_spending` calls it where a question names `convert_to`. The bounds are at the lowest and the
highest rate of those days, the mean stands beside them; what came in stays too. A group is rounded once, its
bounds outwards. What has no rate stays as it is. Days end where an item was last seen: no later rate moves a
figure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache, partial
from math import ceil, floor
from operator import getitem, mul

from sqlmodel import Field, SQLModel

from archive.spending.exchange_rates import ExchangeRates
from archive.spending.rate_series import FINE, CrossRates, Factors, spell_factor
from archive.spending.rates_used import RateUsed, Span, list_rates, tell_rates
from archive.spending.sums import AmountSum, DayRow, Folded, SourceSum, SumKey, add_rows, fold_sums

LOWEST, MEAN, HIGHEST = 0, 1, 2
"""Places of the factors."""

UNCHANGED = (FINE, FINE, FINE)
NOTHING = Fraction(0)

FindFactors = Callable[[date, date], Factors | None]


class SpendConversion(SQLModel):
    """How amounts of other currencies came into the one asked for."""

    to: str = Field(description="Currency asked for (ISO 4217).")
    rule: str = Field(description="How amounts were converted, in a sentence to print.")
    rates: list[RateUsed] = Field(description="The rates of each currency that were used.")
    converted_count: int = Field(description="Items that were converted.")
    dayless_count: int = Field(
        description="Converted items whose days the source does not give; each was converted at the "
        "rate of the day it was last seen or stated, so their ends are no bounds of the conversion."
    )
    dayless_first_on: date | None = Field(
        description="First of those days; empty: there are no such items."
    )
    dayless_last_on: date | None = Field(description="Last of those days.")
    unconverted_count: int = Field(
        description="Items that stay in their own currency, or without any, for want of a rate."
    )


@dataclass
class ConvertedSum:
    """What came into one sum that holds other currencies, and its ends at the mean rates."""

    originals: dict[str, AmountSum]
    """By currency, as stated."""
    mean_lower: int
    mean_upper: int


@dataclass
class _Total:
    """A sum in the currency asked for, exact until it is rounded: amounts, and beside each its factors."""

    lower: list[int] = field(default_factory=list)
    upper: list[int] = field(default_factory=list)
    estimate: list[Fraction] = field(default_factory=list)
    factors: list[Factors] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    originals: dict[str, AmountSum] = field(default_factory=dict)

    def add(self, one: SourceSum, currency: str, split: "_Split") -> None:
        """Take in what of a sum has rates."""
        self.lower += split.lower
        self.upper += split.upper
        self.estimate += [split.known.estimate, *([NOTHING] * (len(split.factors) - 1))]
        self.factors += split.factors
        self.sources.add(one.source)
        self.originals.setdefault(currency, AmountSum()).add(split.known)

    def round(self) -> AmountSum:
        """The sum in whole minor units, its bounds rounded outwards."""
        total = AmountSum()
        for own in self.originals.values():
            total.add(own)
        total.lower = round_sum(self.lower, self.factors, LOWEST, floor)
        total.upper = round_sum(self.upper, self.factors, HIGHEST, ceil)
        if any(self.estimate):
            total.estimate = Fraction(self._round_mean(self.estimate))
        return total

    def tell(self) -> ConvertedSum:
        """What came into it, and its ends at the mean rates."""
        lower, upper = self._round_mean(self.lower), self._round_mean(self.upper)
        return ConvertedSum(self.originals, lower, upper)

    def _round_mean(self, amounts: Sequence[int | Fraction]) -> int:
        """Amounts at the mean rates, to the nearest unit: they bound nothing, and what is exact stays one."""
        halved = [*amounts, Fraction(1, 2)]
        return round_sum(halved, [*self.factors, UNCHANGED], MEAN, floor)


@dataclass(frozen=True)
class Converted:
    """Sums after conversion, what came into those that hold other currencies, and how it was done."""

    folded: Folded
    parts: Mapping[SumKey, ConvertedSum]
    conversion: SpendConversion


def convert_sums(sums: Iterable[SourceSum], to: str, rates: ExchangeRates) -> Converted:
    """Bring every sum into the currency `to`, at the lowest, highest and mean rate of its days.

    Amounts of which any day lacks a rate stay as they are.
    """
    totals: dict[SumKey, _Total] = {}
    left: list[SourceSum] = []
    used: dict[str, set[Span]] = {}
    dayless = _Dayless()
    finders = cache(partial(_choose_finder, rates, to))
    for one in sums:
        whole = SumKey(one.about.key, one.about.reason, one.about.currency, grain=one.about.grain)
        split = _split_sum(one, finders(one.about.currency))
        if split.left:
            left.append(SourceSum(whole, one.source, split.left))
        if not split.factors or whole.currency is None:
            continue
        totals.setdefault(replace(whole, currency=to), _Total()).add(one, whole.currency, split)
        if whole.currency != to:
            used.setdefault(whole.currency, set()).update(split.spans)
            dayless.add(split.dayless)
    kept = fold_sums(left)
    return Converted(
        {about: (total.round(), total.sources) for about, total in totals.items()} | kept,
        {about: t.tell() for about, t in totals.items() if t.originals.keys() != {to}},
        _describe(to, rates, used, totals.values(), kept, dayless),
    )


@dataclass
class _Split:
    """A sum, parted into what has rates and what has none."""

    known: AmountSum
    left: AmountSum | None
    lower: Sequence[int] = ()
    """Of what has rates, the least of the same days; beside each the most, the factors and the days."""
    upper: Sequence[int] = ()
    factors: Sequence[Factors] = ()
    spans: Sequence[Span] = ()
    dayless: Sequence[tuple[date, int]] = ()
    """Of what has no days: the day whose rate counts, and how many items."""


def _split_sum(one: SourceSum, find_factors: FindFactors) -> _Split:
    about = one.about
    if one.by_days:
        return _split_rows(one.by_days, find_factors)
    span = choose_span(about.first_on, about.last_on)
    factors = find_factors(*span)
    if factors is None:
        return _Split(AmountSum(), one.sum)
    dayless = [] if about.first_on else [(span[1], one.sum.items)]
    return _Split(one.sum, None, [one.sum.lower], [one.sum.upper], [factors], [span], dayless)


def _split_rows(rows: Sequence[DayRow], find_factors: FindFactors) -> _Split:
    spans = [choose_span(row[0], row[1]) for row in rows]
    factors = [find_factors(*span) for span in spans]
    known = [row for row, found in zip(rows, factors, strict=True) if found]
    left = [row for row, found in zip(rows, factors, strict=True) if not found]
    return _Split(
        add_rows(known),
        add_rows(left) if left else None,
        [int(row[2]) for row in known],
        [int(row[3]) for row in known],
        [found for found in factors if found],
        [span for span, found in zip(spans, factors, strict=True) if found],
        [(row[1], int(row[4])) for row in known if row[0] is None],
    )


def choose_span(first_on: date | None, last_on: date | None) -> Span:
    """The days whose rates count: those of an item as far as it was seen, or else one day.

    Raises:
        ValueError: if nobody asked for the days.
    """
    if last_on is None:
        raise ValueError("an amount without a last day cannot be converted")
    return (last_on if first_on is None or first_on > last_on else first_on), last_on


def round_sum(
    amounts: Sequence[int | Fraction],
    factors: Sequence[Factors],
    which: int,
    way: Callable[[Fraction], int],
) -> int:
    """The exact sum of amounts, each times one of its factors, rounded one way, `floor` or `ceil`.

    Many fractions added up one by one would share a denominator of millions of digits: the factors in
    very small parts mostly decide, and only where these do not is the sum itself made. What was paid back,
    an amount below 0, is least at the other end of the rates.
    """
    places = [which if amount >= 0 else 2 - which for amount in amounts]
    fine = sum(map(mul, amounts, map(getitem, factors, places)))
    # Each factor was cut off by less than one part.
    most = len(amounts) * max(max(amounts, default=0), -min(amounts, default=0))
    ends = {way(Fraction(end, FINE)) for end in (fine - most, fine + most)}
    if len(ends) == 1:
        return ends.pop()
    exact = map(spell_factor, map(getitem, factors, places))
    return way(sum(map(mul, amounts, exact), NOTHING))


def _choose_finder(rates: ExchangeRates, to: str, currency: str | None) -> FindFactors:
    """Says what one minor unit was worth on some days, in minor units; `None` where nobody can."""
    if currency == to:
        # It stays what it is, also where no rate is known.
        return lambda *_: UNCHANGED
    cross = rates.find_cross(currency, to) if currency else None
    return partial(_find_factors, cross) if cross else lambda *_: None


@lru_cache(maxsize=1 << 15)
def _find_factors(cross: CrossRates, first_on: date, last_on: date) -> Factors | None:
    """The factors of the same days, which are mostly asked again; some 15 MB of them."""
    return cross.find_factors(first_on, last_on)


@dataclass
class _Dayless:
    """Converted items whose days nobody states, and the days at whose rates they were."""

    items: int = 0
    days: set[date] = field(default_factory=set)

    def add(self, some: Iterable[tuple[date, int]]) -> None:
        for on, items in some:
            if items:
                self.items += items
                self.days.add(on)


def _describe(
    to: str,
    rates: ExchangeRates,
    used: Mapping[str, set[Span]],
    totals: Iterable[_Total],
    left: Folded,
    dayless: _Dayless,
) -> SpendConversion:
    """What was converted and how, and what was not."""
    taken = [(code, own) for total in totals for code, own in total.originals.items()]
    listed = list_rates(rates, to, used)
    told = [tell_rates(to, sorted(used), listed)] if used else []
    days = sorted(dayless.days)
    if days:
        told.append(
            f"Where the source names no days ({dayless.items:,} of them), at the one rate of the day "
            f"it was last seen or stated ({_tell_days(days[0], days[-1])}), which bounds nothing."
        )
    if used:
        told.append(
            "Lower bounds are rounded down, upper bounds up; the reckoning is this archive's."
        )
    told += _tell_left(left)
    return SpendConversion(
        to=to,
        rule=" ".join(told) or f"All amounts were in {to} already; nothing was converted.",
        rates=listed,
        converted_count=sum(own.items for code, own in taken if code != to),
        dayless_count=dayless.items,
        dayless_first_on=days[0] if days else None,
        dayless_last_on=days[-1] if days else None,
        unconverted_count=sum(total.items for total, _ in left.values()),
    )


def _tell_days(first_on: date, last_on: date) -> str:
    return f"{first_on}" if first_on == last_on else f"{first_on} to {last_on}"


def _tell_left(left: Iterable[SumKey]) -> list[str]:
    """What stays as it is, and why."""
    currencies = {about.currency for about in left}
    named = sorted(code for code in currencies if code)
    told = []
    if named:
        told.append(
            f"Amounts in {', '.join(named)} have no rate here for each of their days, and stay as "
            "they are."
        )
    if None in currencies:
        told.append("Amounts without a stated currency stay as they are.")
    return told
