"""What a monitoring system is told about collecting: figures of sources, keys and what waits for people.

`api.routes.metrics` asks, and writes it down. Nothing here counts a table of ads, and nothing is secret:
keys are numbered, never named.
"""

import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import func, inspect, text
from sqlmodel import Session, col, select

from archive.models import (
    CrawlPromise,
    QuarantinedBatch,
    QuarantinedPiece,
    RequestBudget,
    Run,
    Source,
)
from archive.models.leases import BUDGET_WINDOW, QUEUE_SCHEMA
from archive.models.monitoring import Monitor
from archive.models.runs import Outcome, PieceStatus
from archive.runs.alerts import SILENT, list_alerts, read_last_crawls
from archive.runs.due_dates import find_last_crawls, next_due_at
from archive.runs.lease import last_runs

KEY_FORGOTTEN_AFTER = timedelta(days=1)
"""A key that was not used for so long may have been replaced."""
MEDIA_KEY = "media"


class MetricKind(StrEnum):
    """Types of metrics (OpenMetrics 1.0, section 5.1)."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATESET = "stateset"
    INFO = "info"


@dataclass(frozen=True)
class Sample:
    """One figure, and what it is about."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Metric:
    """Figures of one kind."""

    name: str
    kind: MetricKind
    told: str
    """What it means, in one line."""
    samples: list[Sample]
    unit: str = ""
    """What its name ends in, where it has a unit."""


def read_metrics(session: Session, now: datetime) -> list[Metric]:
    """All metrics, as the one transaction of the session sees them.

    A figure that is not known has no sample: a source that was never crawled has no age.
    """
    sources = list(session.exec(select(Source.id).order_by(col(Source.id))))
    return [
        _tell_build(session),
        *_tell_runs(session, sources, now),
        _tell_alerts(session, sources, now),
        *_tell_waiting(session, sources),
        *_tell_budgets(session, now),
        *_tell_queue(session),
    ]


def _tell_build(session: Session) -> Metric:
    labels = {
        "version": _find_version(),
        "python": platform.python_version(),
        "database": session.get_bind().dialect.name,
    }
    told = "What runs here."
    return Metric("paidforby_build", MetricKind.INFO, told, [Sample(labels, 1)])


def _find_version() -> str:
    try:
        return version("paidforby")
    except PackageNotFoundError:
        return "not installed"


def _tell_runs(session: Session, sources: list[str], now: datetime) -> Iterator[Metric]:
    ages = {
        source: max(0.0, (now - at).total_seconds())
        for source, at in read_last_crawls(session).items()
    }
    told = "Time since the source last answered a run that went to its end."
    yield _gauge("paidforby_last_complete_run_age_seconds", told, ages, "seconds")
    rhythms = {each.source: each.every_seconds for each in session.exec(select(CrawlPromise))}
    told = "Time between runs of one partition, as the schedule promises."
    yield _gauge("paidforby_promised_crawl_interval_seconds", told, rhythms, "seconds")
    told = (
        "Partitions whose next run is due by that promise; those never crawled are not known here."
    )
    overdue = {name: _count_overdue(session, name, every, now) for name, every in rhythms.items()}
    yield _gauge("paidforby_overdue_partitions", told, overdue)
    yield _tell_outcomes(session)
    told = "Records read from the source by all runs."
    total = func.coalesce(func.sum(Run.seen), 0)
    seen = dict(session.exec(select(Run.source, total).group_by(Run.source)).all())
    counted = [Sample({"source": source}, int(seen.get(source, 0))) for source in sources]
    yield Metric("paidforby_records_seen", MetricKind.COUNTER, told, counted)


def _count_overdue(session: Session, source: str, every: int, now: datetime) -> int:
    crawls = find_last_crawls(session, source).values()
    return sum(next_due_at(run, timedelta(seconds=every)) <= now for run in crawls)


def _tell_outcomes(session: Session) -> Metric:
    name = "paidforby_last_run_outcome"
    # A set of states carries them in a label of its own name (OpenMetrics 1.0, section 5.1).
    samples = [
        Sample({"source": source, name: outcome}, int(run.outcome == outcome))
        for source, run in sorted(last_runs(session).items())
        for outcome in Outcome
        if outcome != Outcome.RUNNING
    ]
    told = "How the newest run of the source that is over ended."
    return Metric(name, MetricKind.STATESET, told, samples)


