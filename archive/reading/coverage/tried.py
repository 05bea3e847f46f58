"""Days on which each partition of a source was tried, and how that ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlmodel import Session, col

from archive.models import Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.reading.as_of.moment import Moment
from archive.reading.coverage.runs import PastRun, has_read_nothing, limit_runs
from archive.reading.coverage.spans import DaySpan, DaySpans, join_spans

CRAWLED, PARTIAL, FAILED, NOT_CRAWLED = "crawled", "partial", "failed", "not_crawled"


class TriedSpan(NamedTuple):
    """Days in a row with runs of a partition that ended alike."""

    partition: str
    state: str
    """`crawled`, `partial` or `failed`."""
    is_crawl: bool
    days: DaySpan


@dataclass(frozen=True)
class TriedDays:
    """Days with runs of one partition; a day may be in several states."""

    by_state: Mapping[str, DaySpans]
    first_crawl_on: date | None
    """`None`: it was only ever imported."""

    def list_all(self) -> list[DaySpan]:
        """The spans of all states."""
        return [span for days in self.by_state.values() for span in days]


def gather_tried(spans: Iterable[TriedSpan]) -> dict[str, TriedDays]:
    """The same days by partition."""
    days: defaultdict[str, dict[str, list[DaySpan]]] = defaultdict(
        lambda: {CRAWLED: [], PARTIAL: [], FAILED: []}
    )
    crawls: dict[str, int] = {}
    for partition, state, is_crawl, span in spans:
        days[partition][state].append(span)
        if is_crawl:
            crawls[partition] = min(span.first, crawls.get(partition, span.first))
    return {
        partition: TriedDays(
            {state: join_spans(found) for state, found in by_state.items()},
            date.fromordinal(crawls[partition]) if partition in crawls else None,
        )
        for partition, by_state in days.items()
    }


def sort_runs(runs: Iterable[PastRun]) -> dict[str, TriedDays]:
    """The days of some runs, by partition."""
    spans = set[TriedSpan]()
    for run in runs:
        day = run.day_on.toordinal()
        state = find_state(run.outcome, run.seen)
        spans.add(TriedSpan(run.partition, state, run.is_crawl, DaySpan(day, day)))
    return gather_tried(spans)


def find_state(outcome: str, seen: int) -> str:
    """How a day went, by how its only run ended and how many records that saw."""
    if outcome in ENDED_WELL:
        return CRAWLED
    return PARTIAL if outcome in {Outcome.PARTIAL, Outcome.RUNNING} or seen else FAILED


def read_tried(
    session: Session, source: str, moment: Moment
) -> tuple[dict[str, TriedDays], datetime | None]:
    """The days of the runs of a source at a moment, by partition, and when one last ended well."""
    spans: list[TriedSpan] = []
    answered: list[datetime] = []
    connection = session.connection()
    rows = connection.execute(_select_spans(source, moment, connection.dialect.name))
    for partition, kind, told, is_seen, first, last, last_at in rows:
        outcome = Outcome.FAILED if has_read_nothing(kind, told, is_seen) else told
        state = find_state(outcome, is_seen)
        spans.append(TriedSpan(partition, state, kind == RunKind.CRAWL, DaySpan(first, last)))
        answered += [last_at] if state == CRAWLED else []
    return gather_tried(spans), max(answered, default=None)


def _select_spans(source: str, moment: Moment, dialect: str) -> Select[Any]:
    """Runs that ended alike on days in a row, as one row each: joined by the database, years are few rows."""
    how = (
        col(Run.partition),
        col(Run.kind),
        col(Run.outcome),
        (col(Run.seen) > 0).label("is_seen"),
    )
    runs = select(*how, _number_day(dialect).label("day"), col(Run.observed_at))
    run = runs.where(col(Run.source) == source, *limit_runs(moment)).subquery().c
    alike = (run.partition, run.kind, run.outcome, run.is_seen)
    place = func.dense_rank().over(partition_by=alike, order_by=run.day)
    # Days in a row are as far from their places as one another.
    numbered = select(*alike, run.day, run.observed_at, (run.day - place).label("row")).subquery().c
    alike = (numbered.partition, numbered.kind, numbered.outcome, numbered.is_seen)
    ends = (func.min(numbered.day), func.max(numbered.day), func.max(numbered.observed_at))
    return select(*alike, *ends).group_by(*alike, numbered.row)


def _number_day(dialect: str) -> ColumnElement[int]:
    """The day of a run (UTC) as `date.toordinal` numbers it."""
    if dialect == "postgresql":
        day = cast(func.timezone("UTC", col(Run.observed_at)), Date)
        return type_coerce(day - literal(date.min), Integer) + 1
    # The day as written: SQLite rounds times, the last instant of a day into the next.
    written = func.substr(col(Run.observed_at), 1, len("2026-03-02"))
    return cast(func.julianday(written) - func.julianday(date.min.isoformat()), Integer) + 1
