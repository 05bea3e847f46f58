"""Groups of a spend summary as lists, one a currency, and what they say first.

The page about spending calls it. Pure: it adds nothing up and never compares two currencies.
"""

from dataclasses import dataclass

from api.pages.formatting import plain_day
from api.pages.range_bar import find_scale
from archive.reading.coverage import tell_years
from archive.records.money import format_bounds
from archive.spending import SpendGroup, SpendSummary
from archive.spending.items import SEVERAL
from archive.spending.ranks import may_compete, tell_place
from config.counts import write_count

MOST_NAMED = 2
"""Sources whose years a sentence names; of more it only says how many they are."""

ROWS_SHOWN = 40
"""Rows of one currency, so that a page stays small; the CSV has every row."""

ROWS_OF_EACH = 20
"""Rows where there are several currencies: each has a page of its own."""


@dataclass(frozen=True)
class CurrencyTable:
    """The groups of one currency, in the summary's order, on one scale."""

    currency: str | None
    scale: int
    groups: list[SpendGroup]
    left_out: int
    is_one_of_several: bool
    """Whether amounts in other currencies stand beside it."""
    converted_from: list[str]
    """Other currencies that came into it, those of rows left out too."""
    not_in_newest: int
    """Items that the newest file lacks, those of rows left out too."""

    @property
    def is_ranked(self) -> bool:
        """Whether its groups have places."""
        return any(group.rank_best is not None for group in self.groups)


def make_tables(summary: SpendSummary) -> list[CurrencyTable]:
    """One table a currency, that of most ads first; long ones are cut and say by how much.

    The page shows the first whole, and of the others what they say first.
    """
    by_currency: dict[str | None, list[SpendGroup]] = {}
    for group in summary.groups:
        by_currency.setdefault(group.currency, []).append(group)
    several = len(by_currency) > 1
    most_first = sorted(
        by_currency.values(), key=lambda g: (g[0].currency is None, -sum(one.ads for one in g))
    )
    return [
        _make_table(groups, ROWS_OF_EACH if several else ROWS_SHOWN, several)
        for groups in most_first
    ]


def _make_table(groups: list[SpendGroup], room: int, is_one_of_several: bool) -> CurrencyTable:
    shown = groups[:room]
    of_first = [group for group in groups[room:] if _is_beside(group, groups[0])]
    unnamed = [group for group in groups[room:] if not may_compete(group)]
    return CurrencyTable(
        currency=groups[0].currency,
        scale=find_scale((group.lower_minor, group.upper_minor) for group in shown),
        groups=[*shown, *of_first, *unnamed],
        left_out=len(groups) - len(shown) - len(of_first) - len(unnamed),
        is_one_of_several=is_one_of_several,
        converted_from=sorted({code for group in groups for code in group.converted_from}),
        not_in_newest=sum(group.not_in_newest for group in groups),
    )


@dataclass(frozen=True)
class Lead:
    """How to say who, or what, comes first: surely, and perhaps."""

    surely: str
    maybe: str


def write_sentence(table: CurrencyTable, lead: Lead, about: str) -> str:
    """What a table says first, ready to print; says so when the lead is not certain."""
    if table.is_one_of_several:
        how = "stated in or converted to" if table.converted_from else "stated in"
        stated = f"of amounts {how} {table.currency}" if table.currency else "without a currency"
        about = f"{about}, {stated}"
    first = next((group for group in table.groups if may_compete(group)), None)
    if first is None:
        return f"No amount is known of anyone named {about}."
    amount = format_bounds(first.lower_minor, first.upper_minor, table.currency, first.rounding)
    also = "".join(_tell_other_grain(group) for group in table.groups if _is_beside(group, first))
    if first.rank_worst is None:
        return f"{first.label}: {amount}, {about}.{also}"
    if first.rank_worst == 1:
        return f"{first.label} {lead.surely} {about}: {amount}.{also}"
    return (
        f"{first.label} {lead.maybe} {about}: {amount}.{also} "
        f"By the ranges its place is {tell_place(first)}."
    )


def _is_beside(group: SpendGroup, first: SpendGroup) -> bool:
    """Whether it is another answer about the same: a part of it, or one that contradicts."""
    return group.key == first.key and group.grain != first.grain


def _tell_other_grain(group: SpendGroup) -> str:
    amount = format_bounds(group.lower_minor, group.upper_minor, group.currency, group.rounding)
    return f" Apart from that, from statements of {group.grain}s: {amount}."


def write_basis(summary: SpendSummary, *, is_named: bool) -> str:
    """The files a sentence rests on, and when they were known; `is_named`: it has named them."""
    dated = [(one.title, tell_years(one.years)) for one in summary.rests_on if one.years]
    if len(dated) == 1 and is_named:
        files = f", in its files of {dated[0][1]}"
    elif 0 < len(dated) <= MOST_NAMED:
        files = ", in the files of " + "; ".join(f"{title} of {years}" for title, years in dated)
    else:
        files = (
            f", in the files of {write_count(len(dated), 'source')} named below" if dated else ""
        )
    return files + (f", as known on {plain_day(summary.as_of)}" if summary.as_of else "")


def write_rivals(table: CurrencyTable) -> str:
    """What has no name, or no known amount, and could change the order; empty: nothing."""
    if not table.is_ranked:
        return ""
    unnamed = [group for group in table.groups if group.unknown_reason or group.key == SEVERAL]
    amounts = [
        f"{group.label} ({group.ads:,} counted: "
        f"{format_bounds(group.lower_minor, group.upper_minor, table.currency, group.rounding)})"
        for group in unnamed
    ]
    return f"Not ranked, and could change this order: {'; '.join(amounts)}." if amounts else ""
