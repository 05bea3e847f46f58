"""Search copies that several processes fill at once, or whose engine is killed: complete in the end."""

import random
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from archive.models.runs import RunKind
from archive.runs.crawling_stops import stop_crawling
from archive.store.database import open_archive, write
from config.settings import Settings
from scrapers.work.crawl.children import settings_environ
from search.copies import filling
from search.copies.status import index_status
from search.copies.sync import rebuild_index, sync_index
from search.engines import open_search
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine, SearchUnavailableError
from tests import servers
from tests.commands import start_paidforby
from tests.faults.dying import Steps, run_apart, surround
from tests.faults.scenes import make_archive, make_settings
from tests.scrapers.crawls import now, wait_for
from tests.search.conftest import SearchArchive, make_ad

ADS = 7
SEED = 15
KINDS = [
    "embedded",
    pytest.param("own_file", marks=pytest.mark.postgresql),
    pytest.param("meilisearch", marks=[pytest.mark.postgresql, pytest.mark.meilisearch]),
]
SERVER_ACTS = ("make_index", "send", "put_document", "move_document", "swap_indexes", "drop_index")


@dataclass(frozen=True)
class Filled:
    """An archive with ads, and the settings that lead to it."""

    settings: Settings
    archive: SearchArchive
    search: SearchEngine

    def assert_right(self) -> None:
        """The copy holds every ad and follows, and nothing half-made lies beside it."""
        status = index_status(self.archive.engine, self.search, now())
        assert (status.faults, status.lag_changes, status.documents) == ([], 0, status.ads)
        assert self.archive.ask(self.search, "harbour").total == status.ads
        if isinstance(self.search, MeilisearchSearch):
            uid = self.search._uid
            ours = {n for n in self.search._server.list_indexes() if n.startswith(uid)}
            assert ours == {uid, f"{uid}_about"}
        else:
            names = inspect(self.search._store).get_table_names()
            of_ads = [n for n in names if n.endswith("_listed") and "_past_" not in n]
            assert len(of_ads) == 1

    def add(self, name: str) -> None:
        self.archive.add(*(make_ad(f"{name}{n}", "harbour") for n in range(ADS)))


@contextmanager
def opened(settings: Settings) -> Iterator[Filled]:
    """An archive that is made and holds ads, with a search copy that was never filled."""
    make_archive(settings)
    engine = open_archive(settings)
    archive = SearchArchive(engine, kind=RunKind.IMPORT)
    filled = Filled(settings, archive, open_search(settings, engine))
    filled.add("a")
    yield filled
    engine.dispose()


@pytest.fixture
def filled(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[Filled]:
    settings = make_settings(tmp_path / "home")
    if kind != "embedded":
        settings = make_settings(tmp_path / "home", request.getfixturevalue("postgresql_url"))
    if kind == "meilisearch":
        settings = with_index(settings, request.getfixturevalue("meilisearch_server"))
    with opened(settings) as each:
        yield each


def with_index(settings: Settings, server: servers.Meilisearch) -> Settings:
    """Search in an index of its own."""
    told = settings.model_dump() | {
        "meilisearch_url": server.url,
        "meilisearch_key": server.key,
        "meilisearch_index": f"ads_{secrets.token_hex(8)}",
    }
    return Settings(**told)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "round_number", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 10))]
)
def test_processes_that_fill_a_copy_at_once_leave_it_complete(
    filled: Filled, tmp_path: Path, round_number: int
) -> None:
    environ = settings_environ(filled.settings)
    commands = ["sync", "rebuild", "sync"] if round_number % 2 else ["rebuild", "sync", "rebuild"]
    folders = [tmp_path / str(number) for number in range(len(commands))]
    processes = []
    for command, folder in zip(commands, folders, strict=True):
        folder.mkdir()
        processes.append(start_paidforby("index", command, environ=environ, folder=folder))
    for process in processes:
        process.join()

    said = [(folder / "stderr").read_text() for folder in folders]
    assert [process.exitcode for process in processes] == [0, 0, 0], said
    assert "Traceback" not in "".join(said)
    filled.assert_right()


