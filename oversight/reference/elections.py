"""The election calendar: polling days and poll hours of each zone, every datum with its source.

Windows are reckoned from it; rules never name an election.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from archive.records.canonical import hash_bytes
from config.citations import Citation, Evidence, find_weakest
from config.overlay import ConfigFile, list_config_files
from config.readings import Readings, read_each
from config.settings import Settings
from config.yaml_files import FileModel, read_file, read_model
from oversight.reference.countries import check_country
from oversight.reference.holidays import Holidays


def _check_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone!r} is not a time zone; one looks like Europe/Athens") from None
    return zone


Zone = Annotated[str, AfterValidator(_check_zone)]
"""A zone that the tz database has."""


class PollHours(FileModel):
    """When the polls of one time zone are open, or there those of a round, a phase or a district."""

    zone: Zone = Field(description="IANA time zone.")
    opens: time = Field(description="First poll to open, local time.")
    closes: time = Field(description="Last poll to close, local time.")
    closes_next_day: bool = Field(default=False, description="They close after midnight.")
    days: tuple[date, ...] = Field(
        default=(), description="Their polling days, in order; none named: all of the election."
    )
    round: int = Field(default=1, ge=1, le=9, description="Round of voting they are of.")
    phase: int | None = Field(default=None, ge=1, le=99, description="Phase they are of, if any.")
    district: str | None = Field(default=None, min_length=1, description="District, if one alone.")
    covers: str = Field(default="", description="Which part of the country this is.")

    @model_validator(mode="after")
    def check_hours(self) -> Self:
        """Refuse polls that close before they open.

        Raises:
            ValueError: with the hours.
        """
        if self.closes <= self.opens and not self.closes_next_day:
            said = f"polls close at {self.closes:%H:%M}, before they open at {self.opens:%H:%M}"
            raise ValueError(
                f"{said}; where they close after midnight, write closes_next_day: true"
            )
        if self.closes > self.opens and self.closes_next_day:
            raise ValueError("with closes_next_day the polls would be open for more than a day")
        return self

    @property
    def part(self) -> str:
        """Which part of the election they are of, in words; empty: all of it."""
        said = {"round": self.round if self.round > 1 else None, "phase": self.phase}
        parts = [f"{name} {value}" for name, value in said.items() if value]
        return ", ".join([*parts, *([self.district] if self.district else [])])

    def find_close(self, day: date) -> tuple[date, time]:
        """Local day and time at which they close after a polling day."""
        return day + timedelta(days=self.closes_next_day), self.closes


class ElectionSource(Citation):
    """A text some data of the election come from."""

    about: tuple[str, ...] = Field(min_length=1, description="Fields it is the source of.")


DATED = ("called_on", "campaign_starts_on", "period_starts_on", "noticed_on")
"""Days an election may have beside its polling days."""
SOURCED = ("polling_days", "polls", *DATED)
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
    campaign_starts_on: date | None = Field(
        default=None, description="First day of the campaign; empty: not established."
    )
    period_starts_on: date | None = Field(
        default=None, description="First day of the regulated period; empty: not established."
    )
    noticed_on: date | None = Field(
        default=None, description="Day of the public notice; empty: not established."
    )
    polls: tuple[PollHours, ...] = Field(min_length=1, description="Poll hours, zone by zone.")
    sources: tuple[ElectionSource, ...] = Field(description="Where the data come from.")
    holidays: Holidays | None = Field(
        default=None, description="By which working days are counted; empty: its country's file."
    )
    sha256: str = Field(
        default="", exclude=True, description="Hash of its file, which `/texts` keeps; set by us."
    )

    @model_validator(mode="after")
    def check_sources(self) -> Self:
        """Refuse a datum that nothing is cited for, and polling days out of order.

        Raises:
            ValueError: naming the field.
        """
        if list(self.polling_days) != sorted(set(self.polling_days)):
            raise ValueError("polling_days stand in order, each once")
        dated = [day for name in DATED if (day := getattr(self, name))]
        if any(day.year not in YEARS for day in (*self.polling_days, *dated)):
            raise ValueError(f"an election is held between {YEARS[0]} and {YEARS[-1]}")
        cited = {name for source in self.sources for name in source.about}
        if strange := cited - set(SOURCED):
            raise ValueError(f"sources name unknown fields: {', '.join(sorted(strange))}")
        for name in SOURCED:
            if getattr(self, name) is not None and name not in cited:
                raise ValueError(f"no source is given for {name}")
        self._check_polls()
        return self

    def _check_polls(self) -> None:
        held = {day for polls in self.polls for day in self.find_days(polls)}
        if strange := held ^ set(self.polling_days):
            raise ValueError(f"{min(strange)} stands in polls or in polling_days, and not in both")
        for polls in self.polls:
            if list(polls.days) != sorted(set(polls.days)):
                raise ValueError("the days of polls stand in order, each once")

    def find_days(self, polls: PollHours) -> tuple[date, ...]:
        """The polling days of some of its polls."""
        return polls.days or self.polling_days

    @property
    def evidence(self) -> Evidence:
        """How well its dates are founded: as well as the weakest text they rest on."""
        return find_weakest([*self.sources, *([self.holidays.source] if self.holidays else [])])

    def is_over(self, now: datetime) -> bool:
        """Whether the last poll has closed everywhere."""
        closing = [
            (polls.find_close(self.find_days(polls)[-1]), polls.zone) for polls in self.polls
        ]
        return all(
            datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC) <= now
            for (day, clock), zone in closing
        )


def read_holidays(settings: Settings) -> Readings[Holidays]:
    """The holidays of countries, by country, shipped files overlaid by the operator's own."""
    files = list_config_files(settings, "holidays", ".yaml")
    return read_each(files, lambda file: read_model(file, Holidays), lambda each: each.country)


def read_elections(settings: Settings) -> Readings[Election]:
    """The calendar by id, ordered by first polling day, shipped files overlaid by the operator's own.

    Each election has the holidays of its country, where there is a file of them.
    """
    free = read_holidays(settings)
    files = list_config_files(settings, "elections", ".yaml")
    read = read_each(files, lambda file: read_election(file, free.values), lambda vote: vote.id)
    ordered = sorted(read.values.values(), key=lambda e: (e.polling_days, e.id))
    return Readings({each.id: each for each in ordered}, [*free.refused, *read.refused])


def read_election(file: ConfigFile, free: Mapping[str, Holidays]) -> Election:
    """An election with the holidays of its country.

    Raises:
        YamlFileError: if the file cannot be used.
    """
    written = read_file(file)
    vote = written.read_as(Election)
    if told := check_country(vote.country):
        raise written.make_error(["country"], f"there is no country “{vote.country}”: {told}")
    ours = {"sha256": hash_bytes(written.data), "holidays": vote.holidays or free.get(vote.country)}
    return vote.model_copy(update=ours)
