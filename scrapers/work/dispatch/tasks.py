"""Work for many machines: crawl jobs go through procrastinate's queue on the archive's PostgreSQL.

The scheduler puts them in, `paidforby worker` takes them out. The queue only carries: what is due stands
in the runs, so a queue that is lost fills again, and a job that comes twice finds its run taken. Of
pictures and videos, one worker at a time fetches a few every minute.
"""

import asyncio
from threading import Event

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from sqlalchemy import Engine

from archive.models.leases import QUEUE_SCHEMA
from archive.runs.lease import find_ended_crawl
from archive.store.database import read
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.media.collecting import keep_due_media
from scrapers.work.crawl.children import SECONDS_TO_STOP, finish_child, running_child
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.dispatch.queue_schema import open_queue_tables
from scrapers.work.plan.crawl_job import CrawlJob

QUEUE = "crawls"
CRAWL = "crawl"
MEDIA = "media"
EVERY_MINUTE = "* * * * *"


def open_queue(engine: Engine) -> App:
    """The queue, closed; whoever uses it opens it."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = {"options": f"-c search_path={QUEUE_SCHEMA}"}
    return App(connector=PsycopgConnector(conninfo=address, kwargs=options, min_size=1, max_size=4))


class QueueExecutor:
    """Hands crawl jobs on to whichever machine is free."""

    def __init__(self, engine: Engine) -> None:
        open_queue_tables(engine)
        self._app = open_queue(engine)
        self._app.open()

    def carry_out(self, crawl_job: CrawlJob) -> None:
        """Put a crawl job into the queue unless it waits there already."""
        lock = f"{crawl_job.source}/{crawl_job.partition}"
        job = self._app.configure_task(CRAWL, queue=QUEUE, queueing_lock=lock)
        try:
            job.defer(
                source=crawl_job.source,
                partition=crawl_job.partition,
                base_url=crawl_job.base_url,
                after_run=crawl_job.after_run,
            )
        except AlreadyEnqueued:
            return

    def stop(self) -> None:
        """Close the queue; the machines finish what they took."""
        self._app.close()


def work_from_queue(settings: Settings, engine: Engine, clock: Clock, *, wait: bool) -> None:
    """Do what is in the queue; with `wait` on and on, until SIGTERM or SIGINT.

    A crawl under way when the process is told to end is stopped with it.

    Raises:
        QueueError: if the queue cannot be used.
    """
    open_queue_tables(engine)
    app = open_queue(engine)
    add_crawl_task(app, settings, engine, clock)
    add_media_task(app, settings, engine, clock, is_periodic=wait)
    asyncio.run(_work(app, wait=wait))
    if not wait:
        keep_due_media(settings, engine, clock)


def add_crawl_task(app: App, settings: Settings, engine: Engine, clock: Clock) -> None:
    """Tell the queue what a crawl is."""

    @app.task(name=CRAWL, queue=QUEUE)
    async def crawl(source: str, partition: str, base_url: str, after_run: int) -> None:
        with read(engine) as session:
            if find_ended_crawl(session, source, partition) != after_run:
                return
        crawl_job = CrawlJob(source, partition, base_url, after_run)
        # When the job is cancelled, leaving the block ends the crawl, and with it the thread.
        with running_child(settings, crawl_job, clock) as child:
            await asyncio.to_thread(finish_child, engine, child, clock)
        await asyncio.to_thread(follow_changes, settings, engine, clock, mirror=True)


def add_media_task(
    app: App, settings: Settings, engine: Engine, clock: Clock, *, is_periodic: bool
) -> None:
    """Tell the queue what a round of pictures and videos is, and to have one each minute.

    A round that outlasts its minute may meet the next one on another machine: they share one pace, and
    each asks before an address whether the other has it.
    """

    @app.task(name=MEDIA, queue=QUEUE, queueing_lock=MEDIA)
    async def keep_media(timestamp: int) -> None:  # noqa: ARG001 (what a periodic task is given)
        is_over = Event()
        try:
            await asyncio.to_thread(keep_due_media, settings, engine, clock, is_over)
        finally:
            is_over.set()

    if is_periodic:
        app.periodic(cron=EVERY_MINUTE)(keep_media)


async def _work(app: App, *, wait: bool) -> None:
    async with app.open_async():
        await _forget_lost_jobs(app)
        await app.run_worker_async(
            queues=[QUEUE],
            concurrency=1,
            wait=wait,
            # The rows of `run` are the record; a finished job says nothing more.
            delete_jobs="always",
            shutdown_graceful_timeout=SECONDS_TO_STOP,
        )


async def _forget_lost_jobs(app: App) -> None:
    """Take out jobs whose worker died: what they were about is due again by the runs."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
