"""A source's own counts are kept as it states them, run by run."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from archive.ingest.rows import Stamp
from archive.ingest.source_totals import ingest_totals
from archive.models import SourceTotal
from archive.models.runs import Outcome, RunKind
from archive.records import SourceTotalRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def state(engine):
    """One run in which the source states pages of totals; gives the counts of each page."""

    def lease(*pages, now=NOON):
        with write(engine) as session:
            run = begin_run(session, "example", "2026", RunKind.CRAWL, now)
            counts = [ingest_totals(session, Stamp(run, None, now), page) for page in pages]
            end_run(session, run, Outcome.DONE, now)
        return [(each.new, each.changed, each.unchanged) for each in counts]

    return lease


def total(ads_count, **values):
    return SourceTotalRecord(dataset="summary", ads_count=ads_count, **values)


def kept(engine):
    with read(engine) as session:
        rows = session.exec(select(SourceTotal).order_by(col(SourceTotal.id)))
        return [(row.observed_at, row.country, row.ads_count) for row in rows]


def test_a_total_is_kept_with_the_time_at_which_it_was_stated(engine, state):
    assert state([total(100), total(40, country="GR")]) == [(2, 0, 0)]
    assert kept(engine) == [(NOON, None, 100), (NOON, "GR", 40)]


def test_a_total_repeated_in_one_run_is_one_row(engine, state):
    assert state([total(100)], [total(100)]) == [(1, 0, 0), (0, 0, 1)]
    assert kept(engine) == [(NOON, None, 100)]


def test_a_total_that_moves_within_a_run_is_two_rows(engine, state):
    assert state([total(100), total(101)]) == [(1, 1, 0)]
    assert kept(engine) == [(NOON, None, 100), (NOON, None, 101)]


def test_a_later_run_shows_that_an_unchanged_total_still_stood(engine, state):
    state([total(100)])
    assert state([total(100)], now=NOON + DAY) == [(0, 0, 1)]
    assert kept(engine) == [(NOON, None, 100), (NOON + DAY, None, 100)]


def test_each_subject_has_a_total_of_its_own(engine, state):
    state([total(3, subject="page-1"), total(4, subject="page-2")])
    assert state([total(5, subject="page-2")], now=NOON + DAY) == [(0, 1, 0)]


def test_no_totals_write_nothing(engine, state):
    assert state([]) == [(0, 0, 0)]
    assert kept(engine) == []