def _tell_alerts(session: Session, sources: list[str], now: datetime) -> Metric:
    found = Counter((alert.source, alert.kind) for alert in list_alerts(session, now))
    samples = [
        Sample({"source": source, "kind": kind}, found[source, kind])
        for source in sources
        for kind in (SILENT, *Monitor)
    ]
    told = "Alerts about the source that stand now; those about credentials are not counted."
    return Metric("paidforby_alerts", MetricKind.GAUGE, told, samples)


def _tell_waiting(session: Session, sources: list[str]) -> Iterator[Metric]:
    """What is held until a person settles it."""
    for table, name, told in (
        (
            QuarantinedBatch,
            "paidforby_quarantined_batches",
            "Batches held because they were implausible.",
        ),
        (QuarantinedPiece, "paidforby_quarantined_pieces", "Pieces that could not be read."),
    ):
        query = select(table.source, func.count()).where(table.status == PieceStatus.QUARANTINED)
        held = dict(session.exec(query.group_by(table.source)).all())
        yield _gauge(name, told, {source: held.get(source, 0) for source in sources})


def _tell_budgets(session: Session, now: datetime) -> Iterator[Metric]:
    used, left, waits = [], [], []
    for labels, budget in _number_keys(_list_budgets(session, now)):
        is_counted = now < budget.window_started_at + BUDGET_WINDOW
        asked = budget.used if is_counted else 0
        used.append(Sample(labels, asked))
        if budget.requests_per_hour is not None:
            left.append(Sample(labels, max(0, budget.requests_per_hour - asked)))
        wait = (budget.not_before_at - now).total_seconds()
        waits.append(Sample(labels, max(0.0, wait)))
    numbered = "of the key, which has a number only to tell it from others"
    told = f"Requests within the hour that is counted, {numbered}."
    yield Metric("paidforby_requests_used", MetricKind.GAUGE, told, used)
    told = f"Requests that are left of that hour, {numbered}; none: nobody names a limit."
    yield Metric("paidforby_requests_left", MetricKind.GAUGE, told, left)
    told = f"Time before the next request, {numbered}."
    yield Metric("paidforby_request_wait_seconds", MetricKind.GAUGE, told, waits, "seconds")


def _list_budgets(session: Session, now: datetime) -> Iterable[RequestBudget]:
    since = now - KEY_FORGOTTEN_AFTER
    query = select(RequestBudget).where(
        (col(RequestBudget.window_started_at) > since) | (col(RequestBudget.not_before_at) > now)
    )
    return session.exec(query.order_by(col(RequestBudget.key)))


def _number_keys(
    budgets: Iterable[RequestBudget],
) -> Iterator[tuple[dict[str, str], RequestBudget]]:
    numbers: defaultdict[str, int] = defaultdict(int)
    for budget in budgets:
        source, _, rest = budget.key.partition(":")
        if rest == MEDIA_KEY:
            yield {"source": source, "key": MEDIA_KEY}, budget
            continue
        numbers[source] += 1
        yield {"source": source, "key": str(numbers[source])}, budget


def _tell_queue(session: Session) -> Iterator[Metric]:
    """What waits in the queue, where there is one; a job that is over is no longer there."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    if not inspect(connection).has_table("procrastinate_jobs", schema=QUEUE_SCHEMA):
        return
    query = f"SELECT status, count(*) FROM {QUEUE_SCHEMA}.procrastinate_jobs GROUP BY status"  # noqa: S608
    found = {str(status): count for status, count in connection.execute(text(query))}
    samples = [Sample({"status": name}, found.get(name, 0)) for name in ("todo", "doing")]
    yield Metric("paidforby_queue_jobs", MetricKind.GAUGE, "Crawl jobs in the queue.", samples)


def _gauge(name: str, told: str, values: Mapping[str, float], unit: str = "") -> Metric:
    samples = [Sample({"source": source}, values[source]) for source in sorted(values)]
    return Metric(name, MetricKind.GAUGE, told, samples, unit)
