"""Which daily rates a conversion was made with, from whom, and which days had none of their own.

`conversion` tells them beside its figures; nothing is converted here.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlmodel import Field, SQLModel

from archive.spending.exchange_rates import EURO, ExchangeRates
from archive.spending.rate_series import Rate
from config.counts import write_count

Span = tuple[date, date]
"""First and last day, both included."""


class RateUsed(SQLModel):
    """The daily rates of one currency and source that amounts were converted by."""

    currency: str = Field(description="Currency of the rates (ISO 4217).")
    source: str = Field(description="Who published them.")
    method: str = Field(
        description="daily_rates, the lowest, highest and mean of the days an amount is about, or "
        "fixed_rate."
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
    used: dict[str, dict[Rate, int]] = {}
    for rate, days in (one for span in spans for one in rates.list_held(currency, *span)):
        of_source = used.setdefault(rate.source, {})
        of_source[rate] = of_source.get(rate, 0) + days
    rows = [_make_row(currency, source, of_source) for source, of_source in used.items()]
    return sorted(rows, key=lambda row: row.first_rate_on)


def _make_row(currency: str, source: str, carried: Mapping[Rate, int]) -> RateUsed:
    """`carried`: of each rate, for how many later days it stood."""
    days = [rate.rate_on for rate in carried]
    fixed = all(rate.is_fixed for rate in carried)
    by_units = sorted(carried, key=lambda rate: rate.units_per_eur)
    return RateUsed(
        currency=currency,
        source=source,
        method="fixed_rate" if fixed else "daily_rates",
        daily_rates=len(days),
        first_rate_on=min(days),
        last_rate_on=max(days),
        carried_days=sum(days for rate, days in carried.items() if not rate.is_fixed),
        lowest_units_per_eur=str(by_units[0].units_per_eur),
        highest_units_per_eur=str(by_units[-1].units_per_eur),
    )


def tell_rates(to: str, currencies: list[str], rates: list[RateUsed]) -> str:
    """By which rates currencies were converted, in a sentence to print."""
    told = "; ".join(_tell_row(row) for row in rates)
    return (
        f"{', '.join(currencies)} converted to {to} at the lowest and the highest of the daily rates of "
        "the days on which the money was or may have been spent, until it was last seen; beside these "
        f"bounds, which alone are ones, at their mean: {told}."
    )


def _tell_row(row: RateUsed) -> str:
    if row.method == "fixed_rate":
        return f"{row.currency} at {row.lowest_units_per_eur} for a euro ({row.source})"
    spell = f"of {row.first_rate_on}"
    if row.last_rate_on != row.first_rate_on:
        spell += f" to {row.last_rate_on}"
    carried = (
        f", the last known one also for {write_count(row.carried_days, 'day')} without"
        if row.carried_days
        else ""
    )
    return (
        f"{row.currency} by {write_count(row.daily_rates, 'rate')} {spell} ({row.source}){carried}"
    )
