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
    stands alone, have no place. What is rounded by a step that nobody states competes by the ends that every
    step allows (`find_ends`). What has answers of several grains never competes with itself: they are parts
    of it, or contradict each other, so it has spent at least the least and at most their sum.
    """
    if by is None or by in PERIODS:
        return
    by_currency: dict[str | None, dict[str, list[SpendGroup]]] = {}
    for group in groups:
        if may_compete(group):
            by_currency.setdefault(group.currency, {}).setdefault(group.key, []).append(group)
    for rivals in by_currency.values():
        if len(rivals) > 1:
            _rank_rivals(list(rivals.values()))


def may_compete(group: SpendGroup) -> bool:
    """Whether a group is of somebody or something named, and its amount is known."""
    is_named = group.unknown_reason is None and group.key != SEVERAL
    return is_named and group.lower_minor is not None


def _rank_rivals(rivals: Sequence[Sequence[SpendGroup]]) -> None:
    """Give the groups of each key the places of the key."""
    ends = [_find_all_ends(groups) for groups in rivals]
    leasts = sorted(least for least, _ in ends)
    mosts = sorted(most for _, most in ends)
    for groups, (least, most) in zip(rivals, ends, strict=True):
        above = len(leasts) - bisect_right(leasts, most)
        maybe = len(mosts) - bisect_right(mosts, least) - (most > least)
        is_of_unknown_step = any(group.unknown_step_count for group in groups)
        if is_of_unknown_step and (above, maybe) == (0, len(rivals) - 1):
            # It may have any place: that is none.
            continue
        for group in groups:
            group.rank_best, group.rank_worst = 1 + above, 1 + maybe


def _find_all_ends(groups: Sequence[SpendGroup]) -> tuple[float, float]:
    leasts, mosts = zip(*map(find_ends, groups), strict=True)
    return min(leasts), sum(mosts)


def find_ends(group: SpendGroup) -> tuple[float, float]:
    """The least and the most that a group may have spent, whatever the step it is rounded by.

    What is printed is a whole number of steps, so a step is no greater than an amount printed above 0, and
    the truth lies half a step around: from half of what is printed to half of it more for each such item.
    Where only 0 is printed the step may be any.
    """
    least = group.lower_minor or 0
    most = math.inf if group.upper_minor is None else group.upper_minor
    if not group.unknown_step_count:
        return least, most
    return least / 2, most * (1 + group.unknown_step_count / 2) if most else math.inf


def tell_place(group: SpendGroup) -> str:
    """`1`, or `1 to 3`, or nothing where it cannot be ranked."""
    best, worst = group.rank_best, group.rank_worst
    if best is None or worst is None:
        return ""
    return f"{best:,}" if best == worst else f"{best:,} to {worst:,}"
