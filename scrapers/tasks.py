"""Work for many machines: errands go through procrastinate's queue on the archive's PostgreSQL.

The scheduler puts them in, `paidforby worker` takes them out. The queue only carries: what is due stands
in the runs, so a queue that is lost fills again, and a job that comes twice finds its run taken. Its
tables live in a schema of their own, which `init` makes when the settings ask for the queue.
"""

import asyncio
from contextlib import closing

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, inspect, text

from archive.database import is_postgresql, read, write
from archive.errors import ArchiveError
from archive.runs import find_ended_crawl
from config.settings import Settings
from scrapers.children import SECONDS_TO_STOP, Errand, finish_child, running_child
from scrapers.following import follow_changes
from scrapers.intake import Clock

SCHEMA = "work_queue"
QUEUE = "crawls"
CRAWL = "crawl"


class QueueError(ArchiveError):
    """The queue cannot be used as things are."""


def init_queue(engine: Engine) -> None:
    """Make the queue's tables unless they are there.

    Raises:
        QueueError: if the archive does not live on PostgreSQL.
    """
    if not is_postgresql(engine):
        raise QueueError(
            "PAIDFORBY_DISPATCH=queue needs the archive on PostgreSQL; set PAIDFORBY_DATABASE_URL, or "
            "leave PAIDFORBY_DISPATCH away"
        )
    with write(engine) as session:
        connection = session.connection()
        if not inspect(connection).has_table("procrastinate_jobs", schema=SCHEMA):
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            connection.execute(text(f"SET LOCAL search_path = {SCHEMA}"))
            # Many statements at once, and percent signs that stand for themselves: the driver's own way.
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(SchemaManager.get_schema())


def open_queue(engine: Engine) -> App:
    """The queue, closed; whoever uses it opens it."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = {"options": f"-c search_path={SCHEMA}"}
    return App(connector=PsycopgConnector(conninfo=address, kwargs=options, min_size=1, max_size=4))


class QueueExecutor:
    """Hands errands on to whichever machine is free."""

    def __init__(self, engine: Engine) -> None:
        init_queue(engine)
        self._app = open_queue(engine)
        self._app.open()

    def carry_out(self, errand: Errand) -> None:
        """Put an errand into the queue unless it waits there already."""
        lock = f"{errand.source}/{errand.partition}"
        job = self._app.configure_task(CRAWL, queue=QUEUE, queueing_lock=lock)
        try:
            job.defer(
                source=errand.source,
                partition=errand.partition,
                base_url=errand.base_url,
                after_run=errand.after_run,
            )
        except AlreadyEnqueued:
            return

    def stop(self) -> None:
        """Close the queue; the machines finish what they took."""
        self._app.close()


def work_from_queue(settings: Settings, engine: Engine, clock: Clock, *, wait: bool) -> None:
    """Do what is in the queue; with `wait` on and on, until SIGTERM or SIGINT.

    A crawl under way when the process is told to end is stopped with it.
    """
    init_queue(engine)
    app = open_queue(engine)
    add_crawl_task(app, settings, engine, clock)
    asyncio.run(_work(app, wait=wait))


def add_crawl_task(app: App, settings: Settings, engine: Engine, clock: Clock) -> None:
    """Tell the queue what a crawl is."""

    @app.task(name=CRAWL, queue=QUEUE)
    async def crawl(source: str, partition: str, base_url: str, after_run: int) -> None:
        with read(engine) as session:
            if find_ended_crawl(session, source, partition) != after_run:
                return
        errand = Errand(source, partition, base_url, after_run)
        # When the job is cancelled, leaving the block ends the crawl, and with it the thread.
        with running_child(settings, errand, clock) as child:
            await asyncio.to_thread(finish_child, engine, child, clock)
        await asyncio.to_thread(follow_changes, settings, engine, clock, mirror=True)


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
