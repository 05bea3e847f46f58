"""Work for many machines, through procrastinate's queue on the archive's PostgreSQL.

`paidforby scheduler` puts in what is due, `paidforby worker --queue` takes it out: sources side by side,
changes followed by one worker at a time. The queue only carries: what is due stands in the runs, so a queue
that is lost fills again, and a job that comes twice finds its run taken.
"""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from threading import Event
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import ArchiveError
from archive.models.leases import QUEUE_SCHEMA
from archive.runs.singleton_lease import SCHEDULER
from archive.store.outages import Absence, tell_cause
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import SECONDS_TO_STOP
from scrapers.work.dispatch.ending import end_on_signals, wait_until
from scrapers.work.dispatch.presence import QUEUE_WORKER, Presence
from scrapers.work.dispatch.queue_schema import open_queue_tables, require_postgresql
from scrapers.work.dispatch.scheduler import (
    TICKS_PER_LEASE,
    Scheduler,
    find_tick_seconds,
    take_scheduling,
)
from scrapers.work.dispatch.worker import LocalCrawls, follow_up
from scrapers.work.plan.crawl_job import CrawlJob

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_TRIES = 1.0
QUEUE = "crawls"
CRAWL = "crawl"
FOLLOW = "follow"


def schedule_on(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Fill the queue until a signal ends the process, or until overtaken by another.

    Raises:
        QueueError: if the queue cannot be used.
        RivalError: if a worker works without the queue.
        SingletonTakenError: if there is a scheduler already.
    """
    require_postgresql(engine)
    end_on_signals()
    held = take_scheduling(settings, engine, clock, SCHEDULER)
    with (
        closing(Presence(engine, clock, SCHEDULER, Absence())) as presence,
        closing(Scheduler(settings, engine, clock, held, presence)) as scheduler,
    ):
        open_queue_tables(engine)
        scheduler.start(partial(fill_queue, settings, engine))
        wait_until(scheduler.is_over)


def fill_queue(settings: Settings, engine: Engine, crawl_jobs: Sequence[CrawlJob]) -> None:
    """Put in what does not wait there already, and a round of following; take out what died with its worker.

    What a dead worker was at is due again by the runs.
    """
    with _driver_errors():
        asyncio.run(_fill_queue(settings, engine, crawl_jobs))


async def _fill_queue(settings: Settings, engine: Engine, crawl_jobs: Sequence[CrawlJob]) -> None:
    silence = find_tick_seconds(settings) * TICKS_PER_LEASE
    async with _open_queue(engine).open_async() as app:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silence):
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        for crawl_job in crawl_jobs:
            await _put_in(app, CRAWL, crawl_job.source, crawl_job.partition, **vars(crawl_job))
        await _put_in(app, FOLLOW, FOLLOW)


async def _put_in(
    app: App, task: str, lock: str, part: str = "", **values: str | int | None
) -> None:
    """Of jobs with the same lock one is done at a time; of one part of them one waits at a time."""
    job = app.configure_task(task, queue=QUEUE, lock=lock, queueing_lock=f"{lock}/{part}")
    with suppress(AlreadyEnqueued):
        await job.defer_async(**values)


def work_from_queue(settings: Settings, engine: Engine, clock: Clock, *, wait: bool) -> None:
    """Do what is in the queue; with `wait` on and on, until SIGTERM or SIGINT, also while it is away.

    Crawls under way when the process is told to end are stopped with it. When the database goes, they wait
    for it by themselves, and whoever takes from the queue begins anew when it is back.

    Raises:
        QueueError: if the queue cannot be used.
    """
    end_on_signals()
    with (
        closing(LocalCrawls(settings, engine, clock)) as crawls,
        closing(
            Presence(engine, clock, QUEUE_WORKER, crawls.absence, crawls.list_names)
        ) as presence,
    ):
        while True:
            with crawls.absence.passed_over() if wait else nullcontext():
                open_queue_tables(engine)
                presence.beat()
                crawls.absence.end()
                app = _open_queue(engine)
                _add_tasks(app, settings, engine, clock, crawls)
                _take_from_queue(app, settings, presence, wait=wait)
            if not wait:
                return
            time.sleep(SECONDS_BETWEEN_TRIES)


def _take_from_queue(app: App, settings: Settings, presence: Presence, *, wait: bool) -> None:
    """Work until nothing is left, or with `wait` until a connection is lost; a signal ends the process."""
    stop = Event()
    try:
        with _driver_errors():
            asyncio.run(_work(app, settings, presence, stop, wait=wait))
    except (Exception, asyncio.CancelledError):
        # It may have lost its connection while it was ending.
        if not stop.is_set():
            raise
    finally:
        end_on_signals()
    if stop.is_set():
        sys.exit(0)


@contextmanager
def _driver_errors() -> Iterator[None]:
    """The database's own errors in place of procrastinate's, so that an absence is known as one."""
    # Both print a traceback for each connection that fails; what a job cannot do is said by the job.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    except ConnectorException as error:
        raise error.__cause__ or error from None


def _open_queue(engine: Engine) -> App:
    """The queue, closed; whoever uses it opens it."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = {"options": f"-c search_path={QUEUE_SCHEMA}"}
    return App(
        connector=PsycopgConnector(
            conninfo=address, kwargs=options, min_size=1, max_size=4, timeout=5.0
        )
    )


def _add_tasks(
    app: App, settings: Settings, engine: Engine, clock: Clock, crawls: LocalCrawls
) -> None:
    """Tell the queue what its jobs are."""

    @app.task(name=CRAWL, queue=QUEUE)
    async def crawl(source: str, partition: str, base_url: str, after_run: int | None) -> None:
        crawl_job = CrawlJob(source, partition, base_url, after_run)
        # The crawl outlives its job where the queue is away; `LocalCrawls.close` ends it with the process.
        with _told(CRAWL):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(crawls.threads, crawls.crawl, crawl_job)

    @app.task(name=FOLLOW, queue=QUEUE)
    async def follow() -> None:
        is_over = Event()
        try:
            with _told(FOLLOW), crawls.absence.passed_over():
                await asyncio.to_thread(follow_up, settings, engine, clock, is_over)
        finally:
            is_over.set()


@contextmanager
def _told(job: str) -> Iterator[None]:
    """Say why a job could not be done; the scheduler puts in anew what is still due."""
    try:
        yield
    except (ArchiveError, SQLAlchemyError, OSError) as error:
        note(f"{job}: not done for now: {tell_cause(error)}")
    except Exception:
        logger.exception("%s failed", job)


async def _work(
    app: App, settings: Settings, presence: Presence, stop: Event, *, wait: bool
) -> None:
    # Room for a crawl of every source and for what follows: none holds another up.
    most_jobs = len(find_spiders()) + 1
    tick_seconds = find_tick_seconds(settings)
    work = partial(
        app.run_worker_async,
        queues=[QUEUE],
        # Whoever does not wait leaves when no job is free; so the last one must be over by then.
        concurrency=most_jobs if wait else 1,
        wait=wait,
        # The rows of `run` are the record; a finished job says nothing more.
        delete_jobs="always",
        shutdown_graceful_timeout=SECONDS_TO_STOP,
        # A job whose lock is held is not announced when it becomes free.
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=tick_seconds,
        stalled_worker_timeout=tick_seconds * TICKS_PER_LEASE,
        # Its own ones do not tell an end that was wanted from one that was not.
        install_signal_handlers=False,
    )
    _end_on_signals(stop)
    async with app.open_async():
        beating = asyncio.create_task(_beat(presence, tick_seconds))
        try:
            await work()
            if not wait:
                await _put_in(app, FOLLOW, FOLLOW)
                await work()
        finally:
            beating.cancel()


async def _beat(presence: Presence, seconds: float) -> None:
    """Say at each tick that this event loop goes round."""
    while True:
        await asyncio.sleep(seconds)
        with presence.absence.passed_over():
            await asyncio.to_thread(presence.beat)


def _end_on_signals(stop: Event) -> None:
    """Let SIGTERM and SIGINT end the work of this event loop; a connection lost meanwhile is not told."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end(*_: object) -> None:
        stop.set()
        # The loop may be closed already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(task.cancel if task else loop.stop)

    def tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), ConnectorException):
            loop.default_exception_handler(context)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    loop.set_exception_handler(tell)
