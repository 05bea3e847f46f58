"""Sums in several currencies brought into one, with the rates, their days and their source told.

`summarise_spending` calls it where a question names `convert_to`. A sum is converted once, as a
whole, and rounded once: the lower bound down, the upper bound up. What has no rate stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from sqlmodel import Field, SQLModel

from archive.exchange_rates import ExchangeRates, Factor, Rate
from archive.money import exponent_of
from archive.spending.periods import last_day_of
from archive.spending.query import PERIODS, SpendQuery
from archive.spending.sums import Folded, Sum, SumKey


class RateUsed(SQLModel):
    """One exchange rate that amounts were converted by."""

    currency: str = Field(description="Currency of the rate (ISO 4217).")
    units_per_eur: str = Field(description="Units of it for one euro, as the source writes it.")
    rate_on: date = Field(description="Day of the rate; for a fixed one the day it holds from.")
    source: str = Field(description="Who published it.")


class SpendConversion(SQLModel):
    """How amounts of other currencies came into the one asked for."""

    to: str = Field(description="Currency asked for (ISO 4217).")
    rule: str = Field(description="How amounts were converted, in a sentence to print.")
    rates: list[RateUsed] = Field(description="Every rate that was used.")
    unconverted_count: int = Field(
        description="Items that stay in their own currency, or without any, for want of a rate."
    )


@dataclass
class _Total:
    """A sum in the currency asked for, exact until it is rounded."""

    sum: Sum = field(default_factory=Sum)
    lower: Fraction = Fraction(0)
    upper: Fraction = Fraction(0)
    sources: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)

    def add(self, other: Sum, sources: set[str], units: Fraction) -> None:
        """Take a sum in, one minor unit of which is worth so many of ours."""
        self.lower += other.lower * units
        self.upper += other.upper * units
        self.sum.add(replace(other, lower=0, upper=0, estimate=other.estimate * units))
        self.sources |= sources

    def round(self) -> tuple[Sum, set[str]]:
        """The sum in whole minor units, its bounds rounded outwards."""
        return replace(self.sum, lower=floor(self.lower), upper=ceil(self.upper)), self.sources


@dataclass(frozen=True)
class Converted:
    """Sums after conversion, the currencies that came into each, and how it was done."""

    folded: Folded
    currencies: Mapping[SumKey, list[str]]
    conversion: SpendConversion


def convert_sums(
    folded: Folded, query: SpendQuery, to: str, rates: ExchangeRates, known_on: date
) -> Converted:
    """Bring every sum into the currency `to`, at the last rate known on the day it is about.

    That is the last day of the period a sum is about, or `known_on` where it is about none.
    """
    totals: dict[SumKey, _Total] = {}
    left: Folded = {}
    factors: list[Factor] = []
    for about, (total, sources) in folded.items():
        factor = _find_factor(rates, about, to, choose_day(query, about, known_on))
        if factor is None:
            left[about] = (total, sources)
            continue
        ours = totals.setdefault(SumKey(about.key, about.reason, to), _Total())
        ours.add(total, sources, _scale(factor, about.currency, to))
        if about.currency and about.currency != to:
            ours.currencies.add(about.currency)
            factors.append(factor)
    return Converted(
        {about: total.round() for about, total in totals.items()} | left,
        {about: sorted(total.currencies) for about, total in totals.items()},
        SpendConversion(
            to=to,
            rule=_tell_rule(query, to, factors, left, known_on),
            rates=_list_rates(factors),
            unconverted_count=sum(total.items for total, _ in left.values()),
        ),
    )


def choose_day(query: SpendQuery, about: SumKey, known_on: date) -> date:
    """The day whose rate a sum is converted at."""
    last_on = query.to_on or known_on
    if query.by in PERIODS and about.key is not None:
        return min(last_on, last_day_of(query.by, about.key))
    return last_on


def _find_factor(rates: ExchangeRates, about: SumKey, to: str, on: date) -> Factor | None:
    if about.currency is None:
        return None
    if about.currency == to:
        # It stays what it is, also where no rate of that day is known.
        unit = Rate(to, Decimal(1), on, "", is_fixed=True)
        return Factor(unit, unit)
    return rates.find_factor(about.currency, to, on)


def _scale(factor: Factor, currency: str | None, to: str) -> Fraction:
    """What one minor unit is worth, in minor units."""
    return factor.units * Fraction(10) ** (exponent_of(to) - exponent_of(currency))


def _list_rates(factors: Iterable[Factor]) -> list[RateUsed]:
    used = {rate for factor in factors for rate in (factor.left, factor.right)}
    return [
        RateUsed(
            currency=rate.currency,
            units_per_eur=str(rate.units_per_eur),
            rate_on=rate.rate_on,
            source=rate.source,
        )
        for rate in sorted(used, key=lambda rate: (rate.currency, rate.rate_on))
        if rate.currency != "EUR"
    ]


def _tell_rule(
    query: SpendQuery, to: str, factors: list[Factor], left: Folded, known_on: date
) -> str:
    """What was converted and how, and what was not."""
    told = [_tell_converted(query, to, factors, known_on)] if factors else []
    stayed = sorted({about.currency or "no stated currency" for about in left})
    if stayed:
        told.append(f"Amounts in {', '.join(stayed)} have no rate here and stay as they are.")
    return " ".join(told) or f"All amounts were in {to} already; nothing was converted."


def _tell_converted(query: SpendQuery, to: str, factors: list[Factor], known_on: date) -> str:
    currencies = sorted({factor.left.currency for factor in factors})
    rates = [r for f in factors for r in (f.left, f.right) if r.currency != "EUR"]
    days = sorted({rate.rate_on for rate in rates})
    spell = f"of {days[0]}" if len(days) == 1 else f"of {days[0]} to {days[-1]}"
    asked = "the last day of each period" if query.by in PERIODS else f"{query.to_on or known_on}"
    sources = "; ".join(sorted({rate.source for rate in rates}))
    return (
        f"{', '.join(currencies)} converted to {to} at the rates {spell} ({sources}), the last known "
        f"on {asked}, not at those of the days on which the money was spent; lower bounds rounded "
        "down, upper bounds up."
    )
