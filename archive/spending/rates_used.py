"""Which daily rates a conversion was made with, from whom, and which days had none of their own.

`conversion` tells them beside its figures; nothing is converted here.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlmodel import Field, SQLModel

from archive.spending.exchange_rates import EURO, ExchangeRates, Rate

Span = tuple[date, date]
"""First and last day, both included."""


class RateUsed(SQLModel):
    """The daily rates of one currency and source that amounts were converted by."""

    currency: str = Field(description="Currency of the rates (ISO 4217).")
    source: str = Field(description="Who published them.")
    method: str = Field(
        description="mean_of_daily_rates, over all days an amount is about, or fixed_rate."
    )
    daily_rates: int = Field(description="Rates that were used, each of another day.")
    first_rate_on: date = Field(
        description="Day of the first; for a fixed one, since when it holds."
    )
    last_rate_on: date = Field(description="Day of the last.")
    carried_days: int = Field(
        description="Days without a rate of their own, which have the last one known before them."
    )
    lowest_units_per_eur: str = Field(
        description="The lowest of them, in units for one euro, as the source writes it."
    )
    highest_units_per_eur: str = Field(description="The highest of them.")


def list_rates(rates: ExchangeRates, to: str, used: Mapping[str, set[Span]]) -> list[RateUsed]:
    """The rates behind the days of each converted currency and of the one it came into, in order."""
    spans = dict(used)
    if used:
        spans[to] = set().union(*used.values())
    return [
        row
        for currency in sorted(spans.keys() - {EURO})
        for row in _list_sources(rates, currency, join_spans(spans[currency]))
    ]


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """The same days, in order, each in one span."""
    joined: list[Span] = []
    for first_on, last_on in sorted(spans):
        if joined and first_on <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last_on))
        else:
            joined.append((first_on, last_on))
    return joined


def _list_sources(rates: ExchangeRates, currency: str, spans: list[Span]) -> list[RateUsed]:
    """One row a source, the one with the earliest rate first."""
    days: dict[str, dict[date, Rate]] = {}
    for first_on, last_on in spans:
        for ordinal in range(first_on.toordinal(), last_on.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if rate := rates.find(currency, day):
                days.setdefault(rate.source, {})[day] = rate
                if rate.is_fixed:
                    # It holds for the rest of the span, which may be as long as the calendar.
                    break
    rows = [_make_row(currency, source, by_day) for source, by_day in days.items()]
    return sorted(rows, key=lambda row: row.first_rate_on)


def _make_row(currency: str, source: str, by_day: Mapping[date, Rate]) -> RateUsed:
    used = {rate.rate_on: rate for rate in by_day.values()}
    fixed = all(rate.is_fixed for rate in used.values())
    by_units = sorted(used.values(), key=lambda rate: rate.units_per_eur)
    return RateUsed(
        currency=currency,
        source=source,
        method="fixed_rate" if fixed else "mean_of_daily_rates",
        daily_rates=len(used),
        first_rate_on=min(used),
        last_rate_on=max(used),
        carried_days=sum(not rate.is_fixed and rate.rate_on != day for day, rate in by_day.items()),
        lowest_units_per_eur=str(by_units[0].units_per_eur),
        highest_units_per_eur=str(by_units[-1].units_per_eur),
    )


def tell_rates(to: str, currencies: list[str], rates: list[RateUsed]) -> str:
    """By which rates currencies were converted, in a sentence to print."""
    told = "; ".join(_tell_row(row) for row in rates)
    return (
        f"{', '.join(currencies)} converted to {to} at the mean of the daily rates over the days on "
        f"which the money was or may have been spent: {told}."
    )


def _tell_row(row: RateUsed) -> str:
    if row.method == "fixed_rate":
        return f"{row.currency} at {row.lowest_units_per_eur} for a euro ({row.source})"
    spell = f"of {row.first_rate_on}"
    if row.last_rate_on != row.first_rate_on:
        spell += f" to {row.last_rate_on}"
    noun = "rate" if row.daily_rates == 1 else "rates"
    carried = (
        f", the last known one also for {row.carried_days:,} days without"
        if row.carried_days
        else ""
    )
    return f"{row.currency} by {row.daily_rates:,} {noun} {spell} ({row.source}){carried}"
