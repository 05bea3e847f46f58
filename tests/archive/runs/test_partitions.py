"""Partitions are watched one by one; a source is as good as its worst, silence follows what was promised."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.models import Run
from archive.models.runs import Outcome
from archive.runs.alerts import find_silent
from archive.runs.lease import WORKER_STOPPED
from archive.runs.partitions import find_last_complete, find_worst, list_partitions
from archive.runs.promises import find_silence, note_promises, read_promises
from archive.runs.silence import SILENT_AFTER
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def promise(engine):
    def note(*partitions, every=DAY, at=NOON, is_all=True):
        with write(engine) as session:
            note_promises(session, "snap", partitions, every, at, is_all=is_all)

    return note


@pytest.fixture
def remember(engine):
    """One crawl of a partition that ended at once."""

    def add(partition, at, outcome=Outcome.DONE, **values):
        times = {"started_at": at, "heartbeat_at": at, "observed_at": at, "ended_at": at}
        told = {"outcome": outcome, "complete": outcome == Outcome.DONE} | times | values
        how = {"kind": "crawl", "observed_how": "crawl"}
        with write(engine) as session:
            session.add(Run(source="snap", partition=partition, **how, **told))

    return add


def statuses(engine, now):
    with read(engine) as session:
        return {each.partition: each for each in list_partitions(session, now)}


def silences(engine, now):
    with read(engine) as session:
        return find_silent(session, now)


def test_one_partition_that_fails_for_54_hours_is_silent_alone_and_the_source_is_as_good_as_it(
    engine, promise, remember
):
    promise("2024", "2025")
    for number in range(1, 4):
        remember("2025", NOON + number * DAY)
        remember("2024", NOON + number * DAY, Outcome.FAILED if number > 1 else Outcome.DONE)
    now = NOON + 3 * DAY + 6 * HOUR

    (alert,) = silences(engine, now)
    found = list(statuses(engine, now).values())

    assert (alert.partition, alert.since_at) == ("2024", NOON + 3 * DAY)
    assert alert.reason == (
        "2024: no complete look for 2 days: the last was on 2026-03-02 12:00 UTC; "
        "the last run was failed on 2026-03-04 12:00 UTC"
    )
    assert find_last_complete(found) == NOON + DAY
    worst = find_worst(found)
    assert (worst.partition, worst.outcome, worst.is_overdue(now)) == ("2024", Outcome.FAILED, True)
    assert not statuses(engine, now)["2025"].is_overdue(now)


def test_an_alert_keeps_its_name_until_the_partition_is_seen_whole(engine, promise, remember):
    promise("2024")
    remember("2024", NOON)
    first = silences(engine, NOON + 3 * DAY)
    remember("2024", NOON + 4 * DAY, Outcome.BLOCKED)
    assert [each.id for each in silences(engine, NOON + 5 * DAY)] == [each.id for each in first]
    remember("2024", NOON + 6 * DAY)
    assert silences(engine, NOON + 7 * DAY) == []


def test_a_run_that_fell_silent_counts_as_failed_before_anybody_closes_it(engine, remember):
    remember("2024", NOON)
    remember("2024", NOON + HOUR, Outcome.RUNNING, ended_at=None)
    assert statuses(engine, NOON + HOUR)["2024"].outcome == Outcome.DONE
    status = statuses(engine, NOON + HOUR + 2 * SILENT_AFTER)["2024"]
    assert (status.outcome, status.reason) == (Outcome.FAILED, WORKER_STOPPED)


def test_a_source_without_a_promise_shows_what_it_had_and_was_seen_when_any_was(engine, remember):
    remember("2024", NOON)
    remember("2025", NOON + DAY)
    found = statuses(engine, NOON + 9 * DAY)
    assert set(found) == {"2024", "2025"}
    assert find_last_complete(list(found.values())) == NOON + DAY
    assert not any(each.is_overdue(NOON + 9 * DAY) for each in found.values())


def test_a_quicker_schedule_calls_nobody_silent_for_the_time_before_it(engine, promise, remember):
    promise("2024", every=DAY)
    remember("2024", NOON)
    promise("2024", every=timedelta(minutes=1), at=NOON + 20 * HOUR)
    assert silences(engine, NOON + 20 * HOUR + timedelta(seconds=60)) == []
    assert silences(engine, NOON + 20 * HOUR + timedelta(seconds=75)) != []


def test_a_slower_schedule_takes_back_no_silence(engine, promise):
    promise("2024", every=HOUR)
    before = silences(engine, NOON + 3 * HOUR)
    promise("2024", every=DAY, at=NOON + 3 * HOUR)
    after = silences(engine, NOON + 4 * HOUR)
    assert [each.since_at for each in after] == [each.since_at for each in before]


def test_time_in_which_nothing_was_promised_counts_for_nothing(engine, promise):
    promise("2024", every=DAY)
    promise(at=NOON + DAY)
    promise("2024", every=DAY, at=NOON + 10 * DAY)
    with read(engine) as session:
        kept = read_promises(session)["snap"]["2024"]
    assert find_silence(kept, None) == NOON + 11 * DAY


def test_a_crawl_by_hand_promises_its_partition_and_leaves_the_others_as_they_are(engine, promise):
    promise("2024", "2025")
    promise("2026", at=NOON + DAY, is_all=False)
    assert set(statuses(engine, NOON + DAY)) == {"2024", "2025", "2026"}
    promise("2026", every=None, at=NOON + 2 * DAY)
    assert statuses(engine, NOON + 2 * DAY) == {}


def test_what_a_clock_that_was_ahead_dated_to_come_is_neither_seen_nor_waited_for(
    engine, promise, remember
):
    promise("2024")
    remember("2024", NOON)
    remember("2024", NOON + 2 * DAY)
    status = statuses(engine, NOON + HOUR)["2024"]
    assert (status.last_complete_at, status.due_at) == (NOON, NOON + HOUR)
