"""A partition is read by one run at a time, and no run ends without reporting."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from archive.errors import LeaseLostError, PartitionBusyError
from archive.ingest.pages import ingest_page
from archive.models import Ad, Run
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import LEASE, begin_run, end_run, read_cursor
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def begin(engine, now=NOON):
    with write(engine) as session:
        return begin_run(session, "example", "2026", RunKind.CRAWL, now)


def test_a_second_run_of_the_same_partition_is_refused_while_the_first_lives(engine):
    begin(engine)

    with pytest.raises(PartitionBusyError, match="example/2026"):
        begin(engine, NOON + timedelta(minutes=1))


def test_a_run_whose_worker_died_is_recorded_as_failed_when_the_next_begins(engine):
    begin(engine)
    begin(engine, NOON + LEASE + timedelta(seconds=1))

    with read(engine) as session:
        outcomes = session.exec(select(Run.outcome).order_by(col(Run.id))).all()
    assert outcomes == [Outcome.FAILED, Outcome.RUNNING]


def test_a_run_that_stalled_and_was_overtaken_writes_nothing(engine, make_ad):
    stalled = begin(engine)
    begin(engine, NOON + LEASE + timedelta(seconds=1))

    with pytest.raises(LeaseLostError), write(engine) as session:
        ingest_page(session, stalled, [make_ad()], None, NOON + LEASE * 2)

    with read(engine) as session:
        assert session.exec(select(Ad)).all() == []


def test_data_and_cursor_are_written_together_or_not_at_all(engine, make_ad):
    lease = begin(engine)

    def write_half() -> None:
        with write(engine) as session:
            ingest_page(session, lease, [make_ad()], None, NOON, cursor="page-2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()

    with read(engine) as session:
        assert session.exec(select(Ad)).all() == []
        assert read_cursor(session, "example", "2026") is None


def test_a_run_that_ends_well_starts_over_next_time_and_a_deferred_one_goes_on(engine, make_ad):
    lease = begin(engine)
    with write(engine) as session:
        ingest_page(session, lease, [make_ad()], None, NOON, cursor="page-2")
        end_run(session, lease, Outcome.DEFERRED, NOON, reason="quota")
    with read(engine) as session:
        assert read_cursor(session, "example", "2026") == "page-2"

    lease = begin(engine)
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, NOON)
    with read(engine) as session:
        assert read_cursor(session, "example", "2026") is None
