"""What is due is told by the runs; one process of an archive hands it on."""

import os
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from archive.models import Run, SingletonLease
from archive.models.runs import Outcome, RunKind
from archive.runs.due_dates import next_due_at
from archive.runs.lease import begin_run
from archive.runs.refused_files import read_refused_files
from archive.runs.singleton_lease import (
    SCHEDULER,
    WORKER,
    RivalError,
    SingletonTakenError,
    take_singleton,
)
from archive.store.database import read, write
from archive.store.outages import Absence
from config.yaml_files import YamlFileError
from scrapers.fetching.budget import hold_off
from scrapers.work.dispatch.presence import Presence
from scrapers.work.dispatch.scheduler import Scheduler, take_scheduling
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.due import find_due
from scrapers.work.plan.schedule import Schedule, read_schedules
from tests.scrapers.crawls import now

SNAP_HOURLY = {"snap": Schedule(every="1h")}
NOON = now().replace(hour=12, minute=0, second=0, microsecond=0)
PATIENCE_SECONDS = 40


def ended_run(outcome: Outcome, **values: object) -> Run:
    given = {"source": "snap", "partition": "2026", "kind": RunKind.CRAWL, "observed_how": "crawl"}
    times = {"started_at": NOON, "heartbeat_at": NOON, "observed_at": NOON}
    return Run(**given, **times, outcome=outcome, **values)


def remember(home, *runs: Run) -> None:
    with write(home.engine) as session:
        session.add_all(runs)


def due_at(home, when) -> list[str]:
    found = find_due(home.engine, home.settings, SNAP_HOURLY, when)
    return [crawl_job.partition for crawl_job in found]


def test_every_shipped_source_has_a_schedule(home):
    assert all(schedule.every for schedule in read_schedules(home.settings).values.values())
    assert "snap" in read_schedules(home.settings).values


def test_the_operators_schedule_replaces_the_shipped_one(home):
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    (folder / "snap.yaml").write_text("every: never\n")
    (folder / "us_fec_bulk.yaml").write_text("every: 30m\n")

    schedules = read_schedules(home.settings).values

    assert schedules["snap"].every is None
    assert schedules["us_fec_bulk"].every == timedelta(minutes=30)
    assert find_due(home.engine, home.settings, {"snap": schedules["snap"]}, NOON) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("every: sometimes\n", ", line 1: every: .*'sometimes' is not a time"),
        ("evry: 1d\n", ", line 1: every: Field required"),
        ("every: 1d\nextra: 1\n", ", line 2: extra: "),
        ("- 1d\n", ", line 1: a file is fields with their values"),
        ("every: [\n", ", line 2: not YAML: expected"),
    ],
)
def test_a_wrong_schedule_is_refused_by_file_line_and_field(home, text, complaint):
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    (folder / "snap.yaml").write_text(text)
    with pytest.raises(YamlFileError, match=rf"snap\.yaml{complaint}"):
        read_schedules(home.settings).find("snap")


def test_a_schedule_of_no_source_is_refused_by_name(home):
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    (folder / "snaap.yaml").write_text("every: 1d\n")
    with pytest.raises(YamlFileError, match=r"snaap\.yaml: there is no source 'snaap'"):
        read_schedules(home.settings).find("snaap")


def test_a_partition_never_crawled_is_due_before_one_that_is_overdue(home):
    remember(home, ended_run(Outcome.DONE))
    due = due_at(home, NOON + timedelta(hours=1))
    assert due[-1] == "2026"
    assert "2025" in due


def test_a_partition_is_due_again_when_its_time_has_passed(home):
    remember(home, ended_run(Outcome.DONE))
    assert "2026" not in due_at(home, NOON + timedelta(minutes=59))
    assert "2026" in due_at(home, NOON + timedelta(minutes=60))


@pytest.mark.parametrize(
    ("outcome", "hours"),
    [(Outcome.DONE, 24), (Outcome.BLOCKED, 24), (Outcome.FAILED, 1), (Outcome.PARTIAL, 1)],
)
def test_what_failed_is_tried_again_sooner(outcome, hours):
    due = next_due_at(ended_run(outcome), timedelta(days=1), NOON)
    assert due == NOON + timedelta(hours=hours)


def test_a_deferred_partition_waits_until_the_time_it_was_given(home):
    later = NOON + timedelta(hours=5)
    remember(home, ended_run(Outcome.DEFERRED, not_before_at=later))
    assert "2026" not in due_at(home, later - timedelta(minutes=1))
    assert "2026" in due_at(home, later)


def test_a_partition_that_is_being_read_is_left_alone_until_its_lease_ends(home):
    with write(home.engine) as session:
        begin_run(session, "snap", "2020", RunKind.CRAWL, NOON)
    soon = due_at(home, NOON + timedelta(minutes=1))
    assert "2020" not in soon
    assert "2021" in soon, "several workers share a source"
    assert "2020" in due_at(home, NOON + timedelta(minutes=11)), "its worker is dead"


