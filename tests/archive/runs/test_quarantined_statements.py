"""Statements of spending that fall or go at once are held like ads."""

from datetime import date

import pytest
from sqlmodel import col, func, select

from archive.ingest.close_run import accept_vanished, close_run
from archive.ingest.rows import Stamp
from archive.ingest.spending.statements import ingest_advertiser_spend
from archive.models import AdvertiserSpend, QuarantinedBatch
from archive.models.runs import Outcome, PieceStatus, RunKind
from archive.records import AdvertiserSpendRecord, Grain
from archive.runs.lease import begin_run
from archive.runs.plausibility import ImplausibleBatchError, open_gate
from archive.runs.quarantine import settle
from archive.store.database import write
from tests.archive.moments import DAY, NOON
from tests.archive.runs.gated import write_source


@pytest.fixture(autouse=True)
def source(engine):
    write_source(engine)


def state(session, numbers, minor, now, gate=None):
    """A complete run of the weekly statements of these advertisers."""
    lease = begin_run(session, "example", "2026", RunKind.CRAWL, now, is_sweep=True)
    statements = [
        AdvertiserSpendRecord(
            dataset="weekly",
            platform="examplatform",
            grain=Grain.WEEK,
            period_start_on=date(2026, 1, 4),
            period_end_on=date(2026, 1, 10),
            advertiser_ref=f"page-{number}",
            currency="EUR",
            spend_lower_minor=minor,
            spend_upper_minor=minor,
        )
        for number in numbers
    ]
    ingest_advertiser_spend(session, Stamp(lease, None, now), statements, gate)
    return lease


def test_statements_that_are_lowered_by_half_are_refused(engine):
    with write(engine) as session:
        lease = state(session, range(20), 100_00, NOON)
        close_run(session, lease, Outcome.DONE, NOON, covered=True)
        gate = open_gate(session, "example")
        with pytest.raises(ImplausibleBatchError, match="20 known statements of spending, 20"):
            state(session, range(20), 50_00, NOON + DAY, gate)


def test_statements_that_are_gone_at_once_are_held_and_withdrawn_when_released(engine):
    with write(engine) as session:
        lease = state(session, range(10), 100_00, NOON)
        close_run(session, lease, Outcome.DONE, NOON, covered=True)
        lease = state(session, range(7), 100_00, NOON + DAY)
        gate = open_gate(session, "example")
        run = close_run(session, lease, Outcome.DONE, NOON + DAY, covered=True, gate=gate)
    assert "3 of 10 statements of spending are gone at once" in run.reason
    withdrawn = select(func.count()).where(col(AdvertiserSpend.is_withdrawn))
    with write(engine) as session:
        assert session.exec(withdrawn).one() == 0
        settle(
            session, "batch-1", PieceStatus.RELEASED, "Ada", "the platform said so", NOON + 2 * DAY
        )
        accept_vanished(session, session.get_one(QuarantinedBatch, 1), NOON + 2 * DAY)
        assert session.exec(withdrawn).one() == 3


def test_changed_statements_bear_out_those_that_are_gone(engine):
    with write(engine) as session:
        lease = state(session, range(20), 100_00, NOON)
        close_run(session, lease, Outcome.DONE, NOON, covered=True)
        lease = state(session, range(17), 101_00, NOON + DAY)
        gate = open_gate(session, "example")
        run = close_run(session, lease, Outcome.DONE, NOON + DAY, covered=True, gate=gate)
    assert run.complete


def test_the_same_statements_with_another_date_are_no_news(engine):
    with write(engine) as session:
        close_run(
            session, state(session, range(20), 100_00, NOON), Outcome.DONE, NOON, covered=True
        )
        gate = open_gate(session, "example")
        lease = state(session, range(20), 100_00, NOON + DAY, gate)
        run = close_run(session, lease, Outcome.DONE, NOON + DAY, covered=True, gate=gate)
        rows = session.exec(select(func.count()).select_from(AdvertiserSpend)).one()
    assert (run.outcome, run.withdrawn, rows) == (Outcome.DONE, 0, 20)


def test_a_run_says_how_many_statements_it_withdrew(engine):
    with write(engine) as session:
        close_run(
            session, state(session, range(20), 100_00, NOON), Outcome.DONE, NOON, covered=True
        )
        lease = state(session, range(18), 100_00, NOON + DAY)
        run = close_run(session, lease, Outcome.DONE, NOON + DAY, covered=True)
    assert (run.vanished, run.withdrawn) == (0, 2)
