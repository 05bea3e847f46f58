"""A lease whose process was killed is free at once on that machine; of a process that may live it is not."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from archive.errors import PartitionBusyError
from archive.models import Run, SingletonLease
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import WORKER_STOPPED, begin_run
from archive.runs.partitions import list_partitions, list_running
from archive.runs.processes import is_gone, mark_process, show_process
from archive.runs.singleton_lease import SingletonTakenError, take_singleton
from archive.store.database import read, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are told by /proc")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def killed():
    """The mark of a process that was killed, and whose parent has not yet heard of it."""
    process = subprocess.Popen(["sleep", "60"])
    mark = mark_process(process.pid)
    assert not is_gone(mark)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield mark
    assert process.wait() == -signal.SIGKILL
    assert is_gone(mark)


def mark_self(*, host="", place="", start=""):
    """The mark of this process, or of another with something of it."""
    name, pid, own_place, own_start = mark_process(os.getpid()).split("/")
    return "/".join([host or name, pid, place or own_place, start or own_start])


def begin(engine, now=NOON):
    with write(engine) as session:
        return begin_run(session, "example", "2026", RunKind.CRAWL, now)


def hand_to(engine, mark):
    """Let all leases be another process's."""
    with write(engine) as session:
        for held in [*session.exec(select(Run)), *session.exec(select(SingletonLease))]:
            held.worker = mark
            session.add(held)


def test_people_read_machine_and_number_of_a_process():
    assert show_process(mark_self()) == mark_self().rpartition("/")[0].rpartition("/")[0]
    assert show_process("host/4711") == "host/4711"


def test_a_killed_process_is_gone(killed):
    assert is_gone(killed)


def test_a_number_that_another_process_has_by_now_is_of_one_that_is_gone():
    assert not is_gone(mark_self())
    assert is_gone(mark_self(start="1"))


@pytest.mark.parametrize(
    "mark",
    [
        mark_self(host="elsewhere", start="1"),
        mark_self(place="another-start-of-the-machine", start="1"),
        "host/4711",
        "",
    ],
    ids=["elsewhere", "before-a-start", "as-once-noted", "nothing"],
)
def test_of_a_process_elsewhere_or_of_which_little_was_noted_nothing_is_known(mark):
    assert not is_gone(mark)


def test_a_run_whose_process_is_gone_is_closed_with_its_reason_and_taken_over_at_once(
    engine, killed
):
    begin(engine)
    hand_to(engine, killed)
    with read(engine) as session:
        (status,) = list_partitions(session, NOON + MINUTE)
        assert (status.outcome, status.reason) == (Outcome.FAILED, WORKER_STOPPED)
        assert list_running(session, NOON + MINUTE) == []

    begin(engine, NOON + MINUTE)

    with read(engine) as session:
        first, second = session.exec(select(Run).order_by(col(Run.id))).all()
        assert (first.outcome, first.reason) == (Outcome.FAILED, WORKER_STOPPED)
        assert first.ended_at == NOON + MINUTE
        assert [run.id for run in list_running(session, NOON + MINUTE)] == [second.id]


@pytest.mark.parametrize(
    "mark", [mark_self(), mark_self(host="elsewhere", start="1")], ids=["here", "elsewhere"]
)
def test_a_run_whose_process_may_live_keeps_its_lease_and_the_refusal_says_until_when(engine, mark):
    begin(engine)
    hand_to(engine, mark)
    with pytest.raises(PartitionBusyError) as refused:
        begin(engine, NOON + MINUTE)
    told = f"is being read by another run ({show_process(mark)}), until 2026-03-01 12:10:00 UTC"
    assert told in str(refused.value)


def test_what_one_process_does_at_a_time_is_free_at_once_when_that_is_gone(engine, killed):
    def take():
        with write(engine) as session:
            return take_singleton(session, "mail", 10 * MINUTE, NOON).token

    assert take() == 1
    with pytest.raises(SingletonTakenError):
        take()
    hand_to(engine, killed)
    assert take() == 2
