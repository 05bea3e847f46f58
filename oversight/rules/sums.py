"""A rule about a sum: what of which ads is added up, and the figure that the sum is held against.

Conditions read it as `sum.is_over`. The file is checked like any other; sums are not reckoned yet, so such a
rule stays a draft here, whatever stage its file wishes.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, field_validator

from archive.records import MissingReason
from config.faults import name_nearest
from config.yaml_files import FileModel
from oversight.language import Facts, FactType, FactValue
from oversight.reference.parameters import Parameter, ParameterType, read_money

IS_OVER = "sum.is_over"
SUM_FACTS = {IS_OVER: FactType.BOOL}
"""What the conditions of a rule about a sum may name beside all others."""

NOT_EVALUATED = "checked, not evaluated yet"
MOST_DAYS = 3_660
IS_RECKONED = (
    "whether the sum is over its figure is reckoned: write sum: {least: 9.00 EUR, most: 11.00 EUR}"
)


class SumOf(StrEnum):
    """What can be added up; people reached are not, as each ad counts the same people again."""

    SPEND = "ad.spend"
    IMPRESSIONS = "ad.impressions"

    def read(self, written: object) -> tuple[int, str]:
        """An amount of it: a number, in minor units where it has a currency, and the currency.

        Raises:
            ValueError: with what to write.
        """
        if self is SumOf.SPEND:
            return read_money(str(written))
        if type(written) is not int:
            raise ValueError(f"{written!r} is no count: write a whole number such as 10000")
        return written, ""


class SumBy(StrEnum):
    """Whose ads are added up together."""

    PAYER = "payer"
    SPONSOR = "sponsor"
    ADVERTISER = "advertiser"


class SumSpec(FileModel):
    """A sum as a rule writes it."""

    of: SumOf = Field(description="ad.spend or ad.impressions.")
    where: str = Field(min_length=1, description="Which ads count, in the rule language.")
    by: SumBy = Field(description="Whose ads are added up together: payer, sponsor, advertiser.")
    days: Literal["window"] | int = Field(
        description="window: what falls into the rule's window; a number: into any so many days in a row."
    )
    over: str | int = Field(
        description="The figure: an amount with its currency, a count, or p. and a parameter."
    )
    cite: str = Field(min_length=1, description="The provision.")

    @field_validator("days", mode="before")
    @classmethod
    def check_days(cls, days: object) -> object:
        """Refuse what is neither the window nor a number of days.

        Raises:
            ValueError: with what to write.
        """
        if days != "window" and not (type(days) is int and 1 <= days <= MOST_DAYS):
            raise ValueError(f"write window, or a number of days from 1 to {MOST_DAYS}")
        return days

    @field_validator("over", mode="before")
    @classmethod
    def check_over(cls, over: object) -> object:
        """Refuse what is neither a text nor a number.

        Raises:
            ValueError: with what to write.
        """
        if type(over) not in {str, int}:
            raise ValueError("write an amount such as 500.00 CAD, a count, or p. and a parameter")
        return over


class SumOfTest(FileModel):
    """What the sum comes to in a test: a range, open upwards where `most` is left out."""

    least: str | int = Field(description="The least it can be.")
    most: str | int | None = Field(default=None, description="The most it can be.")


def hold_sum(spec: SumSpec, told: SumOfTest | None, figures: Facts) -> FactValue:
    """Whether a sum is over its figure; unknown where its range straddles it or the currencies differ."""
    if told is None:
        return MissingReason.NOT_PROVIDED
    least, currency = spec.of.read(told.least)
    most = None if told.most is None else spec.of.read(told.most)[0]
    limit, of_limit = _find_figure(spec, figures)
    if isinstance(limit, int) and of_limit == currency:
        if least > limit:
            return True
        if most is not None and most <= limit:
            return False
    return MissingReason.NOT_PROVIDED


def _find_figure(spec: SumSpec, figures: Facts) -> tuple[FactValue, FactValue]:
    name = str(spec.over)
    if not name.startswith("p."):
        return spec.of.read(spec.over)
    if spec.of is SumOf.SPEND:
        return figures[f"{name}_minor"], figures[f"{name}_currency"]
    return figures[name], ""


def list_sum_faults(
    values: Mapping[str, Any], parameters: Mapping[str, Parameter], conditions: Sequence[str]
) -> Iterator[tuple[list[str | int], str]]:
    """What the sum of a rule's file and its other fields together cannot be, as far as they can be read."""
    said, tests = values.get("sum"), values.get("tests")
    spec = said if isinstance(said, dict) else {}
    if spec and not any(IS_OVER in condition for condition in conditions):
        yield ["sum"], f"no condition reads it: write {IS_OVER} in one, or leave out sum"
    of = next((each for each in SumOf if each == spec.get("of")), None)
    if spec.get("days") == "window" and not values.get("window"):
        yield ["sum", "days"], "the rule has no window: write one, or a number of days"
    if of and type(spec.get("over")) in {str, int}:
        try:
            _check_figure(of, spec["over"], parameters)
        except ValueError as error:
            yield ["sum", "over"], str(error)
    for i, test in enumerate(tests if isinstance(tests, list) else ()):
        told = test.get("sum") if isinstance(test, dict) else None
        if told and "sum" not in values:
            yield ["tests", i, "sum"], "the rule adds nothing up: leave it out"
        elif of and isinstance(told, dict):
            for name, why in _check_told(of, told):
                yield ["tests", i, "sum", name], why


def _check_figure(of: SumOf, over: str | int, parameters: Mapping[str, Parameter]) -> None:
    if not isinstance(over, str) or not over.startswith("p."):
        of.read(over)
        return
    name = over.removeprefix("p.")
    if name not in parameters:
        near = name_nearest(name, parameters)
        raise ValueError(f"params does not name {name}{near}: write p. and one that it names")
    wanted = ParameterType.MONEY if of is SumOf.SPEND else ParameterType.INT
    if parameters[name].type is not wanted:
        raise ValueError(
            f"{over} is of type {parameters[name].type}; {of} is held against one of type {wanted}"
        )


def _check_told(of: SumOf, told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    read: dict[str, tuple[int, str]] = {}
    for name in ("least", "most"):
        if told.get(name) is not None:
            try:
                read[name] = of.read(told[name])
            except ValueError as error:
                yield name, str(error)
    if len(read) == 2:
        (least, currency), (most, other) = read.values()
        if currency != other:
            yield "most", f"is in another currency than least: write {currency}"
        elif least > most:
            yield "least", "is more than most"
