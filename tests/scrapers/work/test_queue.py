"""Crawl jobs go through the queue on PostgreSQL to whichever machine is free, and are done once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from scrapers.work.executors import LocalExecutor, make_executor
from sqlalchemy import inspect, text

from archive.models import Source
from archive.models.leases import QUEUE_SCHEMA
from archive.models.runs import Outcome
from archive.reading.sources.metrics import read_metrics
from archive.store.database import create_archive_engine, read, write
from config.settings import Dispatch, Settings
from scrapers.replica.faults import Fault, send_slowly
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import settings_environ
from scrapers.work.dispatch import tasks
from scrapers.work.dispatch.queue_schema import QueueError, init_queue
from scrapers.work.dispatch.tasks import QueueExecutor, work_from_queue
from scrapers.work.plan.crawl_job import CrawlJob
from tests import servers
from tests.scrapers.crawls import Home, now

PATIENCE_SECONDS = 120


@pytest.fixture
def queue_home(postgresql_server, migrated_database, tmp_path):
    """A home on PostgreSQL whose settings ask for the queue."""
    with servers.make_database(postgresql_server, migrated_database) as url:
        settings = Settings(
            home=tmp_path / "home",
            database_url=url,
            dispatch=Dispatch.QUEUE,
            meilisearch_url=None,
        )
        engine = create_archive_engine(url)
        with write(engine) as session:
            session.add(Source(**find_spiders()["snap"].info.model_dump()))
        yield Home(settings, engine)
        engine.dispose()


def put_in(home: Home, *crawl_jobs: CrawlJob) -> None:
    executor = make_executor(home.settings, home.engine, now)
    assert isinstance(executor, QueueExecutor)
    for crawl_job in crawl_jobs:
        executor.carry_out(crawl_job)
    executor.stop()


def count_jobs(home: Home) -> int:
    with home.engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {QUEUE_SCHEMA}.procrastinate_jobs"))


def tell_queue(home: Home) -> dict[str, float]:
    """What the metrics say of the queue."""
    with read(home.engine) as session:
        (metric,) = [m for m in read_metrics(session, now()) if m.name == "paidforby_queue_jobs"]
    return {sample.labels["status"]: sample.value for sample in metric.samples}


def test_an_crawl_job_waits_in_the_queue_once_and_is_done_once(queue_home):
    with running_replica() as url:
        crawl_job = CrawlJob("snap", "2026", f"{url}/snap", after_run=0)
        put_in(queue_home, crawl_job, crawl_job)
        waiting = count_jobs(queue_home)
        told = tell_queue(queue_home)
        work_from_queue(queue_home.settings, queue_home.engine, now, wait=False)
        put_in(queue_home, crawl_job)
        work_from_queue(queue_home.settings, queue_home.engine, now, wait=False)

    assert (waiting, told) == (1, {"todo": 1, "doing": 0})
    assert [run.outcome for run in queue_home.runs()] == [Outcome.DONE]
    assert count_jobs(queue_home) == 0


def test_a_worker_that_is_told_to_end_ends_its_crawl_too(queue_home):
    with running_replica(faults=[Fault("/snap/*", send_slowly(100))]) as url:
        put_in(queue_home, CrawlJob("snap", "2026", f"{url}/snap", after_run=0))
        worker = start_worker(queue_home)
        wait_for(queue_home.runs)
        worker.send_signal(signal.SIGTERM)
        worker.wait(PATIENCE_SECONDS)

    assert queue_home.runs()[0].outcome in {Outcome.FAILED, Outcome.PARTIAL}


def start_worker(home: Home) -> subprocess.Popen[bytes]:
    environ = os.environ | settings_environ(home.settings)
    return subprocess.Popen([sys.executable, "-m", "paidforby", "worker"], env=environ)


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the worker did not come to it"
        time.sleep(0.1)


def test_the_queues_tables_stay_out_of_the_archives_own(queue_home):
    before = set(inspect(queue_home.engine).get_table_names())
    init_queue(queue_home.engine)
    init_queue(queue_home.engine)
    assert set(inspect(queue_home.engine).get_table_names()) == before
    assert inspect(queue_home.engine).has_table("procrastinate_jobs", schema=QUEUE_SCHEMA)


def test_the_queue_is_refused_on_sqlite_in_a_sentence(home):
    settings = home.settings.model_copy(update={"dispatch": Dispatch.QUEUE})
    with pytest.raises(QueueError, match="PAIDFORBY_DATABASE_URL"):
        make_executor(settings, home.engine, now)


def test_without_a_queue_this_machine_does_the_work(home):
    assert isinstance(make_executor(home.settings, home.engine, now), LocalExecutor)


@pytest.fixture
def rounds(monkeypatch):
    """The rounds of pictures and videos that were begun."""
    begun = []
    monkeypatch.setattr(tasks, "keep_due_media", lambda *given: begun.append(given))
    return begun


def test_workers_of_the_queue_fetch_pictures_and_videos_too(queue_home, rounds):
    """The queue is handed a round each minute (procrastinate, "Launch a task periodically")."""
    init_queue(queue_home.engine)
    app = tasks.open_queue(queue_home.engine)
    tasks.add_media_task(app, queue_home.settings, queue_home.engine, now, is_periodic=True)
    ((name, _), periodic), *others = app.periodic_registry.periodic_tasks.items()
    assert (name, periodic.cron, others) == (tasks.MEDIA, tasks.EVERY_MINUTE, [])
    with app.open():
        app.configure_task(tasks.MEDIA, queue=tasks.QUEUE).defer(timestamp=0)

    work_from_queue(queue_home.settings, queue_home.engine, now, wait=False)

    assert len(rounds) == 2, "the one that waited, and the one that `--once` ends with"
    assert count_jobs(queue_home) == 0
