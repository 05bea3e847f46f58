"""Starts what is due, each source at its own pace: APScheduler ticks, the rows of `run` decide.

`paidforby scheduler` calls it. There is one scheduler at a time. What is due goes to an executor; one
source has one crawl job at a time there. It evaluates and indexes nothing: the worker does.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from archive.store.database import write
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.work.dispatch.alerting import mail_alerts, promise_crawls
from scrapers.work.dispatch.executors import Executor, make_executor
from scrapers.work.dispatch.singleton_lease import (
    SCHEDULER,
    HeldSingletonLease,
    SingletonTakenError,
    keep_singleton,
    release_singleton,
    take_singleton,
)
from scrapers.work.plan.due import find_due
from scrapers.work.plan.election_mode import Outlook, look_ahead
from scrapers.work.plan.planning import forecast_windows
from scrapers.work.plan.schedule import Schedule, read_schedules
from scrapers.work.plan.schedule_lines import tell_windows

SECONDS_BETWEEN_TICKS = 30.0
TICKS_PER_LEASE = 3
SECONDS_BETWEEN_READINGS = 3600.0
"""Rules and elections are read again so often: a window opens on a day that was known long before."""


class CrawlScheduler:
    """Ticks for every source, and the duty that only one scheduler holds.

    Jobs live in memory: the schedule files are the one truth, and what was missed while we were down
    shows in the runs.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Clock,
        executor: Executor,
        seconds_between_ticks: float = SECONDS_BETWEEN_TICKS,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._executor = executor
        self._seconds_between_ticks = seconds_between_ticks
        self._schedules = read_schedules(settings)
        self._outlook = Outlook([], [])
        self._singleton: HeldSingletonLease | None = None
        self.is_over = Event()
        """Set from outside to end it, or by itself when another scheduler has taken over."""
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            # A crawl holds its thread until it ends: one for each source, two for the rest.
            executors={"default": ThreadPoolExecutor(len(self._schedules) + 2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin: overdue sources at once, then a tick every so often.

        Raises:
            SingletonTakenError: if there is a scheduler already.
        """
        lease_time = timedelta(seconds=self._seconds_between_ticks * TICKS_PER_LEASE)
        with write(self._engine) as session:
            self._singleton = take_singleton(session, SCHEDULER, lease_time, self._clock())
        self.look_ahead()
        self._add_tick(self.keep_singleton, self._seconds_between_ticks)
        self._add_tick(self.look_ahead, SECONDS_BETWEEN_READINGS)
        for source, schedule in self._schedules.items():
            self._ticker.add_job(
                self.crawl_due,
                "interval",
                args=[source, schedule],
                id=source,
                seconds=self._seconds_between_ticks,
                next_run_time=self._clock(),
            )
        self._ticker.start()

    def tell_windows(self) -> list[str]:
        """Which windows of rules will be decidable, and at which resolution."""
        forecasts = forecast_windows(
            self._engine, self._settings, self._schedules, self._outlook.demands, self._clock()
        )
        return tell_windows(forecasts, self._outlook.undated)

    def _add_tick(self, act: Callable[[], None], seconds: float) -> None:
        self._ticker.add_job(act, "interval", seconds=seconds)

    def stop(self) -> None:
        """End: no new crawl job, then what is under way here, then the duty."""
        self._executor.stop()
        if self._ticker.running:
            self._ticker.shutdown(wait=True)
        if self._singleton is not None:
            # Taken over meanwhile, it is no longer ours to give back.
            with suppress(SingletonTakenError), write(self._engine) as session:
                release_singleton(session, self._singleton)

    def crawl_due(self, source: str, schedule: Schedule) -> None:
        """One source's turn: its due partitions one after the other."""
        now = self._clock()
        for crawl_job in find_due(
            self._engine, self._settings, {source: schedule}, now, self._outlook.demands
        ):
            if self.is_over.is_set():
                return
            self._executor.carry_out(crawl_job)

    def keep_singleton(self) -> None:
        """Say that we are alive; end when another scheduler says so too."""
        if self._singleton is None:
            return
        try:
            with write(self._engine) as session:
                keep_singleton(session, self._singleton, self._clock())
        except SingletonTakenError as error:
            note(str(error))
            self.is_over.set()

    def look_ahead(self) -> None:
        """Read what the windows of rules ask of the sources from now on, and say what stands out."""
        self._outlook = look_ahead(self._settings, self._clock())
        promise_crawls(self._settings, self._engine, self._clock)
        mail_alerts(self._settings, self._engine, self._clock)


def schedule_on(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Run the scheduler until SIGTERM or SIGINT.

    Raises:
        YamlFileError: if a schedule cannot be read.
        QueueError: if the queue is chosen and cannot be used.
        SingletonTakenError: if there is a scheduler already, or another one has taken over.
    """
    scheduler = CrawlScheduler(settings, engine, clock, make_executor(settings, engine, clock))

    def end(_number: int, _frame: FrameType | None) -> None:
        scheduler.is_over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        scheduler.start()
        for line in scheduler.tell_windows():
            note(line)
        scheduler.is_over.wait()
    finally:
        scheduler.stop()
