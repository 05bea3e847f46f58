"""How often each source is crawled, and how fast: files of an operator, what windows of rules ask.

`due.py` and `election_mode.py` read it, and a crawl for its pace. When a source was crawled last is
no matter of this file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field, ValidationInfo, field_validator

from archive.records import SourceInfo
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import FileModel
from scrapers.fetching.budget import Pace, name_key
from scrapers.sources.signing import Secret
from scrapers.spiders import find_spiders

EVERY = re.compile(r"([1-9][0-9]{0,3})(m|h|d)")
PARTITION_COUNTRY = re.compile(r"([A-Z]{2})(?![A-Za-z0-9])")
PARTITION_YEAR = re.compile(r"[0-9]{4}")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
NEVER = "never"


class Schedule(FileModel):
    """How often one source is crawled: a file `schedules/<source>.yaml`."""

    every: timedelta | None = Field(
        description="Time between runs of a partition: 30m, 6h, 1d; `never` leaves the source out."
    )
    fastest: timedelta | None = Field(
        default=None,
        description="Shortest time between runs while a rule's window needs more of them; empty: "
        "elections change nothing.",
    )
    countries: tuple[str, ...] = Field(
        default=(),
        description="Countries whose elections the source is about; empty: every country's, or that "
        "of its partition (ISO 3166-1 alpha-2).",
    )
    requests_per_hour: int | None = Field(
        default=None,
        ge=1,
        description="Most requests of one key in an hour, all workers together; empty: only the "
        "source's own pace counts.",
    )
    base_url: str = Field(
        default="", description="Another address in the source's place: a mirror, the replica."
    )

    @field_validator("every", "fastest", mode="before")
    @classmethod
    def _read_time(cls, value: object, field: ValidationInfo) -> timedelta | None:
        if value == NEVER and field.field_name == "every":
            return None
        match = EVERY.fullmatch(str(value))
        if match is None:
            never = ", nor `never`" if field.field_name == "every" else ""
            raise ValueError(f"{value!r} is not a time such as 30m, 6h or 1d{never}")
        return timedelta(**{UNITS[match[2]]: int(match[1])})


@dataclass(frozen=True)
class Demand:
    """What one rule's window at one election asks of the sources: crawls no further apart than this."""

    rule: str
    election: str
    country: str
    """ISO 3166-1 alpha-2."""
    start_at: datetime
    end_at: datetime
    resolution: timedelta

    def is_pressing(self, now: datetime) -> bool:
        """Whether crawls count: from the last one before the window to the first one after it."""
        return self.start_at - self.resolution <= now < self.end_at + self.resolution

    def concerns(self, schedule: Schedule, partition: str) -> bool:
        """Whether a partition may hold ads of the window: by its country or its year, if it has one."""
        if schedule.countries and self.country not in schedule.countries:
            return False
        named = PARTITION_COUNTRY.match(partition)
        if named and named[1] != self.country:
            return False
        # A cycle is named by its last year, which may be the one after the window.
        years = range(self.start_at.year, self.end_at.year + 2)
        return not PARTITION_YEAR.fullmatch(partition) or int(partition) in years


def read_schedules(settings: Settings) -> Readings[Schedule]:
    """The schedule of each source that has one, the operator's files over the shipped ones."""
    return read_models(settings, "schedules", Schedule, find_spiders())


def choose_every(
    schedule: Schedule, every: timedelta, partition: str, now: datetime, demands: Sequence[Demand]
) -> timedelta:
    """Time between runs of a partition: `every`, or what a window needs and the schedule grants."""
    if schedule.fastest is None:
        return every
    wanted = [
        demand.resolution
        for demand in demands
        if demand.is_pressing(now) and demand.concerns(schedule, partition)
    ]
    return min(every, max(schedule.fastest, min(wanted, default=every)))


def find_pace(
    info: SourceInfo, schedule: Schedule | None, secret: Secret | None, *, is_local: bool
) -> Pace:
    """How fast a key may ask: as the source allows and the operator knows; our own replica is not spared."""
    key = name_key(info.id, secret)
    if is_local:
        return Pace(key)
    most = schedule.requests_per_hour if schedule else None
    return Pace(key, info.seconds_between_requests, most)
