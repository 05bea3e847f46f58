"""Where this archive looked, what it saw there, what the source claims, and what is missing.

`cover_source` answers by day, `cover_weeks` by country and week; `look_over` makes the sentence that
stands under every sum and every list of results. Routes, pages and commands call them with a reading
session; nothing here writes.
"""

from archive.reading.coverage.answers import LookedAt, WeekCoverage, WeekGap
from archive.reading.coverage.days import (
    LOOKED,
    cover_days,
    cover_source,
    cover_source_days,
    look_over,
)
from archive.reading.coverage.runs import ENDED_WELL, limit_looks, list_looks
from archive.reading.coverage.weeks import cover_weeks

__all__ = [
    "ENDED_WELL",
    "LOOKED",
    "LookedAt",
    "WeekCoverage",
    "WeekGap",
    "cover_days",
    "cover_source",
    "cover_source_days",
    "cover_weeks",
    "limit_looks",
    "list_looks",
    "look_over",
]
