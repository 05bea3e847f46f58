"""The queue's tables follow the procrastinate that is installed, and never behind a worker's back."""

import pytest
from sqlalchemy import inspect, text

from archive.models.leases import QUEUE_SCHEMA
from archive.store.database import create_archive_engine, write
from config.settings import Dispatch, Settings
from scrapers.commands.doctor import examine
from scrapers.work.dispatch import queue_schema
from scrapers.work.dispatch.queue_schema import (
    QueueError,
    QueueState,
    find_queue_state,
    init_queue,
    list_migrations,
    open_queue_tables,
)
from scrapers.work.dispatch.tasks import QueueExecutor
from scrapers.work.plan.crawl_job import CrawlJob
from tests.scrapers.crawls import now

FUNCTIONS = text(
    "SELECT proname FROM pg_proc "
    "JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = :schema"
)


@pytest.fixture
def engine(postgresql_url):
    engine = create_archive_engine(postgresql_url)
    yield engine
    engine.dispose()


def make_old_queue(engine, release: str) -> None:
    """The tables as the last migration before a release of procrastinate left them."""
    old = [file for file in list_migrations() if file.stem < release]
    with write(engine) as session:
        session.connection().execute(text(f"CREATE SCHEMA {QUEUE_SCHEMA}"))
    for file in old:
        with write(engine) as session:
            queue_schema._run_file(session.connection(), file)
            queue_schema._note_applied(session.connection(), file)


def lay_out(engine):
    """Columns and functions of the queue, whatever order the columns came in."""
    found = inspect(engine)
    tables = found.get_table_names(schema=QUEUE_SCHEMA)
    columns = {
        (table, column["name"], str(column["type"]))
        for table in tables
        for column in found.get_columns(table, schema=QUEUE_SCHEMA)
    }
    with engine.connect() as connection:
        functions = set(connection.scalars(FUNCTIONS, {"schema": QUEUE_SCHEMA}))
    return columns, functions


def test_an_older_queue_is_brought_up_to_date_and_takes_crawl_jobs(engine):
    make_old_queue(engine, "03.00.00")
    assert find_queue_state(engine) == QueueState.OLDER
    init_queue(engine)
    assert find_queue_state(engine) == QueueState.CURRENT
    executor = QueueExecutor(engine)
    executor.carry_out(CrawlJob("snap", "2026", after_run=0))
    executor.stop()
    upgraded = lay_out(engine)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {QUEUE_SCHEMA} CASCADE"))
    init_queue(engine)
    assert upgraded == lay_out(engine)


def test_whoever_uses_the_queue_leaves_an_older_one_alone_and_says_what_to_do(engine):
    make_old_queue(engine, "03.04.00")
    before = lay_out(engine)
    with pytest.raises(QueueError, match="stop every worker and the scheduler, then type: paidfo"):
        open_queue_tables(engine)
    assert lay_out(engine) == before


def test_a_queue_without_a_note_is_the_first_we_made(engine):
    init_queue(engine)
    with engine.begin() as connection:
        connection.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS NULL"))
    assert queue_schema.FIRST_KNOWN in {file.stem for file in list_migrations()}
    assert find_queue_state(engine) in {QueueState.CURRENT, QueueState.OLDER}


@pytest.mark.parametrize(
    ("applied", "works", "detail"),
    [
        (None, False, "has no tables"),
        ("03.00.00_01_pre", False, "of an older procrastinate"),
        ("99.00.00_01_pre", False, "of a newer procrastinate"),
        ("", True, "up to date"),
    ],
)
def test_the_doctor_tells_how_the_queue_stands(engine, tmp_path, applied, works, detail):
    if applied is not None:
        init_queue(engine)
    if applied:
        with engine.begin() as connection:
            connection.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS '{applied}'"))
    address = engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=address, dispatch=Dispatch.QUEUE)
    (finding,) = [f for f in examine(settings, now().date()) if f.name == "queue"]
    assert finding.works == works
    assert detail in finding.detail


def test_the_doctor_says_that_sqlite_has_no_queue(tmp_path):
    settings = Settings(home=tmp_path, dispatch=Dispatch.QUEUE, meilisearch_url=None)
    (finding,) = [f for f in examine(settings, now().date()) if f.name == "queue"]
    assert "needs the archive on PostgreSQL" in finding.detail
