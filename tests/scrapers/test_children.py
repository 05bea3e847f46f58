"""A crawl that is killed leaves a failed run, a free partition, and everything it had taken in."""

import os
import signal
import time

from archive.models.collecting import Outcome
from scrapers.children import Errand, find_run, finish_child, running_child, settings_environ
from scrapers.replica.faults import Fault, send_slowly
from scrapers.replica.serve import running_replica
from tests.scrapers.crawls import FIRST_PAGE_REQUEST, META, SMALL_PAGES, TOKEN, now

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
        errand = Errand("meta_ad_library", "US", f"{url}/meta_ad_library")
        with running_child(home.settings, errand, now) as child:
            wait_until_two_pages_are_in(home, child)
            os.kill(child.process.pid, signal.SIGKILL)
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
        errand = Errand("meta_ad_library", "US", f"{url}/meta_ad_library")
        with running_child(home.settings, errand, now) as child:
            wait_until_two_pages_are_in(home, child)
            started = time.monotonic()
            child.stop()
            stopped = finish_child(home.engine, child, now)

    assert stopped.outcome in {Outcome.PARTIAL, Outcome.FAILED}
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert not stopped.complete


def test_secrets_reach_a_child_by_its_environment_and_never_by_its_command_line(home):
    environ = settings_environ(home.settings)

    assert environ["PAIDFORBY_META_ACCESS_TOKEN"] == TOKEN
    assert environ["PAIDFORBY_META_COUNTRIES"] == '["US"]'
    assert "PAIDFORBY_DATABASE_URL" not in environ
    assert TOKEN not in " ".join(Errand("meta_ad_library", "US").command)
