"""Fixtures every test may ask for. The real servers live in tests/servers.py; here they get a scope.

Which one, when:
- `archive_url`: a test of anything that stores; it then runs on SQLite and again on PostgreSQL, each
  time in an archive of its own without data. The default for archive tests that write.
- `database_url`: the same, but in a database without tables: for migrations and `init`.
- `postgresql_url`: only what PostgreSQL alone can show (locks, COPY, its dialect of a rule).
- neither, but SQLite in `tmp_path`: pages, commands and whatever cannot tell engines apart.
- `meilisearch_server`: the search port on the real engine. It is shared by a whole test process, so
  use an index name of your own.
- `browser_page`: what only a browser can show (contrast, focus, layout, no script needed).

A server that cannot be had skips its tests with the reason; where `CI` is set that is a failure.

What `make test` leaves to `make test-all` is marked `slow`: long sweeps, and the PostgreSQL half of
tests marked `engines_alike`. That mark says: the test is about what Python makes of rows, and each kind
of statement it sends to PostgreSQL is sent there by a test without the mark. Where engines can differ
(SQL of its own for each, migrations, bulk writes, locks, JSON in SQL, order and collation, time types)
there is no mark. How many examples a property test tries is said by `tests.examples`.
"""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page

from archive.store.database import create_archive_engine
from archive.store.setup import migrate
from tests import servers
from tests.compiled_statements import share_compiled_statements
from tests.examples import load_profile
from tests.migrated import copy_tables
from tests.spare_databases import SpareDatabases

MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4_000_000_000
"""What must be free there; the tests of one run leave a few hundred megabytes at most."""


def pytest_configure() -> None:
    load_profile()
    keep_folders_in_memory()
    share_compiled_statements()
    # What Starlette's test client calls the site.
    os.environ["PAIDFORBY_ALLOWED_HOSTS"] = '["testserver"]'
    # A process of tests holds the libraries of all commands; the tests of the bound set their own.
    os.environ["PAIDFORBY_CRAWL_MEMORY_MB"] = "65536"
    # Pandas brings numpy, of which each thread reserves memory that a crawl is bounded in.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def keep_folders_in_memory() -> None:
    """Make folders of tests where no commit waits for a disk, unless TMPDIR says where to make them."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
        # Processes that tests start inherit it too.
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def pytest_collection_finish() -> None:
    """What is loaded by now lives as long as the process: to look for garbage in it takes seconds."""
    gc.freeze()
    # DuckDB calls its own classes leaked where the interpreter ends without having looked at them.
    atexit.register(gc.unfreeze)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Marks each test with the servers its fixtures need, so that `-m` can leave them out."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"browser", "browser_page"}:
            item.add_marker("browser")
        if fixtures & {"day_1", "day_2"} or hasattr(item.module, "running_replica"):
            item.add_marker("replica")
        if "meilisearch_server" in fixtures:
            item.add_marker("meilisearch")
        if "postgresql_url" in fixtures or "[postgresql" in item.name:
            item.add_marker("postgresql")
            if "[postgresql" in item.name and item.get_closest_marker("engines_alike"):
                item.add_marker("slow")


@pytest.fixture(scope="session")
def meilisearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Meilisearch]:
    """A real Meilisearch (`url`, `key`), one for each test process."""
    try:
        with servers.run_meilisearch(tmp_path_factory.mktemp("meilisearch")) as server:
            yield server
    except servers.MissingServerError as error:
        servers.report_missing(error)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """SQLAlchemy URL of a real PostgreSQL, one for each test process."""
    # Not below pytest's own folder: each pytest that starts closes that folder to other users, and
    # as root the server runs as another user (pytest, `TempPathFactory.getbasetemp`).
    try:
        with (
            TemporaryDirectory(prefix="paidforby-postgresql-") as folder,
            servers.run_postgresql(Path(folder)) as url,
        ):
            yield url
    except servers.MissingServerError as error:
        servers.report_missing(error)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database of this test's own."""
    with servers.make_database(postgresql_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'archive.sqlite3'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture(scope="session")
def migrated_database(postgresql_server: str) -> Iterator[str]:
    """Name of a PostgreSQL database with the archive's tables, to be copied."""
    with servers.make_database(postgresql_server) as url:
        engine = create_archive_engine(url)
        migrate(engine)
        engine.dispose()
        yield url.rsplit("/", 1)[1].split("?")[0]


@pytest.fixture(scope="session")
def empty_archives(postgresql_server: str, migrated_database: str) -> SpareDatabases:
    return SpareDatabases(postgresql_server, migrated_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def archive_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLAlchemy URL of an archive with its tables and nothing in them, on each engine in turn."""
    if request.param == "sqlite":
        yield copy_tables(tmp_path)
        return
    spare_databases: SpareDatabases = request.getfixturevalue("empty_archives")
    with spare_databases.borrow() as url:
        yield url


# Playwright keeps an event loop running in this thread while it lives, and asyncio refuses a second
# one; with a module's scope the loop ends before another module's tests may need their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one for each test module."""
    try:
        with servers.run_chromium() as chromium:
            yield chromium
    except servers.MissingServerError as error:
        servers.report_missing(error)


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """A page in a browser context of its own: no cookies, nothing cached from other tests."""
    with browser.new_context() as context:
        yield context.new_page()
