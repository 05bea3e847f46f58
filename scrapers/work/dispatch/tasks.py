"""Work for many machines, through procrastinate's queue on the archive's PostgreSQL.

`paidforby scheduler` puts in what is due, `paidforby worker --queue` takes it out: sources side by side,
changes followed by one worker at a time. The queue only carries: what is due stands in the runs, so a queue
that is lost fills again, and a job that comes twice finds its run taken.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from threading import Event

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from sqlalchemy import Engine

from archive.models.leases import QUEUE_SCHEMA
from archive.runs.singleton_lease import SCHEDULER
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import SECONDS_TO_STOP, finish_child, running_child
from scrapers.work.dispatch.queue_schema import open_queue_tables, require_postgresql
from scrapers.work.dispatch.scheduler import (
    TICKS_PER_LEASE,
    Scheduler,
    find_tick_seconds,
    take_scheduling,
)
from scrapers.work.dispatch.worker import end_on_signals, follow_up
from scrapers.work.plan.crawl_job import CrawlJob

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
    with closing(Scheduler(settings, engine, clock, held)) as scheduler:
        open_queue_tables(engine)
        scheduler.start(partial(fill_queue, settings, engine))
        scheduler.is_over.wait()


def fill_queue(settings: Settings, engine: Engine, crawl_jobs: Sequence[CrawlJob]) -> None:
    """Put in what does not wait there already, and a round of following; take out what died with its worker.

    What a dead worker was at is due again by the runs.
    """
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
    """Do what is in the queue; with `wait` on and on, until SIGTERM or SIGINT.

    Crawls under way when the process is told to end are stopped with it.

    Raises:
        QueueError: if the queue cannot be used.
    """
    open_queue_tables(engine)
    app = _open_queue(engine)
    _add_tasks(app, settings, engine, clock)
    asyncio.run(_work(app, settings, wait=wait))


def _open_queue(engine: Engine) -> App:
    """The queue, closed; whoever uses it opens it."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = {"options": f"-c search_path={QUEUE_SCHEMA}"}
    return App(connector=PsycopgConnector(conninfo=address, kwargs=options, min_size=1, max_size=4))


def _add_tasks(app: App, settings: Settings, engine: Engine, clock: Clock) -> None:
    """Tell the queue what its jobs are."""

    @app.task(name=CRAWL, queue=QUEUE)
    async def crawl(source: str, partition: str, base_url: str, after_run: int | None) -> None:
        crawl_job = CrawlJob(source, partition, base_url, after_run)
        # When the job is cancelled, leaving the block ends the crawl, and with it the thread.
        with running_child(settings, crawl_job, clock) as child:
            await asyncio.to_thread(finish_child, engine, child, clock)

    @app.task(name=FOLLOW, queue=QUEUE)
    async def follow() -> None:
        is_over = Event()
        try:
            await asyncio.to_thread(follow_up, settings, engine, clock, is_over)
        finally:
            is_over.set()


async def _work(app: App, settings: Settings, *, wait: bool) -> None:
    # Room for a crawl of every source and for what follows: none holds another up.
    most_jobs = len(find_spiders()) + 1
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(most_jobs))
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
    )
    async with app.open_async():
        await work()
        if not wait:
            await _put_in(app, FOLLOW, FOLLOW)
            await work()
