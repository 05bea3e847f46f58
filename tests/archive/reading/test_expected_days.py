"""A source was crawled on a day when all its partitions were that were promised; gaps name the others."""

from datetime import date, timedelta

import pytest

from archive.models.runs import Outcome
from archive.reading.coverage import cover_source, cover_weeks
from archive.runs.promises import note_promises
from archive.store.database import read, write
from tests.archive.reading.conftest import MONDAY

DAY = timedelta(days=1)


@pytest.fixture
def promise(engine):
    def note(*partitions, every=DAY, at=MONDAY):
        with write(engine) as session:
            note_promises(session, "example", partitions, every, at)

    return note


def cover(engine, now):
    with read(engine) as session:
        return cover_source(session, "example", now=now)


def tell_week_gaps(engine, now):
    with read(engine) as session:
        (week,) = cover_weeks(session, now, country="*")
    return [(gap.partitions, gap.start_on.day, gap.end_on.day) for gap in week.gaps]


def test_a_partition_that_fails_beside_good_ones_makes_its_days_partial_and_a_gap_that_names_it(
    engine, record_run, promise
):
    promise("2024", "2025")
    for number in range(3):
        record_run(["a"], MONDAY + number * DAY, partition="2025")
        failed = {"outcome": Outcome.FAILED, "reason": "the source answered with status 500"}
        record_run([], MONDAY + number * DAY, partition="2024", **failed)

    covered = cover(engine, MONDAY + 3 * DAY)

    assert (covered.days_crawled, covered.days_partial) == (0, 3)
    (gap,) = covered.gaps
    assert (gap.start_on, gap.end_on) == (date(2026, 3, 2), date(2026, 3, 4))
    assert gap.reason == "2024: the source answered with status 500"


def test_a_partition_that_was_promised_and_never_tried_is_a_gap(engine, record_run, promise):
    promise("2024", "2025")
    for number in range(3):
        record_run(["a"], MONDAY + number * DAY, partition="2025")
    assert cover(engine, MONDAY + 2 * DAY).gaps[0].reason == "2024: nobody crawled"
    assert tell_week_gaps(engine, MONDAY + 2 * DAY) == [(["2024"], 3, 3)]


def test_what_is_no_longer_promised_lacks_nothing_from_then_on(engine, record_run, promise):
    promise("2024", "2025")
    for number in range(4):
        record_run(["a"], MONDAY + number * DAY, partition="2025")
    promise("2025", at=MONDAY + 2 * DAY)
    assert tell_week_gaps(engine, MONDAY + 4 * DAY) == [(["2024"], 3, 3)]
    assert cover(engine, MONDAY + 4 * DAY).days_crawled == 3


def test_a_longer_pace_leaves_days_between_two_runs_that_lack_nothing(engine, record_run, promise):
    promise("2025", every=3 * DAY)
    record_run(["a"], MONDAY, partition="2025")
    assert tell_week_gaps(engine, MONDAY + 6 * DAY) == [(["2025"], 5, 7)]


def test_the_pace_that_was_promised_on_a_day_is_the_one_that_counts(engine, record_run, promise):
    promise("2025", every=3 * DAY)
    record_run(["a"], MONDAY, partition="2025")
    promise("2025", every=DAY, at=MONDAY + 3 * DAY)
    record_run(["a"], MONDAY + 3 * DAY, partition="2025")
    record_run(["a"], MONDAY + 5 * DAY, partition="2025")
    assert tell_week_gaps(engine, MONDAY + 6 * DAY) == [(["2025"], 6, 6)]


def test_a_partition_that_is_not_due_yet_on_a_day_that_is_not_over_is_no_gap(
    engine, record_run, promise
):
    promise("2024", "2025", at=MONDAY - DAY)
    record_run(["a"], partition="2025")
    assert cover(engine, MONDAY + timedelta(hours=1)).gaps == []
