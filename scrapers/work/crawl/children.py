"""Crawls as child processes: started, waited for, and closed in the archive when they were killed.

`crawl`, the worker, the scheduler and the demo call it. A child has a process of its own because
Scrapy runs once in a process, and so that a hang or a crash takes nothing else with it. It is forked
from a process that has Scrapy and the spiders behind it: importing them takes longer than most crawls.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from threading import Lock

from pydantic import SecretStr
from scrapy.settings import default_settings
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from archive.errors import LeaseLostError
from archive.models import Run
from archive.models.runs import Outcome
from archive.runs.lease import RunLease, end_run
from archive.runs.processes import name_process, show_process
from archive.store.database import read, write
from archive.store.outages import STOPPED_BY_OPERATOR
from config.counts import write_count
from config.logs import is_log_kept
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.spiders import list_spider_modules
from scrapers.work.crawl.crawl_process import run_crawl_job
from scrapers.work.crawl.run_lines import log_killed
from scrapers.work.plan.crawl_job import CrawlJob

PRELOADED = [
    "scrapers.work.crawl.crawl_process",
    "scrapers.fetching.partition_spider",
    "scrapers.fetching.downloads",
    *list_spider_modules(),
    # Scrapy loads its parts by their names, and imports even those that the settings turn off.
    *{
        part.rpartition(".")[0]
        for parts in (
            default_settings.DOWNLOADER_MIDDLEWARES_BASE,
            default_settings.EXTENSIONS_BASE,
            default_settings.SPIDER_MIDDLEWARES_BASE,
        )
        for part in parts
    },
    *("scrapy.logformatter", "scrapy.pqueues", "scrapy.robotstxt", "scrapy.squeues", "protego"),
]
"""What is imported once, in the process that crawls are forked from."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(PRELOADED)

SECONDS_TO_STOP = 5
"""A crawl in the middle of a download loses nothing when it is killed: pages are transactions."""


OUT_OF_MEMORY = ": it may have needed more memory than PAIDFORBY_CRAWL_MEMORY_MB allows"
"""Libraries that cannot raise when they get no memory abort the process."""


@dataclass(eq=False)
class Child:
    """A crawl in a process group of its own; several threads may wait for it."""

    crawl_job: CrawlJob
    process: ForkServerProcess
    started_at: datetime
    _exit_code: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def stop(self) -> None:
        """Ask the group to end, then end whatever of it is left."""
        if not self._is_over(0):
            self._signal_group(signal.SIGTERM)
            self._is_over(SECONDS_TO_STOP)
            self._signal_group(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for the crawl, end what it started and left behind; gives its exit code."""
        self._is_over(None)
        with self._lock:
            if self._exit_code is None:
                self.process.join()
                self._signal_group(signal.SIGKILL)
                self._exit_code = self.process.exitcode or 0
            return self._exit_code

    def _is_over(self, seconds: float | None) -> bool:
        """Whether the process ends within so many seconds, or `None`: at all; any thread may ask."""
        return bool(wait([self.process.sentinel], seconds))

    def _signal_group(self, number: signal.Signals) -> None:
        """Signal all that the crawl started, and itself if it has not opened its group yet.

        The group keeps its number while anyone is in it, whoever has died.
        """
        with suppress(ProcessLookupError):
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                if not self._is_over(0):
                    os.kill(self.pid, number)

    @property
    def pid(self) -> int:
        """The process's number, and its group's."""
        if self.process.pid is None:
            raise ValueError("a child has been started")
        return self.process.pid


def start_child(settings: Settings, crawl_job: CrawlJob, clock: Clock) -> Child:
    """Start a crawl; its messages go to our standard error, its answer is the run's row.

    Settings, secrets among them, go by a pipe: no other process of the machine can read it.
    """
    log = {"keeps_log": is_log_kept()}
    process = FORKS.Process(target=run_crawl_job, args=(settings, crawl_job), kwargs=log)
    started_at = clock()
    process.start()
    return Child(crawl_job, process, started_at)


@contextmanager
def running_child(settings: Settings, crawl_job: CrawlJob, clock: Clock) -> Iterator[Child]:
    """A crawl that ends with the block at the latest."""
    child = start_child(settings, crawl_job, clock)
    try:
        yield child
    finally:
        child.stop()


def crawl_in_child(
    settings: Settings, engine: Engine, crawl_job: CrawlJob, clock: Clock
) -> Run | None:
    """Crawl a partition in a child process and wait for it; an interrupt ends it and says what is kept."""
    with running_child(settings, crawl_job, clock) as child:
        try:
            return finish_child(engine, child, clock)
        except KeyboardInterrupt:
            child.stop()
            run = finish_child(engine, child, clock, STOPPED_BY_OPERATOR)
            raise KeyboardInterrupt(tell_stopped([run])) from None


def tell_stopped(runs: Iterable[Run | None]) -> str:
    """What is kept of crawls of which the last was stopped."""
    kept = sum(run.seen for run in runs if run)
    return (
        f"stopped: {write_count(kept, 'record is', 'records are')} kept; the same command goes on"
    )


def finish_child(engine: Engine, child: Child, clock: Clock, because: str = "") -> Run | None:
    """Wait for a crawl; gives its run, `None` when it never began one.

    A child that was killed could not say so: its run is closed here, and the partition is free again.
    `because`: why it was, where that is known.
    """
    code = child.wait()
    run = find_run(engine, child)
    if run and run.outcome == Outcome.RUNNING:
        why = OUT_OF_MEMORY if code == -signal.SIGABRT else ""
        reason = because or f"the crawl was killed (exit code {code}){why}"
        close_killed_run(engine, run, reason, clock())
        log_killed(run, code)
        run = find_run(engine, child)
    return run


def find_run(engine: Engine, child: Child) -> Run | None:
    """The run a child began."""
    query = select(Run).where(
        Run.source == child.crawl_job.source,
        Run.partition == child.crawl_job.partition,
        col(Run.started_at) >= child.started_at,
    )
    with read(engine) as session:
        runs = session.exec(query.order_by(col(Run.id).desc()))
        return next((r for r in runs if show_process(r.worker) == name_process(child.pid)), None)


def close_killed_run(engine: Engine, run: Run, reason: str, now: datetime) -> None:
    """Record a run as failed whose process is known to be dead; its cursor stays."""
    try:
        with write(engine) as session:
            _end_as_failed(session, run, reason, now)
    except LeaseLostError:
        # Another run took the partition over and has closed this one already.
        return


def _end_as_failed(session: Session, run: Run, reason: str, now: datetime) -> None:
    if run.id is None:
        raise ValueError("a run that was read has its id")
    lease = RunLease(run.id, run.source, run.partition, run.lease_token, run.observed_at, False)
    end_run(session, lease, Outcome.FAILED, now, reason=reason)


def settings_environ(settings: Settings) -> dict[str, str]:
    """The environment that makes the same settings again in another process."""
    return {
        f"{part.model_config['env_prefix']}{name.upper()}": _write_value(value)
        for part in (settings, *settings.of_sources)
        for name, value in part
        if value is not None and name != "of_sources"
    }


def _write_value(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, list) else str(value)
