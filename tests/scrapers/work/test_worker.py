"""Workers crawl what is due, sources side by side, follow what changed, and stand in for one another."""

import asyncio
import os
import signal
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Event

import pytest
from starlette.requests import Request
from starlette.responses import Response

from archive.models import SingletonLease
from archive.models.runs import Outcome
from archive.runs.processes import name_process, show_process
from archive.runs.singleton_lease import SCHEDULER, WORKER, take_singleton
from archive.store.database import read, write
from scrapers.replica.faults import AskReplica, Fault
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import settings_environ
from scrapers.work.dispatch import worker
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.dispatch.worker import LocalCrawls, follow_up, work_once
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.schedule import read_schedules
from search.engines import open_search
from tests.commands import start_paidforby
from tests.scrapers.crawls import PATIENCE_SECONDS, Home, is_followed, now, wait_for


@pytest.fixture
def only_meta(home):
    """A home whose one scheduled source is Meta's API."""
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in find_spiders():
        (folder / f"{source}.yaml").write_text("every: never\n")
    return home


def schedule_meta(home: Home, url: str) -> None:
    folder = home.settings.home / "config" / "schedules"
    text = f"every: 6h\nbase_url: {url}/meta_ad_library\n"
    (folder / "meta_ad_library.yaml").write_text(text)


def test_a_round_crawls_what_is_due_and_everything_follows(only_meta):
    with running_replica() as url:
        schedule_meta(only_meta, url)
        runs, aside = work_once(only_meta.settings, only_meta.engine, now)
        again, _ = work_once(only_meta.settings, only_meta.engine, now)

    assert ([run.outcome for run in runs], aside) == ([Outcome.DONE], 0)
    assert again == []
    assert is_followed(only_meta)
    assert only_meta.count("signals") > 0


def test_a_search_engine_that_is_down_fails_nothing_and_is_caught_up_later(home, capsys):
    with running_replica() as url:
        home.crawl_meta(url)
    down = home.settings.model_copy(update={"meilisearch_url": "http://127.0.0.1:9"})

    follow_changes(down, home.engine, now)
    assert "the search copy stays behind for now" in capsys.readouterr().err
    assert not is_followed(home)

    follow_changes(home.settings, home.engine, now)
    assert is_followed(home)


def test_a_broken_rule_keeps_no_ad_out_of_the_search(home):
    folder = home.settings.home / "config" / "rules" / "zz"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("id: broken\n")
    with running_replica() as url:
        home.crawl_meta(url)

    follow_changes(home.settings, home.engine, now)

    assert open_search(home.settings, home.engine).read_copy() is not None


def test_the_schedules_of_the_home_are_the_ones_that_count(only_meta):
    assert not any(
        schedule.every for schedule in read_schedules(only_meta.settings).values.values()
    )


def test_a_broken_credentials_file_stops_neither_mail_nor_pictures(home, capsys, monkeypatch):
    folder, rounds = home.settings.home / "config" / "credentials", []
    folder.mkdir(parents=True)
    (folder / "snap.yaml").write_text("owned by: nobody\n")
    monkeypatch.setattr(worker, "keep_due_media", lambda *given: rounds.append(given))
    mailing = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_to": ["one@desk.example"]}

    follow_up(home.settings.model_copy(update=mailing), home.engine, now)

    assert capsys.readouterr().err == ""
    assert len(rounds) == 1


def make_errands(url: str, *places: tuple[str, str]) -> list[CrawlJob]:
    return [CrawlJob(source, part, f"{url}/{source}", 0) for source, part in places]


@dataclass
class Gate:
    """Holds a source's answers back until it is opened."""

    path: str
    is_open: Event = field(default_factory=Event)

    async def wait(self, request: Request, ask: AskReplica) -> Response:
        while not self.is_open.is_set():
            await asyncio.sleep(0.02)
        return await ask()

    @property
    def fault(self) -> Fault:
        return Fault(self.path, self.wait, times=1_000)


def tell_outcomes(home: Home) -> dict[str, Outcome]:
    return {run.source: run.outcome for run in home.runs()}


