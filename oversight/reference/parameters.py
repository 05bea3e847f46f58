"""Figures and lists that law changes by date: each value with the day it holds from and its source.

Rules name parameters; `read_parameters` reads them, `find_value` gives the one in force on a day.
"""

from datetime import date
from typing import Self

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from archive.records import MissingReason
from config.citations import Citation
from config.overlay import list_config_files
from config.readings import Readings, read_each
from config.settings import Settings
from config.yaml_files import FileModel, read_model
from oversight.language import FactType, FactValue

ParameterValue = StrictBool | StrictInt | StrictStr | tuple[StrictStr, ...]

PYTHON_TYPES: dict[FactType, type] = {
    FactType.BOOL: bool,
    FactType.INT: int,
    FactType.STRING: str,
    FactType.STRINGS: tuple,
}


class DatedValue(FileModel):
    """A value and the first day it holds."""

    starts_on: date = Field(alias="from", description="First day of the value.")
    value: ParameterValue | None = Field(description="The value; null ends the one before.")
    source: Citation = Field(description="Where the value comes from.")


class Parameter(FileModel):
    """A figure or list that rules name as `p.<id>`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name in rules, after `p.`.")
    title: str = Field(min_length=1, description="What it is, in plain words.")
    unit: str | None = Field(default=None, description="What a number counts.")
    type: FactType = Field(description="bool, int, string or strings.")
    values: tuple[DatedValue, ...] = Field(min_length=1, description="The values, oldest first.")

    @model_validator(mode="after")
    def check_values(self) -> Self:
        """Refuse values of another type and days out of order.

        Raises:
            ValueError: naming the day.
        """
        wanted = PYTHON_TYPES.get(self.type)
        if wanted is None:
            raise ValueError(f"a parameter cannot be a {self.type}")
        for dated in self.values:
            if dated.value is not None and type(dated.value) is not wanted:
                raise ValueError(f"the value from {dated.starts_on} is not of type {self.type}")
        days = [dated.starts_on for dated in self.values]
        if days != sorted(set(days)):
            raise ValueError("values stand oldest first, one a day")
        return self

    @property
    def newest(self) -> FactValue:
        """The last value written."""
        return _as_fact(self.values[-1].value)

    def find_value(self, day: date | None) -> FactValue:
        """The value in force on a day; without a day, the only one there ever was, or unknown."""
        if day is None:
            return self.newest if len(self.values) == 1 else MissingReason.NOT_PROVIDED
        begun = [dated for dated in self.values if dated.starts_on <= day]
        return _as_fact(begun[-1].value if begun else None)


def _as_fact(value: ParameterValue | None) -> FactValue:
    return MissingReason.NOT_PROVIDED if value is None else value


def read_parameters(settings: Settings) -> Readings[Parameter]:
    """All parameters by id, shipped ones overlaid by the operator's own."""
    files = list_config_files(settings, "params", ".yaml")
    return read_each(files, lambda file: read_model(file, Parameter), lambda each: each.id)
