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
from archive.store.database import write
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.work.dispatch.alerting import promise_crawls
from scrapers.work.dispatch.singleton_lease import (
    HeldSingletonLease,
    RivalError,
    SingletonTakenError,
    keep_singleton,
    release_singleton,
    require_no_rival,
    take_singleton,
)
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.due import find_due
from scrapers.work.plan.election_mode import look_ahead
from scrapers.work.plan.planning import forecast_windows
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
    """What is due now, source by source, elections counted in; what schedules promise is kept for alerts.

    Raises:
        YamlFileError: if a schedule cannot be read.
    """
    promise_crawls(settings, engine, clock)
    demands = look_ahead(settings, clock()).demands
    return find_due(engine, settings, read_schedules(settings), clock(), demands)


class Scheduler:
    """Ticks, and the duty that only one process of its kind holds.

    Jobs live in memory: the schedule files are the one truth, and what was missed while we were down
    shows in the runs.
    """

    def __init__(self, settings: Settings, engine: Engine, clock: Clock, singleton: str) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._singleton = singleton
        self._held: HeldSingletonLease | None = None
        self.tick_seconds = find_tick_seconds(settings)
        self.is_over = Event()
        """Another process has taken over."""
        # A tick that lasts until the next one is due is no trouble: what is due stays due.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def take_singleton(self) -> None:
        """Become the one that schedules.

        Raises:
            RivalError: if work is dispatched in the other way.
            SingletonTakenError: if another process of this kind schedules.
        """
        lease_time = timedelta(seconds=self.tick_seconds * TICKS_PER_LEASE)
        with write(self._engine) as session:
            require_no_rival(session, self._singleton, self._clock())
            self._held = take_singleton(session, self._singleton, lease_time, self._clock())

    def start(self, hand_on: HandOn) -> None:
        """Say which windows of rules are ahead; then hand on what is due, at once and at each tick.

        Raises:
            YamlFileError: if a schedule cannot be read.
        """
        now, schedules = self._clock(), read_schedules(self._settings)
        ahead = look_ahead(self._settings, now)
        forecasts = forecast_windows(self._engine, self._settings, schedules, ahead.demands, now)
        for line in tell_windows(forecasts, ahead.undated):
            note(line)
        self._ticker.add_job(
            self._tick,
            "interval",
            args=[hand_on],
            seconds=self.tick_seconds,
            next_run_time=self._clock(),
        )
        self._ticker.start()

    def close(self) -> None:
        """Hand nothing more on, and give the duty back."""
        if self._ticker.running:
            self._ticker.shutdown(wait=True)
        if self._held is not None:
            # Taken over meanwhile, it is no longer ours to give back.
            with suppress(SingletonTakenError), write(self._engine) as session:
                release_singleton(session, self._held)

    def _tick(self, hand_on: HandOn) -> None:
        try:
            self._keep_duty()
            if not self.is_over.is_set():
                hand_on(find_work(self._settings, self._engine, self._clock))
        except (ArchiveError, SQLAlchemyError, OSError) as error:
            note(f"nothing is started for now: {error}")

    def _keep_duty(self) -> None:
        """Say that we are alive; end when another process says so in our place."""
        if self._held is None:
            raise ValueError("a scheduler takes its duty before it starts")
        try:
            with write(self._engine) as session:
                require_no_rival(session, self._singleton, self._clock())
                keep_singleton(session, self._held, self._clock())
        except (SingletonTakenError, RivalError) as error:
            note(str(error))
            self.is_over.set()
