"""What is to be looked at now: told by the rows of `run` and of `request_budget`.

The worker and the scheduler ask `find_due`; when a partition is due again, `archive.runs.due_dates` tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlmodel import Session

from archive.runs.due_dates import find_last_crawls, next_due_at
from archive.runs.lease import list_ended_crawls
from archive.store.database import read
from config.settings import Settings
from scrapers.fetching.budget import Pace, find_free_at
from scrapers.fetching.walk import LOOPBACK
from scrapers.sources.signing import LackError
from scrapers.spiders import find_spiders
from scrapers.work.plan.crawl_job import Errand
from scrapers.work.plan.schedule import Demand, Schedule, choose_every, find_pace

SHORT_WAIT = timedelta(seconds=30)
"""A key that is free so soon is worth starting for; a crawl waits for its turn itself."""


@dataclass(frozen=True)
class Turn:
    """A partition and when it is due; `None`: it has never been looked at."""

    errand: Errand
    due_at: datetime | None


def find_due(
    engine: Engine,
    settings: Settings,
    schedules: dict[str, Schedule],
    now: datetime,
    demands: Sequence[Demand] = (),
) -> list[Errand]:
    """The partitions to look at now, source by source, longest overdue first.

    A partition that is being read at this moment, by whomever, is left alone, and so is a source whose
    key must wait.
    """
    due: list[Errand] = []
    with read(engine) as session:
        for source, schedule in schedules.items():
            pace = find_scheduled_pace(settings, source, schedule)
            if find_free_at(session, pace, now) <= now + SHORT_WAIT:
                turns = find_turns(session, settings, source, schedule, now, demands)
                due += _sort_due(turns, now)
    return due


def find_turns(
    session: Session,
    settings: Settings,
    source: str,
    schedule: Schedule,
    now: datetime,
    demands: Sequence[Demand],
) -> list[Turn]:
    """The partitions of a source that is looked at by itself, and when each is due."""
    if schedule.every is None:
        return []
    turns = []
    runs, ended = find_last_crawls(session, source), list_ended_crawls(session, source)
    for partition in find_spiders()[source].list_partitions(settings, now.date()):
        run = runs.get(partition)
        every = choose_every(schedule, schedule.every, partition, now, demands)
        errand = Errand(source, partition, schedule.base_url, ended.get(partition, 0))
        turns.append(Turn(errand, next_due_at(run, every) if run else None))
    return turns


def find_scheduled_pace(settings: Settings, source: str, schedule: Schedule) -> Pace:
    """How fast a source may be asked, with the secret there is."""
    spider = find_spiders()[source]
    try:
        secret = spider.read_secret(settings)
    except LackError:
        secret = None
    is_local = urlsplit(schedule.base_url).hostname in LOOPBACK
    return find_pace(spider.info, schedule, secret, is_local=is_local)


def _sort_due(turns: list[Turn], now: datetime) -> list[Errand]:
    """What is due, never looked at first, then longest overdue."""
    due = [(turn.due_at is not None, turn.due_at or now, turn.errand) for turn in turns]
    return [errand for _, due_at, errand in sorted(due, key=lambda t: t[:2]) if due_at <= now]
