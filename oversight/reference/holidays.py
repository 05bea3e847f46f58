"""Days on which the offices of a country are shut, by which working days are counted."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from config.citations import Citation
from config.yaml_files import FileModel


class Weekday(StrEnum):
    """The days of the week, from Monday as `date.weekday` counts them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEK = list(Weekday)


class Holidays(FileModel):
    """A country's holidays over some years: a file `holidays/<country>.yaml`."""

    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    first_on: date = Field(description="First day it speaks of.")
    last_on: date = Field(description="Last day it speaks of.")
    weekend: tuple[Weekday, ...] = Field(
        default=(Weekday.SATURDAY, Weekday.SUNDAY), max_length=6, description="Free every week."
    )
    days: tuple[date, ...] = Field(description="Holidays, in order.")
    source: Citation = Field(description="Where they come from.")

    @model_validator(mode="after")
    def check_days(self) -> Self:
        """Refuse holidays out of order or beyond the days it speaks of.

        Raises:
            ValueError: naming the day.
        """
        if list(self.days) != sorted(set(self.days)):
            raise ValueError("days stand in order, each once")
        for day in self.days:
            if not self.first_on <= day <= self.last_on:
                raise ValueError(f"{day} is not between first_on and last_on")
        return self

    @property
    def id(self) -> str:
        """Its country."""
        return self.country

    def move(self, day: date, count: int) -> date:
        """The day so many working days later, or earlier where the count is below nothing.

        Raises:
            ValueError: if that is beyond the days it speaks of.
        """
        step = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def is_working(self, day: date) -> bool:
        """Whether it is neither a holiday nor of the weekend.

        Raises:
            ValueError: if it is beyond the days it speaks of.
        """
        if not self.first_on <= day <= self.last_on:
            raise ValueError(f"the holidays of {self.country} are not known for {day}")
        return day not in self.days and WEEK[day.weekday()] not in self.weekend