def test_a_source_whose_key_must_wait_is_left_alone_by_every_worker(home):
    with write(home.engine) as session:
        hold_off(session, "snap", NOON + timedelta(hours=2), NOON)
    assert due_at(home, NOON + timedelta(hours=1)) == []
    assert "2026" in due_at(home, NOON + timedelta(hours=2))


def test_what_was_found_due_names_the_run_it_was_judged_by(home):
    remember(home, ended_run(Outcome.DONE, ended_at=NOON))
    found = find_due(home.engine, home.settings, SNAP_HOURLY, NOON + timedelta(hours=1))
    after = {crawl_job.partition: crawl_job.after_run for crawl_job in found}
    assert after["2026"] == home.runs()[0].id
    assert after["2025"] == 0


def silence_all(home) -> Path:
    """Schedules in which nothing is ever due; gives their folder."""
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in read_schedules(home.settings).values:
        (folder / f"{source}.yaml").write_text("every: never\n")
    return folder


def make_scheduler(home, clock=now, singleton=SCHEDULER) -> Scheduler:
    held = take_scheduling(home.settings, home.engine, clock, singleton)
    presence = Presence(home.engine, clock, singleton, Absence())
    return Scheduler(home.settings, home.engine, clock, held, presence)


def test_a_scheduler_hands_on_what_is_due_and_an_edit_of_a_schedule_counts_at_once(home):
    folder, scheduler, handed_on = silence_all(home), make_scheduler(home), []
    scheduler.tick(handed_on.append)
    (folder / "meta_ad_library.yaml").write_text("every: 6h\n")
    scheduler.tick(handed_on.append)

    assert handed_on == [[], [CrawlJob("meta_ad_library", "US", "", 0)]]


def test_a_schedule_that_breaks_meanwhile_leaves_out_its_source_and_is_named_once(home, capsys):
    folder, scheduler, handed_on = silence_all(home), make_scheduler(home), []
    (folder / "meta_ad_library.yaml").write_text("every: 6h\n")
    (folder / "snap.yaml").write_text("every: sometimes\n")
    scheduler.tick(handed_on.append)
    scheduler.tick(handed_on.append)
    (folder / "snap.yaml").write_text("every: never\n")
    scheduler.tick(handed_on.append)

    assert handed_on == [[CrawlJob("meta_ad_library", "US", "", 0)]] * 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "snap.yaml, line 1: every: 'sometimes' is not a time" in line
    with read(home.engine) as session:
        assert read_refused_files(session) == []


def test_it_ticks_until_it_is_closed_and_gives_the_duty_back(home):
    silence_all(home)
    scheduler, ticked = make_scheduler(home), Event()
    scheduler.start(lambda _: ticked.set())
    assert ticked.wait(PATIENCE_SECONDS)
    scheduler.close()
    with read(home.engine) as session:
        assert session.get_one(SingletonLease, SCHEDULER).lease_until is None


def test_a_second_scheduler_refuses_to_start(home):
    # A lease of the first one's would end while a busy machine leaves it no time to renew it.
    first = make_scheduler(home, lambda: NOON)
    with pytest.raises(SingletonTakenError, match=rf"a scheduler already: .*/{os.getpid()}"):
        make_scheduler(home, lambda: NOON)
    first.close()
    make_scheduler(home, lambda: NOON)


@pytest.mark.parametrize(("singleton", "rival"), [(SCHEDULER, WORKER), (WORKER, SCHEDULER)])
def test_work_is_dispatched_in_one_way_at_a_time(home, singleton, rival):
    make_scheduler(home, lambda: NOON, rival)
    later = NOON + timedelta(seconds=89)
    with pytest.raises(RivalError, match=rf"paidforby {rival} is at work .*/{os.getpid()}, until"):
        make_scheduler(home, lambda: later, singleton)
    make_scheduler(home, lambda: later + timedelta(seconds=1), singleton)


def test_a_scheduler_that_was_killed_leaves_a_duty_that_ends(home):
    lease_time = timedelta(seconds=90)
    with write(home.engine) as session:
        take_singleton(session, SCHEDULER, lease_time, NOON)
    with pytest.raises(SingletonTakenError), write(home.engine) as session:
        take_singleton(session, SCHEDULER, lease_time, NOON + timedelta(seconds=89))
    with write(home.engine) as session:
        assert take_singleton(session, SCHEDULER, lease_time, NOON + lease_time).token == 2


@pytest.mark.parametrize(
    ("successor", "told"),
    [
        (SCHEDULER, "another process has taken over as scheduler"),
        (WORKER, "paidforby worker is at work on this archive"),
    ],
)
def test_a_scheduler_that_stalled_ends_when_it_learns_of_its_successor(
    home, capsys, successor, told
):
    stalled, handed_on = make_scheduler(home), []
    later = now() + timedelta(hours=1)
    with write(home.engine) as session:
        take_singleton(session, successor, timedelta(seconds=90), later)
    stalled.tick(handed_on.append)
    stalled.close()

    assert stalled.is_over.is_set()
    assert handed_on == []
    with read(home.engine) as session:
        assert session.get_one(SingletonLease, successor).lease_until == later + timedelta(
            seconds=90
        )
    assert told in capsys.readouterr().err
