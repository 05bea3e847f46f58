"""A crawl that is killed leaves a failed run, a free partition, everything it had taken in, no process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run
from archive.store.database import write
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.work.crawl.children import (
    FORKS,
    Child,
    find_run,
    finish_child,
    running_child,
    settings_environ,
)
from scrapers.work.plan.crawl_job import CrawlJob
from tests.hostile.answers import sending, spell_answer
from tests.scrapers.crawls import FIRST_PAGE_REQUEST, META, SMALL_PAGES, TOKEN, now
from tests.scrapers.replica.http_faults import send_slowly

PATIENCE_SECONDS = 30


def wait_until_two_pages_are_in(home, child) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        run = find_run(home.engine, child)
        if run and run.seen == 6:
            return
        time.sleep(0.05)
    raise AssertionError("the crawl did not come to its third page")


def test_a_killed_walk_goes_on_from_its_cursor_without_loss_or_doubles(home):
    slow = Fault(META, send_slowly(60), first=FIRST_PAGE_REQUEST + 2)
    with running_replica(faults=[slow, SMALL_PAGES]) as url:
        crawl_job = CrawlJob("meta_ad_library", "US", f"{url}/meta_ad_library")
        with running_child(home.settings, crawl_job, now) as child:
            wait_until_two_pages_are_in(home, child)
            os.kill(child.pid, signal.SIGKILL)
            killed = finish_child(home.engine, child, now)
    received = []
    with running_replica(faults=[SMALL_PAGES], received=received) as url:
        rest = home.crawl_meta(url)

    assert (killed.outcome, killed.new) == (Outcome.FAILED, 6)
    assert "killed" in killed.reason
    assert "after" in received[1].query, "the first request after the realm's goes on by cursor"
    assert (rest.outcome, rest.seen, rest.new) == (Outcome.DONE, 11, 11)
    assert home.count("ads") == home.count("ad_versions") == 17


def test_a_crawl_that_is_asked_to_stop_says_so(home):
    slow = Fault(META, send_slowly(60), first=FIRST_PAGE_REQUEST + 2)
    with running_replica(faults=[slow, SMALL_PAGES]) as url:
        crawl_job = CrawlJob("meta_ad_library", "US", f"{url}/meta_ad_library")
        with running_child(home.settings, crawl_job, now) as child:
            wait_until_two_pages_are_in(home, child)
            started = time.monotonic()
            child.stop()
            stopped = finish_child(home.engine, child, now)

    assert stopped.outcome in {Outcome.PARTIAL, Outcome.FAILED}
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert not stopped.complete


@pytest.fixture
def slow_child(home) -> Iterator[Child]:
    """A crawl that waits for the first of its bytes."""
    slow = Fault("/snap/*", send_slowly(60))
    with (
        running_replica(faults=[slow]) as url,
        running_child(home.settings, CrawlJob("snap", "2026", f"{url}/snap"), now) as child,
    ):
        while not find_run(home.engine, child):
            time.sleep(0.02)
        yield child


def test_a_child_leads_a_process_group_of_its_own(slow_child):
    assert os.getpgid(slow_child.pid) == slow_child.pid != os.getpgid(0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_secrets_reach_a_child_by_a_pipe_and_stand_in_nothing_the_machine_lists(slow_child):
    listed = [
        Path(f"/proc/{slow_child.pid}/{name}").read_bytes() for name in ("cmdline", "environ")
    ]

    assert all(listed)
    assert not any(TOKEN.encode() in text for text in listed)


def tell_what_is_loaded(said: Connection) -> None:
    said.send({"scrapy.crawler", "twisted.internet.reactor"} & sys.modules.keys())


def test_a_child_has_scrapy_behind_it_and_its_event_loop_before_it():
    told, said = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=tell_what_is_loaded, args=(said,))
    process.start()
    assert told.recv() == {"scrapy.crawler"}
    process.join()


def test_settings_are_the_same_again_in_another_process(home):
    environ = settings_environ(home.settings)

    assert environ["PAIDFORBY_META_ACCESS_TOKEN"] == TOKEN
    assert environ["PAIDFORBY_META_COUNTRIES"] == '["US"]'
    assert "PAIDFORBY_DATABASE_URL" not in environ


def live_as_a_family(said: Connection) -> None:
    """A crawl's stand-in that has started a process of its own, and says which."""
    os.setsid()
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    said.send(grandchild.pid)
    time.sleep(600)


def start_family() -> tuple[Child, int]:
    told, said = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=live_as_a_family, args=(said,))
    process.start()
    return Child(CrawlJob("snap", "2026"), process, now()), told.recv()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(pid):
        assert time.monotonic() < deadline, "the grandchild lives on"
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_what_a_killed_crawl_had_started_dies_with_it():
    child, grandchild = start_family()
    os.kill(child.pid, signal.SIGKILL)

    assert child.wait() == -signal.SIGKILL
    wait_until_gone(grandchild)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_stopping_a_crawl_stops_what_it_had_started():
    child, grandchild = start_family()
    child.stop()

    assert child.wait() == -signal.SIGTERM
    wait_until_gone(grandchild)


def test_a_child_that_lost_the_race_closes_nobody_elses_run(home):
    with write(home.engine) as session:
        begin_run(session, "snap", "2026", RunKind.CRAWL, now())
    process = FORKS.Process(target=os.setsid)
    process.start()
    early = datetime(2026, 1, 1, tzinfo=UTC)

    assert finish_child(home.engine, Child(CrawlJob("snap", "2026"), process, early), now) is None
    assert [run.outcome for run in home.runs()] == [Outcome.RUNNING]


def test_a_crawl_that_needs_more_memory_than_it_may_take_is_a_failed_run_that_says_so(home):
    """Its answer is within all bounds and still too much for so little memory."""
    ads = b",".join(
        b'{"id": "%d", "ad_creative_bodies": ["%s"]}' % (n, b"x" * 500) for n in range(150_000)
    )
    little = home.settings.model_copy(update={"crawl_memory_mb": 660})
    with sending({"/": spell_answer(b'{"data": [%s]}' % ads)}) as url:
        crawl_job = CrawlJob("meta_ad_library", "US", f"{url}/meta_ad_library")
        with running_child(little, crawl_job, now) as child:
            run = finish_child(home.engine, child, now)
    with running_replica() as url:
        neighbour = home.crawl_meta(url)

    assert run.outcome == Outcome.FAILED
    assert "PAIDFORBY_CRAWL_MEMORY_MB" in run.reason
    assert neighbour.outcome == Outcome.DONE
