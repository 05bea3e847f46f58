"""How each day of a source went, of its partitions together: by the days tried and those expected."""

from collections.abc import Mapping
from datetime import date

from archive.reading.coverage.expected import Expectations
from archive.reading.coverage.spans import DaySpan, DaySpans, join_spans, keep_common, leave_out
from archive.reading.coverage.tried import CRAWLED, FAILED, PARTIAL, TriedDays


def rank_days(
    tried: Mapping[str, TriedDays], expected: Expectations | None = None, today: int | None = None
) -> dict[str, DaySpans]:
    """Each day with a run in one state: of several partitions, by the best of them.

    A day on which only some of those that are `expected` were crawled counts as partial. A day that is not
    over lacks nothing before a run has failed on it.
    """
    found = {
        state: join_spans(span for days in tried.values() for span in days.by_state[state])
        for state in (CRAWLED, PARTIAL, FAILED)
    }
    lacking = _find_lacking(tried, expected, today) if expected else ()
    crawled = leave_out(found[CRAWLED], lacking)
    partial = leave_out(join_spans([*found[CRAWLED], *found[PARTIAL]]), crawled)
    failed = leave_out(leave_out(found[FAILED], found[PARTIAL]), found[CRAWLED])
    return {CRAWLED: crawled, PARTIAL: partial, FAILED: failed}


def _find_lacking(
    tried: Mapping[str, TriedDays], expected: Expectations, today: int | None
) -> DaySpans:
    """Days on which a partition that was expected was not crawled."""
    lacking: list[DaySpan] = []
    open_days = (DaySpan(today, date.max.toordinal()),) if today else ()
    for name in expected.days:
        days = expected.list_lacking(name)
        looked_at = join_spans(tried[name].list_all()) if name in tried else ()
        not_over = keep_common(keep_common(days, open_days), looked_at)
        lacking += [*leave_out(days, open_days), *not_over]
    return join_spans(lacking)
