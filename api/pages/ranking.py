"""Groups of a spend summary as ranked lists, one a currency, each with the ranks it may really have.

The page about spending calls it. Pure: it adds nothing up and never compares two currencies.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.range_bar import find_scale
from archive.records.money import format_bounds
from archive.spending import SpendGroup, SpendSummary
from archive.spending.query import PERIODS

ROWS_SHOWN = 60
"""Rows of all currencies together, so that a page stays small; the CSV has every row."""


@dataclass(frozen=True)
class RankedGroup:
    """A group and the best and worst place its bounds allow; `None`: nothing is known of it."""

    group: SpendGroup
    best: int | None
    worst: int | None

    @property
    def place(self) -> str:
        """`1`, or `1 to 3`, or nothing."""
        if self.best is None or self.worst is None:
            return ""
        return f"{self.best:,}" if self.best == self.worst else f"{self.best:,} to {self.worst:,}"


@dataclass(frozen=True)
class CurrencyTable:
    """The groups of one currency, in the summary's order, on one scale."""

    currency: str | None
    scale: int
    is_ranked: bool
    rows: list[RankedGroup]
    left_out: int


def make_tables(summary: SpendSummary) -> list[CurrencyTable]:
    """One table a currency, in the summary's order; long ones are cut and say by how much."""
    by_currency: dict[str | None, list[SpendGroup]] = {}
    for group in summary.groups:
        by_currency.setdefault(group.currency, []).append(group)
    room = max(ROWS_SHOWN // max(len(by_currency), 1), 5)
    return [_make_table(summary, groups, room) for groups in by_currency.values()]


def _make_table(summary: SpendSummary, groups: list[SpendGroup], room: int) -> CurrencyTable:
    is_ranked = summary.by is not None and summary.by not in PERIODS and len(groups) > 1
    shown = groups[:room]
    return CurrencyTable(
        currency=groups[0].currency,
        scale=find_scale((group.lower_minor, group.upper_minor) for group in shown),
        is_ranked=is_ranked,
        rows=[rank_group(group, groups) for group in shown],
        left_out=len(groups) - len(shown),
    )


def rank_group(group: SpendGroup, groups: Sequence[SpendGroup]) -> RankedGroup:
    """The places a group may hold: best if it spent its most and all others their least."""
    if group.lower_minor is None:
        return RankedGroup(group, None, None)
    others = [other for other in groups if other is not group and other.lower_minor is not None]
    above = sum((other.lower_minor or 0) > _most(group) for other in others)
    maybe = sum(_most(other) > group.lower_minor for other in others)
    return RankedGroup(group, 1 + above, 1 + maybe)


def _most(group: SpendGroup) -> float:
    return math.inf if group.upper_minor is None else group.upper_minor


def write_sentence(table: CurrencyTable, verb: str, about: str) -> str:
    """What a table says first, ready to print; says so when the lead is not certain."""
    named = [row for row in table.rows if row.best is not None and not row.group.unknown_reason]
    if not named:
        return f"No amount is known of anyone named {about}."
    first = named[0]
    amount = format_bounds(first.group.lower_minor, first.group.upper_minor, table.currency)
    if not table.is_ranked:
        return f"{first.group.label}: {amount}, {about}."
    if first.worst == 1:
        return f"{first.group.label} {verb} {about}: {amount}."
    return (
        f"{first.group.label} may be who {verb} {about}: {amount}. "
        f"By the ranges its place is {first.place}."
    )
