"""Finds what is due and hands it on: APScheduler ticks, the rows of `run` decide.

`paidforby worker` hands it to child processes of its own (`worker.py`), `paidforby scheduler` to the queue
(`tasks.py`). One process of an archive schedules at a time; nothing that is due is lost with it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import ArchiveError
from archive.runs.crawling_stops import find_stop
from archive.runs.singleton_lease import (
    HeldSingletonLease,
    RivalError,
    SingletonTakenError,
    keep_singleton,
    release_singleton,
    require_no_rival,
    take_singleton,
)
from archive.store.clock import require_clock
from archive.store.database import read, write
from archive.terminal import note
from config.settings import Settings
from oversight.rules.rule_book import read_rule_book
from scrapers.intake.pages import Clock
from scrapers.work.dispatch.alerting import promise_crawls
from scrapers.work.dispatch.presence import Presence
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.due import find_due
from scrapers.work.plan.election_mode import look_ahead
from scrapers.work.plan.planning import forecast_windows
from scrapers.work.plan.refused_files import keep_refused_files
from scrapers.work.plan.schedule import read_schedules
from scrapers.work.plan.schedule_lines import tell_windows

MOST_SECONDS_BETWEEN_TICKS = 30.0
TICKS_PER_LEASE = 3

HandOn = Callable[[list[CrawlJob]], None]
"""Takes what is due and comes back at once."""


def find_tick_seconds(settings: Settings) -> float:
    """Seconds between ticks; a process that has missed `TICKS_PER_LEASE` of them counts as dead."""
    return min(MOST_SECONDS_BETWEEN_TICKS, settings.lease_seconds / TICKS_PER_LEASE)


def find_work(settings: Settings, engine: Engine, clock: Clock) -> list[CrawlJob]:
    """What is due now, source by source, elections counted in; nothing while crawling is stopped.

    What schedules promise is kept for alerts.

    A source whose schedule cannot be used is not among it, and is named.

    Raises:
        ClockError: if this machine's clock is behind what the archive has recorded.
    """
    with read(engine) as session:
        require_clock(session, clock())
    keep_refused_files(settings, engine)
    promise_crawls(settings, engine, clock)
    book = read_rule_book(settings)
    with read(engine) as session:
        if find_stop(session):
            return []
        rules = book.list_in_use(session)
    demands = look_ahead(book, rules, clock()).demands
    return find_due(engine, settings, read_schedules(settings).values, clock(), demands)


def take_scheduling(
    settings: Settings, engine: Engine, clock: Clock, singleton: str
) -> HeldSingletonLease:
    """Become the process that schedules, of its kind.

    Raises:
        RivalError: if work is dispatched in the other way.
        SingletonTakenError: if another process of this kind schedules.
    """
    lease_time = timedelta(seconds=find_tick_seconds(settings) * TICKS_PER_LEASE)
    with write(engine) as session:
        require_no_rival(session, singleton, clock())
        return take_singleton(session, singleton, lease_time, clock())


class Scheduler:
    """Ticks while this process holds the lease.

    Jobs live in memory: the schedule files are the one truth, and what was missed while we were down
    shows in the runs.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Clock,
        held: HeldSingletonLease,
        presence: Presence,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._held = held
        self._presence = presence
        self._told = ""
        self.is_over = Event()
        """Another process has taken over."""
        # A tick that lasts until the next one is due is no trouble: what is due stays due.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self, hand_on: HandOn) -> None:
        """Say what cannot be used, and which windows are ahead; then hand on what is due at each tick."""
        keep_refused_files(self._settings, self._engine, is_told=True)
        now, schedules = self._clock(), read_schedules(self._settings).values
        book = read_rule_book(self._settings)
        with read(self._engine) as session:
            ahead = look_ahead(book, book.list_in_use(session), now)
        forecasts = forecast_windows(self._engine, self._settings, schedules, ahead.demands, now)
        for line in tell_windows(forecasts, ahead.undated):
            note(line)
        seconds = find_tick_seconds(self._settings)
        self._ticker.add_job(
            self.tick, "interval", args=[hand_on], seconds=seconds, next_run_time=self._clock()
        )
        self._ticker.start()

    def tick(self, hand_on: HandOn) -> None:
        """Say that we are alive and hand on what is due; it is over when another says so in our place."""
        try:
            with self._presence.absence.passed_over():
                self._presence.beat()
                with write(self._engine) as session:
                    require_no_rival(session, self._held.name, self._clock())
                    keep_singleton(session, self._held, self._clock())
                hand_on(find_work(self._settings, self._engine, self._clock))
                self._told = ""
        except (SingletonTakenError, RivalError) as error:
            note(str(error))
            self.is_over.set()
        except (ArchiveError, SQLAlchemyError, OSError) as error:
            # The same words at every tick would hide all others.
            if self._told != (told := f"nothing is started for now: {error}"):
                note(told)
            self._told = told

    def close(self) -> None:
        """Hand nothing more on, and give the lease back."""
        if self._ticker.running:
            self._ticker.shutdown(wait=True)
        # Taken over meanwhile, it is no longer ours to give back; a lease that cannot be ends by itself.
        with (
            suppress(SingletonTakenError),
            self._presence.absence.passed_over(),
            write(self._engine) as session,
        ):
            release_singleton(session, self._held)
