"""What this archive crawled, what it saw there, what the source states, and what is missing.

`cover_source` answers by day, `cover_weeks` by country and week; `summarise_coverage` makes the sentence that
stands under every sum and every list of results, `read_contents` the one about
years, files and quarantine. Routes, pages and commands call them with a reading session; nothing here writes.
"""

from archive.reading.coverage.answers import CrawledDays, WeekCoverage, WeekGap
from archive.reading.coverage.contents import SourceContents, read_contents, tell_years
from archive.reading.coverage.days import cover_days, cover_source, cover_source_days
from archive.reading.coverage.reports import SourceReport, report_source
from archive.reading.coverage.runs import limit_runs, list_past_runs
from archive.reading.coverage.summary import (
    SourceDays,
    read_source_days,
    summarise_coverage,
    summarise_days,
)
from archive.reading.coverage.tried import CRAWLED
from archive.reading.coverage.weeks import cover_weeks

__all__ = [
    "CRAWLED",
    "CrawledDays",
    "SourceContents",
    "SourceDays",
    "SourceReport",
    "WeekCoverage",
    "WeekGap",
    "cover_days",
    "cover_source",
    "cover_source_days",
    "cover_weeks",
    "limit_runs",
    "list_past_runs",
    "read_contents",
    "read_source_days",
    "report_source",
    "summarise_coverage",
    "summarise_days",
    "tell_years",
]