def fill_and_die(settings: Settings, fatal: int, count_to: Path) -> None:
    """What `paidforby index rebuild` does, in small pages; killed before the fatal step."""
    filling.CHANGES_AT_ONCE = 2
    engine, steps = open_archive(settings), Steps(fatal)
    search = open_search(settings, engine)
    owners: list[tuple[Any, str]] = [(engine.dialect, "do_commit")]
    if isinstance(search, MeilisearchSearch):
        owners += [(search._server, act) for act in SERVER_ACTS]
    elif not search.keeps_in_archive:
        owners.append((search._store.dialect, "do_commit"))
    for owner, act in owners:
        surround(owner, act, steps)
    rebuild_index(engine, search, now())
    count_to.write_text(str(steps.taken))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("deaths", [3, pytest.param(None, marks=pytest.mark.slow)])
def test_whoever_is_killed_while_filling_costs_no_ad_and_leaves_nothing_to_the_next(
    filled: Filled, tmp_path: Path, deaths: int | None
) -> None:
    archive, search = filled.archive, filled.search
    sync_index(archive.engine, search, now())
    assert run_apart(fill_and_die, filled.settings, 0, tmp_path / "steps") == 0
    steps = range(1, int((tmp_path / "steps").read_text()) + 1)
    fatal = steps if deaths is None else random.Random(SEED).sample(steps, deaths)

    for step in fatal:
        died = run_apart(fill_and_die, filled.settings, step, tmp_path / "steps")
        assert died == -signal.SIGKILL
        assert archive.ask(search, "harbour").total == ADS, f"killed at step {step}"
        rebuild_index(archive.engine, search, now() + 2 * search.lease_time)
        filled.assert_right()


@pytest.mark.meilisearch
@pytest.mark.parametrize("fill", [pytest.param(sync_index, marks=pytest.mark.slow), rebuild_index])
def test_an_engine_that_is_killed_while_it_is_filled_is_complete_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fill: Callable[..., object]
) -> None:
    monkeypatch.setattr(filling, "CHANGES_AT_ONCE", 2)
    try:
        with ExitStack() as running:
            server = running.enter_context(servers.run_meilisearch(tmp_path))
            with opened(with_index(make_settings(tmp_path / "home"), server)) as filled:
                archive, search = filled.archive, filled.search
                sync_index(archive.engine, search, now())
                filled.add("b")
                with pytest.raises(SearchUnavailableError, match="does not answer"):
                    fill(archive.engine, search, now(), lambda _: running.close())
                with servers.run_meilisearch(tmp_path, server):
                    fill(archive.engine, search, now())
                    filled.assert_right()
    except servers.MissingServerError as error:
        servers.report_missing(error)


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.meilisearch
def test_workers_and_scheduler_fill_a_new_engine_and_outlive_its_absence(
    postgresql_url: str, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home", postgresql_url)
    with ExitStack() as stack:
        away = stack.enter_context(ExitStack())
        server = away.enter_context(servers.run_meilisearch(tmp_path))
        quick = with_index(settings, server).model_copy(update={"lease_seconds": 3.0})
        filled = stack.enter_context(opened(quick))
        with write(filled.archive.engine) as session:
            # Nothing is fetched: what follows the crawls is done all the same.
            stop_crawling(session, "Ann", "a drill", now())
        processes = start_all(quick, tmp_path)
        try:
            wait_for(lambda: follows(filled))
            filled.assert_right()
            away.close()
            filled.add("b")
            said = [tmp_path / name / "stderr" for name in processes]
            wait_for(lambda: any("stays behind" in each.read_text() for each in said))
            stack.enter_context(servers.run_meilisearch(tmp_path, server))
            wait_for(lambda: follows(filled))
            filled.assert_right()
            assert {name: each.exitcode for name, each in processes.items()} == dict.fromkeys(
                processes
            )
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                process.join()
        assert "Traceback" not in "".join(each.read_text() for each in said)


def start_all(settings: Settings, folder: Path) -> dict[str, Any]:
    """A scheduler and three workers of its queue."""
    commands = {"scheduler": ("scheduler",)}
    commands |= {f"worker{number}": ("worker", "--queue") for number in range(3)}
    processes = {}
    for name, command in commands.items():
        (folder / name).mkdir()
        environ = settings_environ(settings)
        processes[name] = start_paidforby(*command, environ=environ, folder=folder / name)
    return processes


def follows(filled: Filled) -> bool:
    """Whether the copy has every change."""
    try:
        status = index_status(filled.archive.engine, filled.search, now())
    except SearchUnavailableError:
        return False
    return status.documents is not None and not status.lag_changes
