"""The queue's tables are those of the procrastinate that is installed; older ones are made anew."""

import pytest
from sqlalchemy import inspect, text

from archive.models.leases import QUEUE_SCHEMA
from archive.store.database import create_archive_engine
from config.settings import Settings
from scrapers.commands.doctor import examine
from scrapers.doctor.findings import Finding
from scrapers.work.dispatch.queue_schema import QueueError, list_migrations, open_queue_tables
from scrapers.work.dispatch.tasks import fill_queue
from scrapers.work.plan.crawl_job import CrawlJob
from tests.scrapers.crawls import now

JOBS = text(f"SELECT count(*) FROM {QUEUE_SCHEMA}.procrastinate_jobs")
OLD, NEW = "03.00.00_01_pre", "99.00.00_01_pre"


@pytest.fixture
def engine(postgresql_url):
    engine = create_archive_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(engine, tmp_path):
    address = engine.url.render_as_string(hide_password=False)
    return Settings(home=tmp_path, database_url=address, meilisearch_url=None)


def make_queue(engine, release: str | None) -> None:
    """Tables that nobody can use, with what some procrastinate wrote down of itself."""
    told = "NULL" if release is None else f"'{release}'"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {QUEUE_SCHEMA}"))
        connection.execute(text(f"CREATE TABLE {QUEUE_SCHEMA}.procrastinate_jobs (old text)"))
        connection.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS {told}"))


def count_jobs(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(JOBS)


@pytest.mark.parametrize("release", [OLD, None])
def test_an_older_queue_is_dropped_made_anew_and_takes_crawl_jobs(engine, settings, release):
    make_queue(engine, release)
    open_queue_tables(engine)
    fill_queue(settings, engine, [CrawlJob("snap", "2026", after_run=0)])
    assert count_jobs(engine) == 2, "the crawl, and what follows"


def test_the_queue_of_the_installed_release_keeps_what_is_in_it(engine, settings):
    open_queue_tables(engine)
    fill_queue(settings, engine, [CrawlJob("snap", "2026", after_run=0)])
    open_queue_tables(engine)
    assert count_jobs(engine) == 2


def test_a_newer_queue_is_left_alone_and_said_so(engine):
    make_queue(engine, NEW)
    with pytest.raises(QueueError, match="install the release of paidforby that the other mach"):
        open_queue_tables(engine)
    (column,) = inspect(engine).get_columns("procrastinate_jobs", schema=QUEUE_SCHEMA)
    assert column["name"] == "old"


def examine_queue(settings) -> list[Finding]:
    return [f for f in examine(settings, now()) if f.name == "queue"]


@pytest.mark.parametrize(
    ("release", "works", "detail"),
    [
        (OLD, True, "of an older procrastinate"),
        (NEW, False, "of a newer procrastinate"),
        (list_migrations()[-1].stem, True, "up to date"),
    ],
)
def test_the_doctor_tells_how_the_queue_stands(engine, settings, release, works, detail):
    make_queue(engine, release)
    (finding,) = examine_queue(settings)
    assert finding.works == works
    assert detail in finding.detail


def test_the_doctor_says_nothing_of_a_queue_where_there_is_none(settings, tmp_path):
    assert examine_queue(settings) == []
    assert examine_queue(Settings(home=tmp_path, meilisearch_url=None)) == []
