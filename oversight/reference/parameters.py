"""Figures and lists that law changes by date: each value with the day it holds from and its source.

Rules name parameters; `find_value` gives the one in force on a day. Amounts are money with its currency.
What a formula makes of others stands here as values too; `formulas.py` reads the files.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from archive.records import MissingReason
from archive.records.money import check_currency, format_units, to_minor
from config.citations import Citation
from config.yaml_files import FileModel
from oversight.language import Facts, FactType, FactValue
from oversight.reference.edges import DAY_OF, Anchor
from oversight.reference.elections import Election


class ParameterType(StrEnum):
    """What a parameter is; a decimal or brackets only enter formulas."""

    BOOL = "bool"
    INT = "int"
    STRING = "string"
    STRINGS = "strings"
    MONEY = "money"
    DECIMAL = "decimal"
    BRACKETS = "brackets"


class ValueStatus(StrEnum):
    """Whether a value is law, or will perhaps be."""

    IN_FORCE = "in_force"
    ANNOUNCED = "announced"


DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)
DECIMAL_TEXT = f"^{DECIMAL.pattern}$"
MONEY = re.compile(r"(\d{1,15}(?:\.\d{1,3})?) ([A-Z]{3})", re.ASCII)


def read_decimal(text: str) -> Decimal:
    """A plain decimal.

    Raises:
        ValueError: if it is none.
    """
    if not DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no plain number such as 1.25")
    return Decimal(text)


def read_money(text: str) -> tuple[int, str]:
    """Minor units and currency of an amount such as `500.00 CAD`.

    Raises:
        ValueError: if it is none, or has more decimals than the currency.
    """
    found = MONEY.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no amount with its currency, such as 500.00 CAD")
    return to_minor(found[1], check_currency(found[2])), found[2]


class Bracket(FileModel):
    """One step of a scale: what lies over a number, up to the next step, counts at its rate."""

    over: int = Field(ge=0, description="Number the step begins above.")
    rate: str = Field(pattern=DECIMAL_TEXT, description="Rate of each one within it.")


ParameterValue = StrictBool | StrictInt | StrictStr | tuple[StrictStr, ...] | tuple[Bracket, ...]


class DatedValue(FileModel):
    """A value and the first day it holds."""

    starts_on: date = Field(alias="from", description="First day of the value.")
    value: ParameterValue | None = Field(description="The value; null ends the one before.")
    status: ValueStatus = Field(
        default=ValueStatus.IN_FORCE, description="in_force, or announced: it is never used."
    )
    source: Citation = Field(description="Where the value comes from.")


class Formula(FileModel):
    """How a parameter is made of others, on each day."""

    of: str = Field(description="Parameter it starts from: int, decimal or money.")
    least: str | None = Field(default=None, pattern=DECIMAL_TEXT, description="Taken if more.")
    by: str | None = Field(default=None, description="Brackets that it is counted by.")
    times: tuple[str, ...] = Field(
        default=(), max_length=6, description="Parameters, or numbers, to multiply by."
    )
    currency: str | None = Field(default=None, description="Of the result, where `of` is no money.")
    rounded: Literal["up", "down", "half_even"] = Field(
        default="half_even", description="up, down or half_even, to a multiple of `to`."
    )
    to: str | None = Field(default=None, pattern=DECIMAL_TEXT, description="Step; none: exact.")
    source: Citation = Field(description="The provision that says so.")


class Parameter(FileModel):
    """A figure or list that rules name as `p.<id>`; money as `p.<id>_minor` and `p.<id>_currency`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name in rules, after `p.`.")
    title: str = Field(min_length=1, description="What it is, in plain words.")
    unit: str | None = Field(default=None, description="What a number counts.")
    type: ParameterType = Field(
        description="bool, int, string, strings, money, decimal or brackets."
    )
    at: Anchor | None = Field(
        default=None, description="Moment of the election whose value counts; none: the ad's start."
    )
    stale_on: date | None = Field(
        default=None, description="Day by which law renews it: from then on the last value is none."
    )
    values: tuple[DatedValue, ...] = Field(default=(), description="The values, oldest first.")
    formula: Formula | None = Field(default=None, description="Instead of values: how it is made.")
    sha256: str = Field(
        default="", exclude=True, description="Hash of its file, which `/texts` keeps; set by us."
    )
    made_of: dict[str, str] = Field(
        default={},
        exclude=True,
        description="The same of each parameter that its formula rests on, by id; set by us.",
    )

    @model_validator(mode="after")
    def check_values(self) -> Self:
        """Refuse values of another type and days out of order.

        Raises:
            ValueError: naming the day.
        """
        if bool(self.values) is (self.formula is not None):
            raise ValueError("a parameter has either values or a formula")
        if self.at is not None and self.at not in {*DAY_OF, Anchor.POLLING_DAY}:
            names = ", ".join([*DAY_OF, Anchor.POLLING_DAY])
            raise ValueError(f"at is one of {names}, not {self.at}")
        for dated in self.values:
            try:
                if dated.value is not None:
                    _check_value(self.type, dated.value)
            except ValueError as error:
                told = f"the value from {dated.starts_on} is not of type {self.type}"
                raise ValueError(f"{told}: {error}" if str(error) else told) from None
        days = [dated.starts_on for dated in self.values]
        if days != sorted(set(days)):
            raise ValueError("values stand oldest first, one a day")
        in_force = [dated.starts_on for dated in self.in_force]
        if self.stale_on and in_force and self.stale_on <= max(in_force):
            raise ValueError("stale_on comes after the last value")
        return self

    @property
    def fact_types(self) -> dict[str, FactType]:
        """The facts it is read as, without `p.`."""
        if self.type is ParameterType.MONEY:
            return {f"{self.id}_minor": FactType.INT, f"{self.id}_currency": FactType.STRING}
        if self.type in {ParameterType.DECIMAL, ParameterType.BRACKETS}:
            return {}
        return {self.id: FactType(self.type.value)}

    @property
    def in_force(self) -> list[DatedValue]:
        """The values that are law, or were; what is only announced is never used."""
        return [dated for dated in self.values if dated.status is ValueStatus.IN_FORCE]

    @property
    def newest_dated(self) -> DatedValue | None:
        """The last value in force, unless it ended."""
        last = self.in_force[-1:]
        return last[0] if last and last[0].value is not None else None

    @property
    def newest(self) -> FactValue:
        """The same as a fact."""
        return _as_fact(self.newest_dated.value if self.newest_dated else None)

    def find_dated(self, day: date | None) -> DatedValue | None:
        """The value in force on a day with its source; without a day, the only one there ever was."""
        if day is None:
            return self.in_force[0] if len(self.in_force) == 1 and not self.stale_on else None
        begun = [dated for dated in self.in_force if dated.starts_on <= day]
        is_stale = self.stale_on is not None and day >= self.stale_on
        return begun[-1] if begun and not (is_stale and begun[-1].value is not None) else None

    def find_value(self, day: date | None) -> FactValue:
        """The value in force on a day; without a day, the only one there ever was, or unknown."""
        dated = self.find_dated(day)
        return _as_fact(dated.value if dated else None)

    @property
    def turns(self) -> list[date]:
        """The days from which it has another value."""
        turns = [dated.starts_on for dated in self.in_force]
        return [*turns, *([self.stale_on] if self.stale_on else [])]

    def find_shared(self, days: tuple[date, date] | None) -> FactValue:
        """The value that all days from one to another have; unknown if they differ."""
        if days is None:
            return self.find_value(None)
        first, last = days
        turns = (day for day in self.turns if first < day <= last)
        values = {self.find_value(day) for day in (first, *turns)}
        return values.pop() if len(values) == 1 else MissingReason.NOT_PROVIDED

    def find_value_as_written(self, day: date) -> ParameterValue | None:
        """The same as its file writes it: money with its currency, brackets as steps."""
        dated = self.find_dated(day)
        return dated.value if dated else None

    def read_facts(self, value: FactValue) -> dict[str, FactValue]:
        """A value of it as facts, without `p.`."""
        if self.type is not ParameterType.MONEY or isinstance(value, MissingReason):
            return dict.fromkeys(self.fact_types, value)
        return dict(zip(self.fact_types, read_money(str(value)), strict=True))

    def find_read(self, facts: Facts) -> FactValue:
        """The value that these facts, named with `p.`, were read from."""
        read = {name: facts.get(f"p.{name}") for name in self.fact_types}
        held = (_as_fact(dated.value) for dated in self.in_force)
        return next((v for v in held if self.read_facts(v) == read), MissingReason.NOT_PROVIDED)

    def pick_day(self, start_day: date | None, election: Election | None) -> date | None:
        """The day whose value counts: that of the moment it is tied to, else the ad's first."""
        if self.at is None:
            return start_day
        if election is None:
            return None
        named = DAY_OF.get(self.at)
        return getattr(election, named) if named else election.polling_days[0]

    def tell(self, value: FactValue) -> str:
        """A value of it in words, with since when and by what; unknown: that nobody knows it."""
        held = [dated for dated in self.in_force if _as_fact(dated.value) == value]
        if not held or held[-1].value is None:
            return f"{self.title}: no value is known for that day."
        since = " and again since ".join(f"{dated.starts_on:%-d %b %Y}" for dated in held)
        cited = held[-1].source
        read = cited.evidence.replace("_", " ")
        return f"{self._write(held[-1].value)}: {self.title}, since {since} ({cited.cite}; {read})."

    def _write(self, value: ParameterValue) -> str:
        if self.type is ParameterType.MONEY and isinstance(value, str):
            minor, currency = read_money(value)
            return f"{format_units(minor, currency)} {currency}"
        if isinstance(value, tuple):
            return ", ".join(
                f"over {v.over} {v.rate}" if isinstance(v, Bracket) else v for v in value
            )
        if isinstance(value, bool):
            return "yes" if value else "no"
        number = f"{value:,}" if isinstance(value, int) else value
        return f"{number} {self.unit}" if self.unit else number


PYTHON_TYPES: Mapping[ParameterType, type] = {
    ParameterType.BOOL: bool,
    ParameterType.INT: int,
    ParameterType.STRINGS: tuple,
    ParameterType.BRACKETS: tuple,
}


def _check_value(kind: ParameterType, value: ParameterValue) -> None:
    if type(value) is not PYTHON_TYPES.get(kind, str):
        raise ValueError
    if isinstance(value, tuple):
        if any(isinstance(item, Bracket) is not (kind is ParameterType.BRACKETS) for item in value):
            raise ValueError
        steps = [item.over for item in value if isinstance(item, Bracket)]
        if steps != sorted(set(steps)):
            raise ValueError("steps stand in order")
    elif kind is ParameterType.MONEY:
        read_money(str(value))
    elif kind is ParameterType.DECIMAL:
        read_decimal(str(value))


def _as_fact(value: ParameterValue | None) -> FactValue:
    if value is None:
        return MissingReason.NOT_PROVIDED
    return tuple(str(item) for item in value) if isinstance(value, tuple) else value
