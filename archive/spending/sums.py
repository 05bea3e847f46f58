"""Sums of one group, currency and source, and how SQL makes them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
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
    """Last such day; `None` beside a first one: it may still be spent."""
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
    revised_count: int = 0
    settled_late_count: int = 0
    rounded_count: int = 0
    unknown_step_count: int = 0
    """Of them those whose step nobody knows: their ends are as printed."""
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
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        self.days_missing = days_missing


@dataclass(frozen=True)
class SourceSum:
    """A sum over the items of one source."""

    about: SumKey
    source: str
    sum: AmountSum


WHOLE_LIVES: tuple[ColumnElement[int], ...] = tuple(
    literal(value).label(name)
    for name, value in (
        ("is_revised", 0),
        ("is_settled_late", 0),
        ("spread", 0),
        ("spread_days", 1),
    )
)
"""What amounts say that are no parts of an ad's life: nothing was settled, nothing is spread."""


def sum_amounts(session: Session, listed: Select[Any]) -> list[SourceSum]:
    """Add up listed amounts in SQL.

    `listed` selects `key, reason, source, currency, first_on, last_on, lower, upper, is_placed,
    is_undated`, what `name_rounding` names and `WHOLE_LIVES`, one row an item; items with `is_placed` 0
    are counted as undated only. `spread` is twice an estimate, times `spread_days`.
    """
    rows = listed.subquery()
    of = rows.c
    known = and_(of.is_placed == 1, of.lower.is_not(None))
    reason = case((of.key.is_(None), of.reason))
    about = (of.currency, of.source, of.first_on, of.last_on, of.spread_days)
    folded = select(
        of.key,
        reason.label("why"),
        *about,
        func.sum(case((known, of.lower), else_=0)).label("lower"),
        func.sum(case((known, func.coalesce(of.upper, 0)), else_=0)).label("upper"),
        func.sum(of.is_placed).label("items"),
        func.sum(case((and_(known, of.upper.is_(None)), 1), else_=0)).label("open_count"),
        func.sum(case((and_(of.is_placed == 1, of.lower.is_(None)), 1), else_=0)).label("unknown"),
        func.sum(of.is_undated).label("undated"),
        func.sum(case((known, of.is_rounded), else_=0)).label("rounded"),
        func.sum(case((known, of.is_unknown_step), else_=0)).label("unknown_step"),
        func.sum(case((known, of.is_revised), else_=0)).label("revised"),
        func.sum(case((known, of.is_settled_late), else_=0)).label("settled_late"),
        func.sum(of.spread).label("spread"),
    ).group_by(of.key, reason, *about)
    return [_read_row(row) for row in session.connection().execute(folded)]


def _read_row(row: Any) -> SourceSum:  # noqa: ANN401 (a database row)
    return SourceSum(
        SumKey(row.key, read_reason(row.key, row.why), row.currency, row.first_on, row.last_on),
        row.source,
        AmountSum(
            lower=int(row.lower),
            upper=int(row.upper),
            items=int(row.items),
            open_count=int(row.open_count),
            unknown_count=int(row.unknown),
            undated=int(row.undated),
            rounded_count=int(row.rounded),
            unknown_step_count=int(row.unknown_step),
            revised_count=int(row.revised),
            settled_late_count=int(row.settled_late),
            estimate=Fraction(int(row.spread), 2 * row.spread_days),
        ),
    )


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
