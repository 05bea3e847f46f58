"""Sums in several currencies brought into one, at the mean of the daily rates of their own days.

`summarise_spending` calls it where a question names `convert_to`. What came in stays beside what came
out; a group is rounded once, its lower bound down, its upper bound up. What has no rate stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from math import floor

from sqlmodel import Field, SQLModel

from archive.records.money import exponent_of
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.rates_used import RateUsed, Span, list_rates, tell_rates
from archive.spending.sums import AmountSum, Folded, SumKey

FINE = 10**40
"""Parts of a minor unit that sums of many fractions are first reckoned in."""


class SpendConversion(SQLModel):
    """How amounts of other currencies came into the one asked for."""

    to: str = Field(description="Currency asked for (ISO 4217).")
    rule: str = Field(description="How amounts were converted, in a sentence to print.")
    rates: list[RateUsed] = Field(description="The rates of each currency that were used.")
    converted_count: int = Field(description="Items that were converted.")
    dayless_count: int = Field(
        description="Converted items whose days the source does not give; they were converted at the "
        "rates of `dayless_on`."
    )
    dayless_on: date | None = Field(
        description="Day of those rates; empty: there are no such items."
    )
    unconverted_count: int = Field(
        description="Items that stay in their own currency, or without any, for want of a rate."
    )


@dataclass
class _Total:
    """A sum in the currency asked for, exact until it is rounded."""

    sum: AmountSum = field(default_factory=AmountSum)
    lower: list[Fraction] = field(default_factory=list)
    upper: list[Fraction] = field(default_factory=list)
    estimate: list[Fraction] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    originals: dict[str, AmountSum] = field(default_factory=dict)

    def add(self, other: AmountSum, sources: set[str], currency: str, units: Fraction) -> None:
        """Take a sum in, one minor unit of which is worth so many of ours."""
        self.lower.append(other.lower * units)
        self.upper.append(other.upper * units)
        self.estimate.append(other.estimate * units)
        self.sum.add(replace(other, lower=0, upper=0, estimate=Fraction(0)))
        self.sources |= sources
        self.originals.setdefault(currency, AmountSum()).add(other)

    def round(self) -> AmountSum:
        """The sum in whole minor units, its bounds rounded outwards."""
        return replace(
            self.sum,
            lower=floor_sum(self.lower),
            upper=-floor_sum(-part for part in self.upper),
            estimate=Fraction(floor_sum([*self.estimate, Fraction(1, 2)])),
        )


@dataclass(frozen=True)
class Converted:
    """Sums after conversion, what came into those that hold other currencies, and how it was done."""

    folded: Folded
    originals: Mapping[SumKey, Mapping[str, AmountSum]]
    conversion: SpendConversion


def convert_sums(folded: Folded, to: str, rates: ExchangeRates, known_on: date) -> Converted:
    """Bring every sum into the currency `to`, at the mean of the daily rates of its days.

    Days after `known_on` do not count; a sum without days is converted at the rates known then. A sum
    of which any day lacks a rate stays as it is.
    """
    totals: dict[SumKey, _Total] = {}
    left: Folded = {}
    used: dict[str, set[Span]] = {}
    dayless = 0
    for about, (total, sources) in folded.items():
        span = choose_span(about, known_on)
        units = _find_units(rates, about.currency, to, span)
        if about.currency is None or units is None:
            key = replace(about, first_on=None, last_on=None)
            kept, named = left.setdefault(key, (AmountSum(), set()))
            kept.add(total)
            named |= sources
            continue
        ours = totals.setdefault(replace(about, currency=to, first_on=None, last_on=None), _Total())
        ours.add(total, sources, about.currency, units)
        if about.currency != to:
            used.setdefault(about.currency, set()).add(span)
            dayless += total.items if about.first_on is None else 0
    return Converted(
        {about: (total.round(), total.sources) for about, total in totals.items()} | left,
        {about: t.originals for about, t in totals.items() if t.originals.keys() != {to}},
        _describe(to, rates, used, totals.values(), left, dayless, known_on),
    )


def choose_span(about: SumKey, known_on: date) -> Span:
    """The days whose rates count for a sum: its own as far as they are past, or else one day."""
    if about.first_on is None:
        return known_on, known_on
    last_on = min(about.last_on or known_on, known_on)
    return min(about.first_on, last_on), last_on


def floor_sum(parts: Iterable[Fraction]) -> int:
    """The greatest whole number that is not above an exact sum.

    Many fractions added up one by one would share a denominator of millions of digits: their whole
    parts in a very small unit mostly decide, and only where these do not is the sum itself made.
    """
    given = list(parts)
    fine = sum(floor(part * FINE) for part in given)
    inexact = sum(FINE % part.denominator != 0 for part in given)
    if fine // FINE == (fine + inexact) // FINE:
        return fine // FINE
    return floor(sum(given))


def _find_units(rates: ExchangeRates, currency: str | None, to: str, span: Span) -> Fraction | None:
    """What one minor unit is worth, in minor units; `None` where nobody can say."""
    factor = rates.find_factor(currency, to, *span) if currency else None
    return factor and factor * Fraction(10) ** (exponent_of(to) - exponent_of(currency))


def _describe(
    to: str,
    rates: ExchangeRates,
    used: Mapping[str, set[Span]],
    totals: Iterable[_Total],
    left: Folded,
    dayless: int,
    known_on: date,
) -> SpendConversion:
    """What was converted and how, and what was not."""
    taken = [(code, own) for total in totals for code, own in total.originals.items()]
    listed = list_rates(rates, to, used)
    told = [tell_rates(to, sorted(used), listed)] if used else []
    if dayless:
        told.append(
            f"Where the source names no days ({dayless:,} of them), at the rates known on {known_on}."
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
        dayless_count=dayless,
        dayless_on=known_on if dayless else None,
        unconverted_count=sum(total.items for total, _ in left.values()),
    )


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
