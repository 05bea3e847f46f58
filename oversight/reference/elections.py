"""The election calendar: polling days and poll hours of each zone, every datum with its source.

Windows are reckoned from it; rules never name an election.
"""

from datetime import UTC, date, datetime, time
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from config.citations import Citation
from config.overlay import list_config_files
from config.readings import Readings, read_each
from config.settings import Settings
from config.yaml_files import FileModel, read_model


class PollHours(FileModel):
    """When the polls of one time zone are open, on each polling day."""

    zone: str = Field(description="IANA time zone.")
    opens: time = Field(description="First poll to open, local time.")
    closes: time = Field(description="Last poll to close, local time.")
    covers: str = Field(default="", description="Which part of the country this is.")

    @field_validator("zone")
    @classmethod
    def check_zone(cls, zone: str) -> str:
        """Refuse a zone that the tz database does not have.

        Raises:
            ValueError: naming it.
        """
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is not a time zone; one looks like Europe/Athens") from None
        return zone

    @model_validator(mode="after")
    def check_hours(self) -> Self:
        """Refuse polls that close before they open.

        Raises:
            ValueError: with the hours.
        """
        if self.closes <= self.opens:
            raise ValueError(f"polls close at {self.closes}, before they open at {self.opens}")
        return self


class ElectionSource(Citation):
    """A text some data of the election come from."""

    about: tuple[str, ...] = Field(min_length=1, description="Fields it is the source of.")


SOURCED = ("polling_days", "called_on", "polls")
YEARS = range(1800, 2201)
"""Of elections there may be: windows are counted back and forth from their days by years."""


class Election(FileModel):
    """An election or a referendum."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Our id.")
    title: str = Field(min_length=1, description="Name, in plain words.")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    kind: str = Field(description="legislative, presidential, referendum …")
    polling_days: tuple[date, ...] = Field(min_length=1, description="Polling days, in order.")
    called_on: date | None = Field(
        default=None, description="Day it was called or the writ issued; empty: not established."
    )
    polls: tuple[PollHours, ...] = Field(min_length=1, description="Poll hours, zone by zone.")
    sources: tuple[ElectionSource, ...] = Field(description="Where the data come from.")

    @model_validator(mode="after")
    def check_sources(self) -> Self:
        """Refuse a datum that nothing is cited for, and polling days out of order.

        Raises:
            ValueError: naming the field.
        """
        if list(self.polling_days) != sorted(set(self.polling_days)):
            raise ValueError("polling_days stand in order, each once")
        if any(day.year not in YEARS for day in (*self.polling_days, self.called_on) if day):
            raise ValueError(f"an election is held between {YEARS[0]} and {YEARS[-1]}")
        cited = {name for source in self.sources for name in source.about}
        if strange := cited - set(SOURCED):
            raise ValueError(f"sources name unknown fields: {', '.join(sorted(strange))}")
        for name in SOURCED:
            if getattr(self, name) is not None and name not in cited:
                raise ValueError(f"no source is given for {name}")
        return self

    def is_over(self, now: datetime) -> bool:
        """Whether the last poll has closed everywhere."""
        day = self.polling_days[-1]
        return all(
            datetime.combine(day, polls.closes, ZoneInfo(polls.zone)).astimezone(UTC) <= now
            for polls in self.polls
        )


def read_elections(settings: Settings) -> Readings[Election]:
    """The calendar by id, ordered by first polling day, shipped files overlaid by the operator's own."""
    files = list_config_files(settings, "elections", ".yaml")
    read = read_each(files, lambda file: read_model(file, Election), lambda election: election.id)
    ordered = sorted(read.values.values(), key=lambda e: (e.polling_days, e.id))
    return Readings({election.id: election for election in ordered}, read.refused)
