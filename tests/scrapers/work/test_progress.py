"""A bar for each source tells how far its runs have come, from the rows of runs alone."""

from datetime import UTC, datetime

import pytest

from archive.models import Run
from archive.models.runs import Outcome
from archive.store.database import read, write
from scrapers.work.crawl.progress import plan_progress, read_progress

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEARS = [("snap", "2026"), ("snap", "2025"), ("us_fec_bulk", "2026")]


@pytest.fixture
def add_run(home):
    def add(source, partition, outcome, seen, *, complete=False, quarantined=0):
        run = Run(
            source=source,
            partition=partition,
            kind="crawl",
            started_at=NOON,
            heartbeat_at=NOON,
            observed_at=NOON,
            observed_how="crawl",
            outcome=outcome,
            seen=seen,
            complete=complete,
            quarantined=quarantined,
        )
        with write(home.engine) as session:
            session.add(run)

    return add


def plan(home, places):
    with read(home.engine) as session:
        return plan_progress(session, places)


def told(home, of):
    with read(home.engine) as session:
        return [(each.source, each.share, each.tell()) for each in read_progress(session, of)]


def test_before_anything_has_begun_every_source_has_its_bar(home):
    assert told(home, plan(home, YEARS)) == [
        ("snap", 0.0, "0 of 2 partitions, 0 records"),
        ("us_fec_bulk", None, "0 records"),
    ]


def test_a_run_fills_its_share_as_far_as_the_last_complete_one_came(home, add_run):
    add_run("snap", "2026", Outcome.DONE, 200, complete=True)
    of = plan(home, YEARS)
    add_run("snap", "2025", Outcome.DONE, 40, complete=True)
    add_run("snap", "2026", Outcome.RUNNING, 100, quarantined=3)

    snap, _ = told(home, of)

    assert snap == ("snap", 0.75, "1 of 2 partitions, 140 records, 3 quarantined")


def test_a_run_that_brings_more_than_the_last_is_not_through_before_it_ends(home, add_run):
    add_run("us_fec_bulk", "2026", Outcome.DONE, 10, complete=True)
    of = plan(home, YEARS[2:])
    add_run("us_fec_bulk", "2026", Outcome.RUNNING, 500)
    assert told(home, of) == [("us_fec_bulk", 0.99, "500 records")]


def test_runs_of_before_do_not_count(home, add_run):
    add_run("snap", "2026", Outcome.FAILED, 7)
    assert told(home, plan(home, YEARS[:1])) == [("snap", None, "0 records")]
