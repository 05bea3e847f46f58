"""Sums of one group, currency and source, and how SQL makes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlmodel import Session

from archive.records import Grain, MissingReason, Rounding


@dataclass(frozen=True)
class SumKey:
    """What a sum is about; `key` `None`: unknown, for the given reason."""

    key: str | None
    reason: MissingReason | None
    currency: str | None
    first_on: date | None = None
    """First day on which the money may have been spent; `None`: not known, or not asked for.

    Only a question that converts asks for days: sums of other days are converted at other rates.
    """
    last_on: date | None = None
    """Last such day, or the one it was last seen on if that came before; `None`: not asked for."""
    grain: Grain | None = None
    """Of statements: what one covers; those of different grains are never added."""

    def of_grain(self, grain: Grain | None) -> "SumKey":
        """The same, of statements of a grain."""
        return replace(self, grain=grain)


@dataclass
class AmountSum:
    """Money and counts that add up over disjoint items."""

    lower: int = 0
    upper: int = 0
    items: int = 0
    open_count: int = 0
    unknown_count: int = 0
    undated: int = 0
    rounded_count: int = 0
    unknown_step_count: int = 0
    """Of them those whose step nobody knows: their ends are as printed."""
    revised_count: int = 0
    settled_late_count: int = 0
    not_in_newest: int = 0
    estimate: Fraction = Fraction(0)
    days_missing: int = 0
    """Days of the period of which the source states nothing; of a sum, those of the item with most."""

    @property
    def rounding(self) -> Rounding:
        """Whether any part is rounded, and whether by a step that nobody knows."""
        if self.unknown_step_count:
            return Rounding.UNKNOWN
        return Rounding.KNOWN if self.rounded_count else Rounding.NONE

    def add(self, other: "AmountSum") -> None:
        """Take the sum of other items in."""
        days_missing = max(self.days_missing, other.days_missing)
        for name in _ADDED:
            if more := getattr(other, name):
                setattr(self, name, getattr(self, name) + more)
        self.days_missing = days_missing


COUNTED = (
    *("lower", "upper", "items", "open_count", "unknown_count", "undated"),
    *("rounded_count", "unknown_step_count", "revised_count", "settled_late_count"),
)
"""What SQL adds up, in the order of its columns."""

_ADDED = tuple(field.name for field in fields(AmountSum))


DayRow = tuple[Any, ...]
"""First and last day, then what is counted of them (`COUNTED`), as the database gives it."""


@dataclass(frozen=True)
class SourceSum:
    """A sum over the items of one source."""

    about: SumKey
    source: str
    sum: AmountSum
    by_days: Sequence[DayRow] = ()
    """What it is made of, where days were asked for in SQL."""


def sum_amounts(session: Session, listed: Select[Any], *, by_days: bool = True) -> list[SourceSum]:
    """Add up listed amounts in SQL.

    `listed` selects `key, reason, source, currency, first_on, last_on, lower, upper, is_placed,
    is_undated, is_rounded, is_unknown_step`, one row an item; items with `is_placed` 0 are counted as
    undated only. Parts of lives (`curves`) also say `is_revised, is_settled_late`, and `spread`, twice an
    estimate times `spread_days`. `by_days`: whether many items share their days, so that SQL adds up those
    that do; what hardly shares any is quicker read row by row.
    """
    rows = listed.subquery()
    of = rows.c
    known = and_(of.is_placed == 1, of.lower.is_not(None))
    group = (of.key, case((of.key.is_(None), of.reason)), of.currency, of.source)
    days = (of.first_on, of.last_on)
    counted: tuple[ColumnElement[Any], ...] = (
        case((known, of.lower), else_=0),
        case((known, func.coalesce(of.upper, 0)), else_=0),
        of.is_placed,
        case((and_(known, of.upper.is_(None)), 1), else_=0),
        case((and_(of.is_placed == 1, of.lower.is_(None)), 1), else_=0),
        of.is_undated,
        case((known, of.is_rounded), else_=0),
        case((known, of.is_unknown_step), else_=0),
    )
    spread_days: tuple[ColumnElement[int], ...] = ()
    if "spread" in of:
        late = (case((known, one), else_=0) for one in (of.is_revised, of.is_settled_late))
        counted, spread_days = (*counted, *late, of.spread), (of.spread_days,)
    folded = select(*group, *days, *counted, *spread_days)
    if by_days:
        folded = select(*group, *days, *map(func.sum, counted), *spread_days)
        folded = folded.group_by(*group, *days, *spread_days)
    by_group: dict[tuple[Any, ...], list[DayRow]] = {}
    for row in session.connection().execute(folded):
        by_group.setdefault(row[:4], []).append(row[4:])
    return [
        SourceSum(SumKey(key, read_reason(key, why), currency), source, add_rows(rows), rows)
        for (key, why, currency, source), rows in by_group.items()
    ]


def add_rows(rows: Sequence[DayRow]) -> AmountSum:
    """The sum of what was spent on different days."""
    sums = (
        rows[0][2:]
        if len(rows) == 1
        else [sum(column) for column in list(zip(*rows, strict=True))[2:]]
    )
    total = AmountSum()
    for name, number in zip(COUNTED, sums, strict=False):
        setattr(total, name, int(number))
    if len(sums) > len(COUNTED):
        spread = ((int(row[-2]), row[-1]) for row in rows)
        total.estimate = sum(
            (Fraction(twice, 2 * days) for twice, days in spread if twice), Fraction(0)
        )
    return total


def read_reason(key: str | None, reason: str | None) -> MissingReason | None:
    """Why a key is unknown; `None` when it is known."""
    return None if key is not None else MissingReason(reason or MissingReason.NOT_PROVIDED)


Folded = dict[SumKey, tuple[AmountSum, set[str]]]
"""Sums over all sources, with the sources of each."""


def fold_sums(sums: Iterable[SourceSum]) -> Folded:
    """Add up the sums of the sources."""
    folded: Folded = {}
    for one in sums:
        if one.about not in folded:
            folded[one.about] = (one.sum, {one.source})
            continue
        total, sources = folded[one.about]
        total.add(one.sum)
        sources.add(one.source)
    return folded
