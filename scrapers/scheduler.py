"""Starts what is due, each source at its own pace: APScheduler ticks, the rows of `run` decide.

`paidforby scheduler` calls it. Each crawl is a child process; one source has one child at a time. It
evaluates and indexes nothing: the worker does.
"""

import signal
from threading import Event, Lock
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from config.settings import Settings
from scrapers.children import Child, Errand, finish_child, start_child
from scrapers.due import find_due
from scrapers.intake import Clock
from scrapers.schedule import Schedule, read_schedules

SECONDS_BETWEEN_TICKS = 30.0


class CrawlScheduler:
    """Ticks for every source, children under way, and how to end them.

    Jobs live in memory: the schedule files are the one truth, and what was missed while we were down
    shows in the runs.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Clock,
        seconds_between_ticks: float = SECONDS_BETWEEN_TICKS,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._seconds_between_ticks = seconds_between_ticks
        self._is_stopping = False
        self._children: set[Child] = set()
        self._lock = Lock()
        self._schedules = read_schedules(settings)
        self._ticker = BackgroundScheduler(
            timezone="UTC",
            jobstores={"default": MemoryJobStore()},
            # A crawl holds its thread until it ends: one for each source.
            executors={"default": ThreadPoolExecutor(max(len(self._schedules), 1))},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin: overdue sources at once, then a tick every so often."""
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

    def stop(self) -> None:
        """End: no new child, then every child with its process group."""
        with self._lock:
            self._is_stopping = True
            children = list(self._children)
        for child in children:
            child.stop()
        self._ticker.shutdown(wait=True)

    def crawl_due(self, source: str, schedule: Schedule) -> None:
        """One source's turn: its due partitions one after the other."""
        for errand in find_due(self._engine, self._settings, {source: schedule}, self._clock()):
            child = self._start_child(errand)
            if child is None:
                return
            finish_child(self._engine, child, self._clock)
            with self._lock:
                self._children.discard(child)

    def _start_child(self, errand: Errand) -> Child | None:
        with self._lock:
            if self._is_stopping:
                return None
            child = start_child(self._settings, errand, self._clock)
            self._children.add(child)
            return child


def schedule_on(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Run the scheduler until SIGTERM or SIGINT.

    Raises:
        ScheduleError: if a schedule cannot be read.
    """
    is_over = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        is_over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    scheduler = CrawlScheduler(settings, engine, clock)
    scheduler.start()
    is_over.wait()
    scheduler.stop()
