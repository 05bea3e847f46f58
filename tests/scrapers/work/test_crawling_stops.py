"""One switch stops all fetching at once; what was stopped says so, lost nothing and goes on later."""

import time

import pytest
from typer.testing import CliRunner

import paidforby
from archive.errors import ArchiveError
from archive.models import Run
from archive.models.runs import Outcome
from archive.runs.crawling_stops import (
    CrawlingStoppedError,
    list_stops,
    resume_crawling,
    stop_crawling,
    tell_stop,
)
from archive.store.database import create_archive_engine, read, write
from config.settings import Realm
from scrapers.fetching.pacing import SECONDS_BETWEEN_LOOKS
from scrapers.replica.faults import Fault
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.checking import check_source
from scrapers.work.crawl.children import find_run, finish_child, running_child, settings_environ
from scrapers.work.crawl.crawling import CrawlOrder
from scrapers.work.dispatch.scheduler import find_work
from scrapers.work.dispatch.worker import work_once
from scrapers.work.plan.crawl_job import CrawlJob
from tests.invented import NOW
from tests.scrapers.crawls import SLOW_SINGLE_ADS, now, wait_for
from tests.scrapers.replica.http_faults import refuse_too_many, send_slowly

WHY = "a court asked us to"
WITHIN_SECONDS = 4 * SECONDS_BETWEEN_LOOKS


def stop(engine) -> None:
    with write(engine) as session:
        stop_crawling(session, "Ada", WHY, now())


def resume(engine) -> None:
    with write(engine) as session:
        resume_crawling(session, "Ada", "the court is content", now())


def stop_under_way(home, crawl_job: CrawlJob, has_begun) -> tuple[Run, float]:
    """The run that was stopped once it had come so far, and how long it went on."""
    with running_child(home.settings, crawl_job, now) as child:
        wait_for(lambda: (run := find_run(home.engine, child)) and has_begun(run))
        stop(home.engine)
        began = time.monotonic()
        run = finish_child(home.engine, child, now)
    return run, time.monotonic() - began


def test_the_switch_keeps_who_turned_it_when_and_why(archive_url):
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        stop_crawling(session, "Ada", WHY, NOW)
        with pytest.raises(ArchiveError, match="already"):
            stop_crawling(session, "Bo", "me too", NOW)
        resume_crawling(session, "Bo", "over", NOW)
        with pytest.raises(ArchiveError, match="is not stopped"):
            resume_crawling(session, "Bo", "over", NOW)
        stop_crawling(session, "Cy", "again", NOW)
    with read(engine) as session:
        first, second = list_stops(session)
    assert (first.stopped_by, first.resumed_by, first.resumed_because) == ("Ada", "Bo", "over")
    assert second.resumed_at is None
    assert tell_stop(first) == f"stopped by the operator since 23 Nov 2026 07:20 UTC, because {WHY}"
    engine.dispose()


def test_a_walk_under_way_ends_within_seconds_and_goes_on_where_it_was(home):
    with running_replica(faults=[SLOW_SINGLE_ADS]) as url:
        crawl_job = CrawlJob("meta_ad_library", "US", f"{url}/meta_ad_library")
        stopped, seconds = stop_under_way(home, crawl_job, lambda run: run.seen >= 2)
    captures = home.count("captures")
    resume(home.engine)
    with running_replica() as url:
        rest = home.crawl_meta(url)

    assert (stopped.outcome, stopped.vanished, stopped.complete) == (Outcome.DEFERRED, 0, False)
    assert stopped.reason.startswith("stopped by the operator since")
    assert stopped.reason.endswith(f"because {WHY}")
    assert seconds < WITHIN_SECONDS
    assert captures >= stopped.seen >= 2
    assert rest.outcome == Outcome.DONE
    assert stopped.new + rest.new == home.count("ads", "meta_ad_library")
    assert home.count("vanished") == 0


@pytest.mark.parametrize(
    "trouble", [send_slowly(300), refuse_too_many("200")], ids=["a slow file", "a long wait"]
)
def test_neither_a_slow_file_nor_a_long_wait_holds_a_stop_up(home, trouble):
    received = []
    with running_replica(faults=[Fault("/snap/*.zip", trouble)], received=received) as url:
        crawl_job = CrawlJob("snap", "2026", f"{url}/snap")
        stopped, seconds = stop_under_way(
            home, crawl_job, lambda _: any(each.path.endswith(".zip") for each in received)
        )

    assert stopped.outcome == Outcome.DEFERRED
    assert WHY in stopped.reason
    assert seconds < WITHIN_SECONDS


def test_while_it_is_stopped_nothing_is_asked_by_anyone_and_files_are_still_imported(home):
    received = []
    with running_replica(received=received) as url:
        stop(home.engine)
        asked = len(received)
        crawl_job = CrawlJob("snap", "2026", f"{url}/snap")
        with running_child(home.settings, crawl_job, now) as child:
            assert finish_child(home.engine, child, now) is None
        order = CrawlOrder(find_spiders()["snap"], "2026", f"{url}/snap", Realm.FICTIONAL)
        with pytest.raises(CrawlingStoppedError, match=WHY):
            check_source(home.settings, order, now, 1)
        command = run(home, "crawl", "snap", "--partition", "2026", "--base-url", f"{url}/snap")
        assert [each.path for each in received[asked:] if each.path != "/robots.txt"] == []
    file = next(FIXTURES.glob("snap/**/*.zip"))
    # In a process of its own: an import changes how its process collects garbage.
    imported = home.command("import", "snap", str(file), "--no-evaluate", "--no-index")

    assert command.exit_code == 1
    assert f"because {WHY}" in command.stderr
    assert imported.returncode in {0, 3}
    assert home.count("ads") > 0


def test_a_worker_begins_nothing_while_it_is_stopped_and_all_of_it_afterwards(home):
    due = find_work(home.settings, home.engine, now)
    stop(home.engine)

    assert find_work(home.settings, home.engine, now) == []
    assert work_once(home.settings, home.engine, now) == ([], 0)
    told = run(home, "worker", "--once")
    assert (told.exit_code, home.runs()) == (3, [])
    assert WHY in told.stderr

    resume(home.engine)
    assert find_work(home.settings, home.engine, now) == due != []


def run(home, *arguments: str):
    environ = settings_environ(home.settings) | {"PAIDFORBY_META_ACCESS_TOKEN": ""}
    return CliRunner().invoke(paidforby.app, list(arguments), env=environ)


def test_the_command_shows_turns_and_explains_the_switch(home):
    going = run(home, "crawling")
    stopped = run(home, "crawling", "stop", "--by", "Ada", "--because", WHY)
    shown = run(home, "crawling")
    twice = run(home, "crawling", "stop", "--by", "Bo", "--because", "me too")
    blank = run(home, "crawling", "stop", "--by", " ", "--because", "me too")
    resumed = run(home, "crawling", "resume", "--by", "Bo")

    assert "not stopped" in going.stdout
    assert stopped.stdout == shown.stdout
    assert f"because {WHY} (by Ada)" in shown.stdout
    assert (twice.exit_code, blank.exit_code, resumed.exit_code) == (1, 2, 0)
    assert "(by Ada)" in twice.stderr
