"""What a source claims, beside the claims of its neighbours and of other times."""

from archive.models.runs import Outcome
from tests.archive.reading.test_coverage import (
    DAY,
    MONDAY,
    SUNDAY,
    WEEK,
    statement,
    total,
    weeks,
)


def test_a_claim_is_of_its_own_source_week_and_newest_run(engine, record_run, ingest_run):
    """Of one week: two partitions, one of them told late; of others: a source, the weeks around it."""
    record_run(["a"], MONDAY - WEEK, totals=[total(1)])
    record_run(["a"], MONDAY + 2 * DAY, totals=[total(30), total(3, country="GR")])
    record_run(["b"], MONDAY + 2 * DAY, totals=[total(5)], partition="2025")
    record_run(["a"], MONDAY + 3 * DAY, totals=[total(99)], outcome=Outcome.FAILED)
    record_run(["a"], MONDAY + 3 * DAY, totals=[total(70)], source="elsewhere")
    ingest_run([total(20)], MONDAY + 4 * DAY, observed_on=MONDAY + DAY, sweep=False)
    record_run(["a"], MONDAY + WEEK, totals=[total(40)])

    told = weeks(engine, SUNDAY + WEEK, source="example")
    assert [row.source_total for row in told] == [40, 35, 1]
    greek = weeks(engine, SUNDAY + WEEK, "GR", source="example")
    assert [row.source_total for row in greek] == [None, 3, None]


def test_a_statement_claims_from_its_own_time_on(engine, record_run, ingest_run):
    record_run([statement("p1", 3)], MONDAY)
    record_run([statement("p1", 9)], MONDAY + WEEK)
    record_run([statement("p1", 50)], MONDAY, source="elsewhere")
    record_run(["a"], MONDAY + 2 * WEEK, covered=False)
    late = MONDAY + 3 * WEEK
    ingest_run([statement("p1", 4)], late, observed_on=MONDAY + DAY, sweep=False)

    told = weeks(engine, SUNDAY + 2 * WEEK, source="example")
    assert [row.source_total for row in told] == [9, 9, 4]
