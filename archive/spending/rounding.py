"""What sources round: amounts as printed, and the half step each way within which the truth lies.

The step stands beside each amount (`AdvertiserSpend.rounded_to_minor`) and widens it here, where it is read;
nothing is stored widened. Where nobody knows the step, both ends stay as printed and are counted.
"""

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal
from sqlmodel import col

from archive.models import AdvertiserSpend
from archive.records import Rounding


def half_step(step_minor: int | None) -> int:
    """Half a step, in whole minor units outwards."""
    return ((step_minor or 0) + 1) // 2


def widen_bounds(
    lower: int | None, upper: int | None, step_minor: int | None
) -> tuple[int | None, int | None]:
    """Printed bounds as what they prove; never below 0."""
    half = half_step(step_minor)
    return (
        None if lower is None else max(0, lower - half),
        None if upper is None else upper + half,
    )


def bound_statement(stated: Any) -> tuple[int | None, int | None, Rounding]:  # noqa: ANN401 (a statement, or a row of some of its columns)
    """What one statement proves, and how it is rounded."""
    rounding = Rounding.NONE
    if stated.is_rounded:
        rounding = Rounding.UNKNOWN if stated.rounded_to_minor is None else Rounding.KNOWN
    bounds = (stated.spend_lower_minor, stated.spend_upper_minor)
    return *widen_bounds(*bounds, stated.rounded_to_minor), rounding


def widen_lower(stated: type[AdvertiserSpend]) -> ColumnElement[int | None]:
    """The least that a statement proves, in SQL."""
    printed, half = col(stated.spend_lower_minor), _half_in_sql(stated)
    return case((printed < half, 0), else_=printed - half)


def widen_upper(stated: type[AdvertiserSpend]) -> ColumnElement[int | None]:
    """The most that a statement proves, in SQL."""
    return col(stated.spend_upper_minor) + _half_in_sql(stated)


def _half_in_sql(stated: type[AdvertiserSpend]) -> ColumnElement[int]:
    return (func.coalesce(col(stated.rounded_to_minor), 0) + 1) // 2


def name_rounding(stated: type[AdvertiserSpend] | None = None) -> list[ColumnElement[int]]:
    """Whether each listed amount is rounded, and whether by an unknown step; of ads and filings none is."""
    if stated is None:
        return [literal(0).label("is_rounded"), literal(0).label("is_unknown_step")]
    rounded = case((col(stated.is_rounded), 1), else_=0)
    unknown = case((col(stated.rounded_to_minor).is_(None), rounded), else_=0)
    return [rounded.label("is_rounded"), unknown.label("is_unknown_step")]
