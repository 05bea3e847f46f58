"""The values of filters that are no plain texts: days, numbers, amounts, codes. Read for `build_query`."""

import re
from collections.abc import Mapping
from datetime import date

from archive.errors import cut_echo
from archive.reading.as_of.moment import read_day as read_written_day
from archive.records.codes import CODES
from archive.records.money import to_minor
from search.question.filters import BOUNDS, DAY_BOUNDS
from search.question.language import QueryError

Given = Mapping[str, tuple[str, ...]]
"""Each filter with its values, as they were typed."""


def read_code(name: str, value: str) -> str:
    """A code of a list, in whatever case it was typed.

    Raises:
        QueryError: if it is not in the list.
    """
    try:
        return CODES[name](value)
    except ValueError as error:
        raise QueryError(name, str(error)) from None


def read_one(name: str, given: Given) -> str | None:
    """The value of a filter that takes one.

    Raises:
        QueryError: if it has several.
    """
    values = given.get(name, ())
    if len(values) > 1:
        raise QueryError(name, f"filter {name!r} takes one value")
    return values[0] if values else None


def read_day(name: str, given: Given) -> date | None:
    """The day that a filter asks for.

    Raises:
        QueryError: if it is none.
    """
    value = read_one(name, given)
    try:
        return None if value is None else read_written_day(value)
    except ValueError as error:
        raise QueryError(
            name, f"filter {name!r} cannot be {cut_echo(value or '')!r}: {error}"
        ) from None


def read_bounds(given: Given) -> dict[str, int]:
    """Amounts in minor units, counts, and days since year 1, by the name of their filter.

    Raises:
        QueryError: if one cannot be read, or is an amount without its currency beside it.
    """
    bounds: dict[str, int] = {}
    for name in BOUNDS:
        if name not in given:
            continue
        if name in DAY_BOUNDS:
            day = read_day(name, given)
            bounds[name] = day.toordinal() if day else 0
        else:
            number = _read_number(name, given)
            is_money = name.startswith("spend")
            bounds[name] = _read_units(name, number, given) if is_money else number
    return bounds


def _read_number(name: str, given: Given) -> int:
    value = read_one(name, given) or ""
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise QueryError(name, f"filter {name!r} takes a whole number, not {cut_echo(value)!r}")
    return int(value)


def _read_units(name: str, units: int, given: Given) -> int:
    currencies = given.get("currency", ())
    if len(currencies) != 1:
        raise QueryError(name, f"filter {name!r} needs one currency beside it: currency=EUR")
    try:
        return to_minor(str(units), read_code("currency", currencies[0]))
    except ValueError as error:
        raise QueryError(name, str(error)) from None