def test_a_slow_source_holds_no_other_up(home):
    gate = Gate("/snap/*")
    with (
        running_replica(faults=[gate.fault]) as url,
        closing(LocalCrawls(home.settings, home.engine, now)) as crawls,
    ):
        crawls.begin(make_errands(url, ("snap", "2026"), ("meta_ad_library", "US")))
        wait_for(lambda: tell_outcomes(home).get("meta_ad_library") == Outcome.DONE)
        wait_for(lambda: "snap" in tell_outcomes(home))
        meanwhile, is_over = tell_outcomes(home)["snap"], crawls.are_over(0)
        gate.is_open.set()
        assert crawls.are_over(PATIENCE_SECONDS)

    assert (meanwhile, is_over) == (Outcome.RUNNING, False)
    assert set(tell_outcomes(home).values()) == {Outcome.DONE}, [r.reason for r in home.runs()]


def test_partitions_of_one_source_are_crawled_one_after_the_other_and_once(home):
    gate = Gate("/snap/*")
    with (
        running_replica(faults=[gate.fault]) as url,
        closing(LocalCrawls(home.settings, home.engine, now)) as crawls,
    ):
        crawl_jobs = make_errands(url, ("snap", "2026"), ("snap", "2025"))
        crawls.begin(crawl_jobs)
        wait_for(home.runs)
        crawls.begin(crawl_jobs)
        meanwhile = [run.partition for run in home.runs()]
        gate.is_open.set()
        assert crawls.are_over(PATIENCE_SECONDS)

    assert meanwhile == ["2026"]
    first, second = home.runs()
    assert (first.partition, second.partition) == ("2026", "2025")
    assert first.outcome == second.outcome == Outcome.DONE
    assert first.ended_at <= second.started_at


def test_closing_ends_the_crawl_that_is_under_way_and_starts_no_other(home):
    gate = Gate("/snap/*")
    with (
        running_replica(faults=[gate.fault]) as url,
        closing(LocalCrawls(home.settings, home.engine, now)) as crawls,
    ):
        crawls.begin(make_errands(url, ("snap", "2026"), ("snap", "2025")))
        wait_for(home.runs)

    (run,) = home.runs()
    assert run.outcome in {Outcome.FAILED, Outcome.PARTIAL}
    gate.is_open.set()


@pytest.mark.parametrize("command", [("worker",), ("worker", "--once")], ids=" ".join)
def test_a_worker_refuses_while_a_scheduler_is_at_work(only_meta, command):
    with running_replica() as url:
        schedule_meta(only_meta, url)
        with write(only_meta.engine) as session:
            take_singleton(session, SCHEDULER, timedelta(hours=1), now())
        run = only_meta.command(*command)

    assert (run.returncode, only_meta.runs()) == (1, [])
    assert (
        f"paidforby scheduler is at work on this archive: {name_process(os.getpid())}" in run.stderr
    )
    assert "takes from the queue: paidforby worker --queue" in run.stderr


def test_of_two_workers_one_schedules_and_when_it_is_killed_the_other_takes_over(
    only_meta, tmp_path
):
    settings = only_meta.settings.model_copy(update={"lease_seconds": 6.0})

    def start(name: str) -> ForkServerProcess:
        folder = tmp_path / name
        folder.mkdir()
        return start_paidforby("worker", environ=settings_environ(settings), folder=folder)

    with running_replica() as url:
        first = start("first")
        wait_for(lambda: read_holder(only_meta) == name_process(first.pid))
        second = start("second")
        wait_for(lambda: "this one waits to take over" in read_said(tmp_path / "second"))
        first.kill()
        schedule_meta(only_meta, url)
        wait_for(lambda: tell_outcomes(only_meta).get("meta_ad_library") == Outcome.DONE)
        wait_for(lambda: is_followed(only_meta))
        holder = read_holder(only_meta)
        second.terminate()
        second.join(PATIENCE_SECONDS)

    assert holder == name_process(second.pid)
    assert (first.exitcode, second.exitcode) == (-signal.SIGKILL, 0)
    assert len(only_meta.runs()) == 1
    with read(only_meta.engine) as session:
        assert session.get_one(SingletonLease, WORKER).lease_until is None


def read_holder(home: Home) -> str:
    with read(home.engine) as session:
        singleton = session.get(SingletonLease, WORKER)
        return show_process(singleton.worker) if singleton else ""


def read_said(folder: Path) -> str:
    return (folder / "stderr").read_text() if (folder / "stderr").exists() else ""
