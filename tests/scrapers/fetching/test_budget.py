"""What one key may ask is counted once for all workers, and outlives whoever was told to wait."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from archive.models import RequestBudget
from archive.models.leases import BUDGET_WINDOW
from archive.models.runs import Outcome
from archive.store.database import create_archive_engine, read, write
from scrapers.fetching.budget import Pace, find_free_at, hold_off, name_key, take_request
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.sources.signing import Secret
from scrapers.work.crawl.children import FORKS
from tests.scrapers.crawls import TOKEN, crawl_once
from tests.scrapers.replica.http_faults import refuse_too_many

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PATIENCE_SECONDS = 40


@pytest.fixture
def engine(archive_url):
    made = create_archive_engine(archive_url)
    yield made
    made.dispose()


def take(engine, pace: Pace, now: datetime) -> datetime:
    with write(engine) as session:
        return take_request(session, pace, now)


def test_workers_of_one_key_keep_its_pace_between_them(engine):
    pace = Pace("example", seconds_between_requests=2)
    assert take(engine, pace, NOON) == NOON
    assert take(engine, pace, NOON + SECOND) == NOON + 2 * SECOND, "another worker, too early"
    assert take(engine, pace, NOON + 2 * SECOND) == NOON + 2 * SECOND


def test_whoever_is_sent_away_has_used_nothing(engine):
    pace = Pace("example", seconds_between_requests=2)
    for _ in range(5):
        take(engine, pace, NOON)
    with read(engine) as session:
        assert session.exec(select(RequestBudget.used)).one() == 1


def test_an_hour_that_is_used_up_sends_everyone_to_the_next(engine):
    pace = Pace("example", requests_per_hour=3)
    times = [take(engine, pace, NOON + n * SECOND) for n in range(4)]
    assert times[3] == NOON + BUDGET_WINDOW
    assert take(engine, pace, NOON + BUDGET_WINDOW) == NOON + BUDGET_WINDOW, "a new hour has begun"


def test_many_workers_at_once_never_use_more_than_there_is(engine):
    pace = Pace("example", requests_per_hour=7)
    with ThreadPoolExecutor(4) as pool:
        times = list(pool.map(lambda _: take(engine, pace, NOON), range(20)))
    assert times.count(NOON) == 7


def test_a_wait_that_was_asked_for_holds_for_every_worker_and_never_shortens(engine):
    pace = Pace("example")
    with write(engine) as session:
        hold_off(session, "example", NOON + 60 * SECOND, NOON)
        hold_off(session, "example", NOON + 10 * SECOND, NOON)
    assert take(engine, pace, NOON + 59 * SECOND) == NOON + 60 * SECOND
    assert take(engine, pace, NOON + 60 * SECOND) == NOON + 60 * SECOND


def test_when_a_key_is_free_is_told_without_using_it(engine):
    pace = Pace("example", requests_per_hour=1)
    with read(engine) as session:
        assert find_free_at(session, pace, NOON) == NOON
    take(engine, pace, NOON)
    with read(engine) as session:
        assert find_free_at(session, pace, NOON + SECOND) == NOON + BUDGET_WINDOW


def test_keys_of_one_source_have_budgets_of_their_own_and_show_no_secret():
    one, other = (Secret("token", SecretStr(value)) for value in (TOKEN, "FICTIONAL-OTHER"))
    assert len({name_key("a", one), name_key("a", other), name_key("a", None)}) == 3
    assert TOKEN not in name_key("a", one)


def start_crawl(home, url: str):
    process = FORKS.Process(target=crawl_once, args=(home.settings, "snap", "2026", f"{url}/snap"))
    process.start()
    return process


def find_wait(session: Session) -> datetime | None:
    return session.exec(select(RequestBudget.not_before_at)).first()


def test_a_crawl_that_was_killed_while_it_waited_is_not_resumed_before_the_time(home):
    received = []
    settings = home.settings.model_copy(update={"lease_seconds": 0.5})
    home = type(home)(settings, home.engine)
    faults = [Fault("/snap/*", refuse_too_many("3"))]
    with running_replica(faults=faults, received=received) as url:
        first = start_crawl(home, url)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with read(home.engine) as session:
                until = find_wait(session)
            if until and until - datetime.now(UTC) > 2 * SECOND:
                break
            assert time.monotonic() < deadline, "the crawl was not told to wait"
            time.sleep(0.02)
        os.kill(first.pid, signal.SIGKILL)
        first.join()
        time.sleep(0.6)  # the dead worker's lease
        start_crawl(home, url).join()

    asked = [request.seconds for request in received if request.path.startswith("/snap/")]
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 3.0
    assert [run.outcome for run in home.runs()] == [Outcome.FAILED, Outcome.DONE]


def test_a_key_that_must_wait_too_long_ends_a_new_run_as_deferred_without_a_request(home):
    received = []
    until = datetime.now(UTC) + timedelta(hours=2)
    with write(home.engine) as session:
        hold_off(session, "snap", until, datetime.now(UTC))
    with running_replica(received=received) as url:
        run = home.crawl(url)

    assert (run.outcome, run.not_before_at) == (Outcome.DEFERRED, until)
    assert [request for request in received if request.path.startswith("/snap/")] == []
