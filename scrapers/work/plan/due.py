"""What is to be crawled now: told by the rows of `run` and of `request_budget`.

The worker and the scheduler ask `find_due`; when a partition is due again, `archive.runs.due_dates` tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlmodel import Session

from archive.records import QuarantineStage
from archive.runs.due_dates import find_last_crawls, next_due_at
from archive.runs.fence import run_fenced
from archive.runs.lease import list_ended_crawls
from archive.store.database import read
from config.settings import Settings
from scrapers.fetching.budget import Pace, find_free_at
from scrapers.fetching.walk import LOOPBACK
from scrapers.sources.signing import MissingCredentialError
from scrapers.spiders import find_spiders
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.schedule import Demand, Schedule, choose_every, find_pace

SHORT_WAIT = timedelta(seconds=30)
"""A key that is free so soon is worth starting for; a crawl waits for its turn itself."""


@dataclass(frozen=True)
class DueDate:
    """A partition and when it is due; `None`: it has never been crawled."""

    crawl_job: CrawlJob
    due_at: datetime | None


def find_due(
    engine: Engine,
    settings: Settings,
    schedules: dict[str, Schedule],
    now: datetime,
    demands: Sequence[Demand] = (),
) -> list[CrawlJob]:
    """The partitions to crawl now, source by source, longest overdue first.

    A partition that is being read at this moment, by whomever, is left alone, and so is a source whose
    key must wait, or whose spider fails on the question.
    """
    due: list[CrawlJob] = []
    with read(engine) as session:
        for source, schedule in schedules.items():
            find = partial(_find_due_of, session, settings, source, schedule, now, demands)
            stage = QuarantineStage.CRAWL
            due += run_fenced(engine, stage, source, source, lambda: now, find) or []
    return due


def _find_due_of(
    session: Session,
    settings: Settings,
    source: str,
    schedule: Schedule,
    now: datetime,
    demands: Sequence[Demand],
) -> list[CrawlJob]:
    pace = find_scheduled_pace(settings, source, schedule)
    if find_free_at(session, pace, now) > now + SHORT_WAIT:
        return []
    return _sort_due(find_due_dates(session, settings, source, schedule, now, demands), now)


def find_due_dates(
    session: Session,
    settings: Settings,
    source: str,
    schedule: Schedule,
    now: datetime,
    demands: Sequence[Demand],
) -> list[DueDate]:
    """The partitions of a source that is crawled by itself, and when each is due."""
    if schedule.every is None:
        return []
    due_dates = []
    runs, ended = find_last_crawls(session, source), list_ended_crawls(session, source)
    for partition in find_spiders()[source].list_partitions(settings, now.date()):
        run = runs.get(partition)
        every = choose_every(schedule, schedule.every, partition, now, demands)
        crawl_job = CrawlJob(source, partition, schedule.base_url, ended.get(partition, 0))
        due_dates.append(DueDate(crawl_job, next_due_at(run, every, now) if run else None))
    return due_dates


def find_scheduled_pace(settings: Settings, source: str, schedule: Schedule) -> Pace:
    """How fast a source may be asked, with the secret there is."""
    spider = find_spiders()[source]
    try:
        secret = spider.read_secret(settings)
    except MissingCredentialError:
        secret = None
    is_local = urlsplit(schedule.base_url).hostname in LOOPBACK
    return find_pace(spider.info, schedule, secret, is_local=is_local)


def _sort_due(due_dates: list[DueDate], now: datetime) -> list[CrawlJob]:
    """What is due, never crawled first, then longest overdue."""
    due = [(due.due_at is not None, due.due_at or now, due.crawl_job) for due in due_dates]
    return [crawl_job for _, due_at, crawl_job in sorted(due, key=lambda t: t[:2]) if due_at <= now]
