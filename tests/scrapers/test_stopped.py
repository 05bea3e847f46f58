"""Ctrl-C: one line says what is kept, the run says who ended it, and the same command goes on."""

import importlib
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

import scrapers.sources.spider
from archive.models.runs import Outcome
from archive.store.outages import STOPPED_BY_OPERATOR
from config.settings import Settings
from scrapers.intake.pages import Intake
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS
from tests.commands import enter_paidforby, run_paidforby
from tests.migrated import init_fresh
from tests.scrapers.crawls import SLOW_SINGLE_ADS, Home, wait_for

SOURCES = [spider.info for spider in find_spiders().values()]
ROWS, ROWS_TO_A_PAGE = 20, 5

NOT_ALL_KNOWN = "rules or search copy do not know all of them yet"

Prepare = Callable[[signal.Signals], None]


def stop_after_two_pages(number: signal.Signals) -> None:
    taken, take_page = [], Intake.take_page

    def take(intake, *page):
        if len(taken) == 2:
            os.kill(os.getpid(), number)
        take_page(intake, *page)
        taken.append(page)

    scrapers.sources.spider.PAGE_SIZE = ROWS_TO_A_PAGE
    Intake.take_page = take


def stop_at_a_statement(number: signal.Signals) -> None:
    asked = []

    def count(*_: object) -> None:
        asked.append(1)
        if len(asked) == 12:
            os.kill(os.getpid(), number)

    event.listen(Engine, "before_cursor_execute", count)


def stop_at(place: str, number: signal.Signals) -> None:
    """Stop when a function is called that comes after all was read."""
    room, _, name = place.rpartition(".")
    module = importlib.import_module(room)
    called = getattr(module, name)

    def stop(*given: object, **named: object) -> object:
        os.kill(os.getpid(), number)
        return called(*given, **named)

    setattr(module, name, stop)


def do_nothing(_number: signal.Signals) -> None:
    """Whoever waits outside sends the signal."""


def start(prepare: Prepare, number: signal.Signals, folder: Path, *arguments: str):
    said = (folder / "stdout", folder / "stderr")
    environ = {**os.environ, "PAIDFORBY_HOME": str(folder / "home")}
    process = FORKS.Process(target=_enter, args=(prepare, number, arguments, environ, said))
    process.start()
    return process


def _enter(prepare, number, arguments, environ, said) -> None:
    # Whatever started the tests may have turned Ctrl-C off.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    prepare(number)
    enter_paidforby(arguments, environ, *said)


def run_stopped(*start_arguments) -> tuple[int, list[str]]:
    process = start(*start_arguments)
    process.join()
    return process.exitcode, (start_arguments[2] / "stderr").read_text().splitlines()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    settings = Settings(home=tmp_path / "home")
    return Home(settings, init_fresh(settings, SOURCES))


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    path = tmp_path / "ads.jsonl"
    rows = ({"ref": f"r{n:02}", "platform": "meta", "bodies": ["Vote"]} for n in range(ROWS))
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_says_what_is_kept_and_the_same_command_goes_on(number, home, ads, tmp_path):
    command = ("import", "ad_feed", str(ads), "--no-evaluate", "--no-index")

    code, said = run_stopped(stop_after_two_pages, number, tmp_path, *command)

    assert code == 130
    assert said == ["stopped: 10 records are kept, 50 % of the bytes; the same command goes on"]
    (run,) = home.runs()
    assert (run.outcome, run.reason, run.seen) == (Outcome.PARTIAL, STOPPED_BY_OPERATOR, 10)
    again = run_paidforby(*command, "--json", environ={"PAIDFORBY_HOME": str(home.settings.home)})
    counts = json.loads(again.stdout)
    assert (again.returncode, counts["new"], counts["unchanged"]) == (0, 10, 10)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("scrapers.intake.importing.close_run", "100 % of the bytes"),
        *(
            (f"scrapers.work.dispatch.consumers.{name}", NOT_ALL_KNOWN)
            for name in ("evaluate_rules", "sync_search")
        ),
    ],
)
def test_an_import_that_is_stopped_after_reading_says_so_too(place, told, home, ads, tmp_path):
    command = ("import", "ad_feed", str(ads))

    code, said = run_stopped(partial(stop_at, place), signal.SIGINT, tmp_path, *command)

    assert (code, said) == (
        130,
        [f"stopped: {ROWS} records are kept, {told}; the same command goes on"],
    )
    again = run_paidforby(*command, environ={"PAIDFORBY_HOME": str(home.settings.home)})
    found = run_paidforby("search", "vote", environ={"PAIDFORBY_HOME": str(home.settings.home)})
    assert again.returncode == 0
    assert f"{ROWS} ads" in found.stdout


@pytest.mark.parametrize("partition", [(), ("--partition", "AU")])
def test_a_crawl_says_what_is_kept_and_the_same_command_goes_on(
    partition, home, tmp_path, monkeypatch
):
    monkeypatch.setenv("PAIDFORBY_META_COUNTRIES", "AU")
    monkeypatch.setenv("PAIDFORBY_META_ACCESS_TOKEN", "FICTIONAL-TOKEN")
    with running_replica(faults=[SLOW_SINGLE_ADS]) as url:
        command = ("crawl", "meta_ad_library", "--base-url", f"{url}/meta_ad_library", *partition)
        process = start(do_nothing, signal.SIGINT, tmp_path, *command)
        wait_for(lambda: any(run.pages for run in home.runs()))
        os.kill(process.pid, signal.SIGINT)
        process.join()

    (run,) = home.runs()
    (line,) = (tmp_path / "stderr").read_text().splitlines()
    assert process.exitcode == 130
    assert line.startswith(f"stopped: {run.seen} record")
    assert line.endswith("kept; the same command goes on")
    assert (run.outcome, run.reason) == (Outcome.PARTIAL, STOPPED_BY_OPERATOR)


@pytest.mark.parametrize(
    "command",
    [
        "index rebuild",
        "verify",
        *(
            pytest.param(command, marks=pytest.mark.slow)
            for command in ("index sync", "mirror sync", "backup --to copy", "stats", "rules list")
        ),
    ],
)
def test_whatever_else_is_stopped_says_so_on_one_line_and_can_be_done_again(
    command, home, ads, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    environ = {"PAIDFORBY_HOME": str(home.settings.home)}
    run_paidforby("import", "ad_feed", str(ads), "--no-index", environ=environ)

    code, said = run_stopped(stop_at_a_statement, signal.SIGINT, tmp_path, *command.split())

    assert (code, len(said)) == (130, 1)
    assert said[0].startswith("stopped")
    assert run_paidforby(*command.split(), environ=environ).returncode == 0


def test_the_row_of_a_run_that_was_interrupted_shows_no_name_of_ours(home, ads, tmp_path):
    run_stopped(stop_after_two_pages, signal.SIGINT, tmp_path, "import", "ad_feed", str(ads))

    table = run_paidforby("sources", environ={"PAIDFORBY_HOME": str(home.settings.home)}).stdout

    assert "KeyboardInterrupt" not in table
    assert STOPPED_BY_OPERATOR in table
