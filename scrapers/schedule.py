"""When each source is looked at: files that say how often, runs that say when we last did.

The worker and the scheduler ask `find_due`; pages show `next_due_at`. What is overdue is always told
by the rows of `run`, never by a clock that was ticking while we were down.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from archive.database import read
from archive.errors import ArchiveError
from archive.models import Run
from archive.models.collecting import Outcome, RunKind
from config.overlay import ConfigFile, list_config_files
from config.settings import Settings
from scrapers.children import Errand
from scrapers.spider import find_spiders

EVERY = re.compile(r"([1-9][0-9]{0,3})(m|h|d)")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
NEVER = "never"
RETRY_AFTER = timedelta(hours=1)
"""A look that failed is tried again sooner than its turn."""


class ScheduleError(ArchiveError):
    """A schedule file says something we cannot follow; names the file and the field."""


class Schedule(BaseModel):
    """How often one source is looked at: a file `schedules/<source>.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: timedelta | None = Field(
        description="Time between looks at a partition: 30m, 6h, 1d; `never` leaves the source out."
    )
    base_url: str = Field(
        default="", description="Another address in the source's place: a mirror, the replica."
    )

    @field_validator("every", mode="before")
    @classmethod
    def _read_every(cls, value: object) -> timedelta | None:
        if value == NEVER:
            return None
        match = EVERY.fullmatch(str(value))
        if match is None:
            raise ValueError(f"{value!r} is not a time such as 30m, 6h or 1d, nor `never`")
        return timedelta(**{UNITS[match[2]]: int(match[1])})


@dataclass(frozen=True)
class Turn:
    """A partition and when it is due; `None`: it has never been looked at."""

    errand: Errand
    due_at: datetime | None


def read_schedules(settings: Settings) -> dict[str, Schedule]:
    """The schedule of each source that has one, the operator's files over the shipped ones.

    Raises:
        ScheduleError: naming the file and the field that is wrong.
    """
    files = list_config_files(settings, "schedules", ".yaml")
    schedules = {file.path.stem: _read_schedule(file) for file in files}
    unknown = sorted(schedules.keys() - find_spiders().keys())
    if unknown:
        raise ScheduleError(f"schedules/{unknown[0]}.yaml: there is no source {unknown[0]!r}")
    return schedules


def _read_schedule(file: ConfigFile) -> Schedule:
    try:
        return Schedule.model_validate(yaml.safe_load(file.path.read_bytes()))
    except yaml.YAMLError as error:
        raise ScheduleError(f"{file.path}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ScheduleError(
            f"{file.path}: {where}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def find_due(
    engine: Engine, settings: Settings, schedules: dict[str, Schedule], now: datetime
) -> list[Errand]:
    """The partitions to look at now, source by source, longest overdue first.

    A source that is being read at this moment, by whomever, is left alone.
    """
    due: list[Errand] = []
    with read(engine) as session:
        for source, schedule in schedules.items():
            runs = _last_runs(session, source)
            if schedule.every is None or any(_is_alive(run, now) for run in runs.values()):
                continue
            partitions = find_spiders()[source].list_partitions(settings, now.date())
            turns = [
                Turn(
                    Errand(source, partition, schedule.base_url),
                    next_due_at(runs[partition], schedule.every) if partition in runs else None,
                )
                for partition in partitions
            ]
            due += _sort_due(turns, now)
    return due


def _sort_due(turns: list[Turn], now: datetime) -> list[Errand]:
    """What is due, never looked at first, then longest overdue."""
    due = [(turn.due_at is not None, turn.due_at or now, turn.errand) for turn in turns]
    return [errand for _, due_at, errand in sorted(due, key=lambda t: t[:2]) if due_at <= now]


def next_due_at(run: Run, every: timedelta) -> datetime:
    """When a partition is due again after its last look."""
    if run.outcome == Outcome.RUNNING:
        return run.lease_until or run.started_at
    if run.not_before_at:
        return run.not_before_at
    if run.outcome in {Outcome.FAILED, Outcome.PARTIAL}:
        return run.started_at + min(every, RETRY_AFTER)
    return run.started_at + every


def _is_alive(run: Run, now: datetime) -> bool:
    return run.outcome == Outcome.RUNNING and run.lease_until is not None and run.lease_until > now


def _last_runs(session: Session, source: str) -> dict[str, Run]:
    """The newest crawl of each partition of a source."""
    newest = (
        select(func.max(Run.id))
        .where(Run.source == source, Run.kind == RunKind.CRAWL)
        .group_by(Run.partition)
    )
    runs = session.exec(select(Run).where(col(Run.id).in_(newest)))
    return {run.partition: run for run in runs}
