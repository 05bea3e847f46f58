"""Whoever writes at a time before the newest row is refused; `schedule reset` mends what was put off."""

from datetime import timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from archive.models import Checkpoint, CrawlPromise, RequestBudget, Run, SingletonLease
from archive.models.runs import Outcome
from archive.runs.alerts import CLOCK, list_alerts
from archive.runs.promises import note_promises
from archive.runs.singleton_lease import WORKER, take_singleton
from archive.store.clock import CLOCK_SKEW, ClockError, tell_clock
from archive.store.database import read, write
from paidforby import app
from scrapers.fetching.budget import Pace, take_request
from scrapers.spiders import find_spiders
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl
from scrapers.work.dispatch.alerting import send_alerts
from scrapers.work.dispatch.scheduler import find_work
from scrapers.work.dispatch.worker import follow_up
from scrapers.work.plan.due import find_due
from scrapers.work.plan.resetting import reset_schedule
from scrapers.work.plan.schedule import Schedule
from tests.scrapers.crawls import Home, now

DAY, LONGEST_LEASE = timedelta(days=1), timedelta(minutes=10)
NOON = now().replace(hour=12, minute=0, second=0, microsecond=0)
TOMORROW = NOON + DAY


@pytest.fixture
def ahead(home) -> Home:
    """An archive in which a clock that was a day ahead began a run that holds all it can hold."""
    times = {"started_at": TOMORROW, "heartbeat_at": TOMORROW, "observed_at": TOMORROW}
    with write(home.engine) as session:
        session.add(
            Run(
                source="snap",
                partition="2026",
                kind="crawl",
                observed_how="crawl",
                outcome=Outcome.DONE,
                complete=True,
                ended_at=TOMORROW,
                **times,
            )
        )
        late = TOMORROW + LONGEST_LEASE
        session.add(Checkpoint(source="snap", partition="2026", lease_until=late, lease_token=1))
        take_singleton(session, WORKER, LONGEST_LEASE, TOMORROW)
        take_request(session, Pace("snap", 3_600.0), TOMORROW)
        take_request(session, Pace("us_fec_bulk"), NOON - timedelta(minutes=5))
        note_promises(session, "snap", ["2026"], DAY, TOMORROW)
    return home


def crawl(home: Home) -> None:
    order = CrawlOrder(find_spiders()["snap"], "2026")
    run_crawl(home.settings, home.engine, order, lambda: NOON)


@pytest.mark.parametrize(
    "work",
    [
        crawl,
        lambda home: find_work(home.settings, home.engine, lambda: NOON),
        lambda home: follow_up(home.settings, home.engine, lambda: NOON),
    ],
    ids=["crawl", "handing out work", "following"],
)
def test_work_at_a_time_before_the_newest_row_is_refused(ahead, work):
    with pytest.raises(ClockError, match=r"nothing is written; set the clock, or if it was wrong"):
        work(ahead)
    assert len(ahead.runs()) == 1


def test_clocks_of_machines_may_differ_a_little(ahead):
    with read(ahead.engine) as session:
        assert tell_clock(session, TOMORROW - CLOCK_SKEW) == ""
        assert tell_clock(session, TOMORROW - CLOCK_SKEW - timedelta(seconds=1))


def test_it_is_an_alert_that_is_mailed_although_no_work_is_done(ahead, monkeypatch):
    mailed = []
    monkeypatch.setattr(
        "scrapers.work.dispatch.alert_ways.send_mail",
        lambda _settings, _host, message: mailed.append(message.get_content()) or [],
    )
    mailing = {"mail_host": "mail.example", "mail_to": ["one@desk.example"]}
    settings = ahead.settings.model_copy(update=mailing)
    with pytest.raises(ClockError):
        follow_up(settings, ahead.engine, lambda: NOON)
    assert send_alerts(settings, ahead.engine, lambda: NOON + timedelta(hours=1)) == []
    assert "archive: the clock of this machine says" in mailed[0]
    with read(ahead.engine) as session:
        assert CLOCK in {alert.kind for alert in list_alerts(session, NOON)}


def reset(home: Home, source: str | None = None):
    with write(home.engine) as session:
        return reset_schedule(session, source, LONGEST_LEASE, NOON)


def test_after_a_reset_work_goes_on_and_budgets_leases_and_promises_are_of_now(ahead):
    done = reset(ahead)
    assert (done.runs, done.newest_at, done.budgets, done.leases) == (1, TOMORROW, 1, 2)
    with read(ahead.engine) as session:
        assert tell_clock(session, NOON) == ""
        assert [budget.key for budget in session.exec(select(RequestBudget))] == ["us_fec_bulk"]
        assert session.exec(select(Checkpoint)).one().lease_until is None
        assert session.exec(select(SingletonLease)).one().lease_until is None
        assert session.exec(select(CrawlPromise)).all() == []


def test_a_reset_of_one_source_leaves_the_budgets_of_others(ahead):
    assert reset(ahead, "us_fec_bulk").budgets == 0
    assert reset(ahead, "snap").budgets == 1


def test_what_was_dated_to_come_after_a_reset_is_refused_again(ahead):
    reset(ahead)
    with write(ahead.engine) as session:
        note = {"source": "snap", "partition": "2025", "kind": "crawl", "observed_how": "crawl"}
        times = {"started_at": TOMORROW, "heartbeat_at": TOMORROW, "observed_at": TOMORROW}
        session.add(Run(**note, **times))
    with read(ahead.engine) as session:
        assert tell_clock(session, NOON)


def test_a_partition_whose_run_is_dated_to_come_is_due_at_once(ahead):
    schedules = {"snap": Schedule(every="1d")}
    with write(ahead.engine) as session:
        session.delete(session.get_one(RequestBudget, "snap"))
    due = find_due(ahead.engine, ahead.settings, schedules, NOON)
    assert "2026" in {crawl_job.partition for crawl_job in due}


def test_the_command_says_what_it_did_and_refuses_a_source_that_there_is_not(ahead, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(ahead.settings.home))
    monkeypatch.delenv("PAIDFORBY_DATABASE_URL", raising=False)
    monkeypatch.setattr("scrapers.commands.schedule.utc_now", lambda: NOON)
    wrong = CliRunner().invoke(app, ["schedule", "reset", "snapp"])
    done = CliRunner().invoke(app, ["schedule", "reset", "snap"])
    assert wrong.exit_code == 2
    assert done.exit_code == 0
    assert "1 of the runs began at a time to come" in done.stdout
    assert "begun anew: 1 request budget, 2 leases" in done.stdout
    assert "next: paidforby schedule" in done.stdout
