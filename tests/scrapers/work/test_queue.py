"""A scheduler fills the queue on PostgreSQL, whichever machine is free takes from it, all is done once."""

from datetime import timedelta

import pytest
from sqlalchemy import inspect, text

from archive.models import Source
from archive.models.leases import QUEUE_SCHEMA
from archive.models.runs import Outcome
from archive.reading.sources.metrics import read_metrics
from archive.runs.singleton_lease import SCHEDULER, WORKER, take_singleton
from archive.store.database import create_archive_engine, read, write
from config.settings import Settings
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.work.crawl.children import settings_environ
from scrapers.work.dispatch import worker
from scrapers.work.dispatch.queue_schema import open_queue_tables
from scrapers.work.dispatch.tasks import fill_queue, work_from_queue
from scrapers.work.plan.crawl_job import CrawlJob
from tests import servers
from tests.commands import start_paidforby
from tests.scrapers.crawls import PATIENCE_SECONDS, TOKEN, Home, is_followed, now, wait_for
from tests.scrapers.replica.http_faults import send_slowly


@pytest.fixture
def queue_home(postgresql_server, migrated_database, tmp_path):
    """A home on PostgreSQL, with the queue's tables."""
    with servers.make_database(postgresql_server, migrated_database) as url:
        settings = Settings(
            home=tmp_path / "home",
            database_url=url,
            of_sources=(MetaSettings(access_token=TOKEN),),
            meilisearch_url=None,
        )
        engine = create_archive_engine(url)
        with write(engine) as session:
            session.add_all(
                Source(**find_spiders()[each].info.model_dump())
                for each in ("snap", "meta_ad_library")
            )
        open_queue_tables(engine)
        yield Home(settings, engine)
        engine.dispose()


def put_in(home: Home, *crawl_jobs: CrawlJob) -> None:
    fill_queue(home.settings, home.engine, crawl_jobs)


def do_all(home: Home) -> None:
    work_from_queue(home.settings, home.engine, now, wait=False)


def list_jobs(home: Home) -> list[tuple[str, str]]:
    """What is in the queue: tasks, and the locks under which one is done at a time."""
    query = text(f"SELECT task_name, lock FROM {QUEUE_SCHEMA}.procrastinate_jobs ORDER BY id")
    with home.engine.connect() as connection:
        return [(task, lock) for task, lock in connection.execute(query)]


def tell_queue(home: Home) -> dict[str, float]:
    """What the metrics say of the queue."""
    with read(home.engine) as session:
        (metric,) = [m for m in read_metrics(session, now()) if m.name == "paidforby_queue_jobs"]
    return {sample.labels["status"]: sample.value for sample in metric.samples}


def test_what_is_due_waits_in_the_queue_once_is_done_once_and_followed(queue_home):
    with running_replica() as url:
        snap = CrawlJob("snap", "2026", f"{url}/snap", after_run=0)
        meta = CrawlJob("meta_ad_library", "US", f"{url}/meta_ad_library", after_run=0)
        put_in(queue_home, snap, meta)
        put_in(queue_home, snap, meta)
        waiting, told = list_jobs(queue_home), tell_queue(queue_home)
        do_all(queue_home)
        put_in(queue_home, snap)
        do_all(queue_home)

    assert waiting == [
        ("crawl", "snap"),
        ("crawl", "meta_ad_library"),
        ("follow", "follow"),
    ]
    assert told == {"todo": 3, "doing": 0}
    assert [(run.source, run.outcome) for run in queue_home.runs()] == [
        ("snap", Outcome.DONE),
        ("meta_ad_library", Outcome.DONE),
    ]
    assert is_followed(queue_home)
    assert list_jobs(queue_home) == []


def test_partitions_of_one_source_wait_for_one_another_and_other_sources_do_not(queue_home):
    crawl_jobs = [
        CrawlJob("snap", "2025"),
        CrawlJob("snap", "2026"),
        CrawlJob("meta_ad_library", "US"),
    ]
    put_in(queue_home, *crawl_jobs)
    assert list_jobs(queue_home) == [
        ("crawl", "snap"),
        ("crawl", "snap"),
        ("crawl", "meta_ad_library"),
        ("follow", "follow"),
    ]


def test_what_a_dead_worker_was_at_is_taken_out_and_put_in_again(queue_home):
    crawl_job = CrawlJob("snap", "2026", after_run=0)
    put_in(queue_home, crawl_job)
    with queue_home.engine.begin() as connection:
        connection.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    dead = tell_queue(queue_home)
    put_in(queue_home, crawl_job)
    assert (dead, tell_queue(queue_home)) == ({"todo": 0, "doing": 2}, {"todo": 2, "doing": 0})


def test_a_worker_that_is_told_to_end_ends_its_crawl_too(queue_home, tmp_path):
    with running_replica(faults=[Fault("/snap/*", send_slowly(100))]) as url:
        put_in(queue_home, CrawlJob("snap", "2026", f"{url}/snap", after_run=0))
        environ = settings_environ(queue_home.settings)
        process = start_paidforby("worker", "--queue", environ=environ, folder=tmp_path)
        wait_for(queue_home.runs)
        process.terminate()
        process.join(PATIENCE_SECONDS)

    assert process.exitcode == 0
    assert queue_home.runs()[0].outcome in {Outcome.FAILED, Outcome.PARTIAL}


def test_the_queues_tables_stay_out_of_the_archives_own(queue_home):
    assert "procrastinate_jobs" not in inspect(queue_home.engine).get_table_names()
    assert inspect(queue_home.engine).has_table("procrastinate_jobs", schema=QUEUE_SCHEMA)


@pytest.mark.parametrize("command", [("scheduler",), ("worker", "--queue")], ids=" ".join)
def test_the_queue_is_refused_on_sqlite_in_a_sentence(home, command):
    run = home.command(*command)
    assert run.returncode == 1
    assert "set PAIDFORBY_DATABASE_URL; or, on one machine, do without a queue" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("singleton", "complaint"),
    [
        (WORKER, "stop every such worker first; beside a scheduler, workers take from the queue"),
        (SCHEDULER, "there is a scheduler already"),
    ],
)
def test_a_scheduler_refuses_to_start_beside_whoever_schedules(queue_home, singleton, complaint):
    with write(queue_home.engine) as session:
        take_singleton(session, singleton, timedelta(hours=1), now())
    run = queue_home.command("scheduler")
    assert (run.returncode, list_jobs(queue_home)) == (1, [])
    assert complaint in run.stderr


@pytest.fixture
def rounds(monkeypatch):
    """The rounds of pictures and videos that were begun."""
    begun = []
    monkeypatch.setattr(worker, "keep_due_media", lambda *given: begun.append(given))
    return begun


def test_workers_of_the_queue_fetch_pictures_and_videos_too(queue_home, rounds):
    put_in(queue_home)
    do_all(queue_home)
    assert len(rounds) == 2, "the one that waited, and the one that `--once` ends with"
