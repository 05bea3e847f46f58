"""Who carries out what is due: this machine, each crawl in a child process, or the queue for many.

The scheduler is given one of the two (`Settings.dispatch`). Neither decides what is due, and either may be
handed the same crawl job twice: a run begins only if there was none since (`archive.runs.lease.begin_run`).
"""

from threading import Lock
from typing import Protocol

from sqlalchemy import Engine

from config.settings import Dispatch, Settings
from scrapers.intake.pages import Clock
from scrapers.work.crawl.children import Child, finish_child, start_child
from scrapers.work.dispatch.tasks import QueueExecutor
from scrapers.work.plan.crawl_job import CrawlJob


class Executor(Protocol):
    """Carries crawl jobs out."""

    def carry_out(self, crawl_job: CrawlJob) -> None:
        """Do a crawl job, or hand it on."""

    def stop(self) -> None:
        """Take no further crawl job, and end what is under way here."""


class LocalExecutor:
    """Crawls in child processes of this one."""

    def __init__(self, settings: Settings, engine: Engine, clock: Clock) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._is_stopping = False
        self._children: set[Child] = set()
        self._lock = Lock()

    def carry_out(self, crawl_job: CrawlJob) -> None:
        """Crawl, and come back when it is over; a crawl that was killed is closed in the archive."""
        child = self._start(crawl_job)
        if child is None:
            return
        finish_child(self._engine, child, self._clock)
        with self._lock:
            self._children.discard(child)

    def stop(self) -> None:
        """Start nothing more; end every child with its process group."""
        with self._lock:
            self._is_stopping = True
            children = list(self._children)
        for child in children:
            child.stop()

    def _start(self, crawl_job: CrawlJob) -> Child | None:
        with self._lock:
            if self._is_stopping:
                return None
            child = start_child(self._settings, crawl_job, self._clock)
            self._children.add(child)
            return child


def make_executor(settings: Settings, engine: Engine, clock: Clock) -> Executor:
    """The executor an operator chose.

    Raises:
        QueueError: if the queue is chosen and cannot be used.
    """
    if settings.dispatch == Dispatch.LOCAL:
        return LocalExecutor(settings, engine, clock)
    return QueueExecutor(engine)
