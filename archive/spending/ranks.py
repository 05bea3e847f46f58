"""The places that groups of one currency may hold among each other."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from archive.spending.items import SEVERAL
from archive.spending.query import PERIODS, SpendBy
from archive.spending.summary import SpendGroup


def rank_groups(by: SpendBy | None, groups: Sequence[SpendGroup]) -> None:
    """Give each group the best and the worst place that the ranges of its currency allow.

    Best: it spent its most and all others their least. Only what has a name competes; periods, and what
    stands alone, have no place.
    """
    if by is None or by in PERIODS:
        return
    by_currency: dict[str | None, list[SpendGroup]] = {}
    for group in groups:
        if may_compete(group):
            by_currency.setdefault(group.currency, []).append(group)
    for rivals in by_currency.values():
        if len(rivals) > 1:
            _rank_rivals(rivals)


def may_compete(group: SpendGroup) -> bool:
    """Whether a group is of somebody or something named, and its amount is known."""
    is_named = group.unknown_reason is None and group.key != SEVERAL
    return is_named and group.lower_minor is not None


def _rank_rivals(rivals: Sequence[SpendGroup]) -> None:
    least = sorted(group.lower_minor or 0 for group in rivals)
    most = sorted(_most(group) for group in rivals)
    for group in rivals:
        lower = group.lower_minor or 0
        above = len(least) - bisect_right(least, _most(group))
        maybe = len(most) - bisect_right(most, lower) - (_most(group) > lower)
        group.rank_best, group.rank_worst = 1 + above, 1 + maybe


def _most(group: SpendGroup) -> float:
    return math.inf if group.upper_minor is None else group.upper_minor


def tell_place(group: SpendGroup) -> str:
    """`1`, or `1 to 3`, or nothing where it cannot be ranked."""
    best, worst = group.rank_best, group.rank_worst
    if best is None or worst is None:
        return ""
    return f"{best:,}" if best == worst else f"{best:,} to {worst:,}"
