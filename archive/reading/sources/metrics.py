"""What a monitoring system is told about collecting: figures of sources, keys and what waits for people.

`api.routes.metrics` asks, and writes it down. Nothing here counts a table of ads, and nothing is secret:
keys are numbered, never named.
"""

import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from sqlalchemy import func, inspect, text
from sqlmodel import Session, col, select

from archive.models import (
    QuarantinedBatch,
    QuarantinedPiece,
    RequestBudget,
    Run,
    Source,
)
from archive.models.leases import BUDGET_WINDOW, QUEUE_SCHEMA
from archive.models.monitoring import Monitor
from archive.models.runs import Outcome, PieceStatus
from archive.runs.alerts import SILENT, list_alerts
from archive.runs.lease import last_runs
from archive.runs.partitions import PartitionStatus, find_last_complete, list_partitions

KEY_FORGOTTEN_AFTER = timedelta(days=1)
"""A key that was not used for so long may have been replaced."""
MEDIA_KEY = "media"
KEY_LABELS = ("source", "key")


def read_metrics(session: Session, now: datetime) -> list[Metric]:
    """All metrics, as the one transaction of the session sees them.

    A figure that is not known has no sample: a source that was never crawled has no age. A metric
    without a sample is left out.
    """
    sources = list(session.exec(select(Source.id).order_by(col(Source.id))))
    metrics = [
        _tell_build(session),
        *_tell_runs(session, sources, now),
        _tell_alerts(session, sources, now),
        *_tell_waiting(session, sources),
        *_tell_budgets(session, now),
        *_tell_queue(session),
    ]
    return [metric for metric in metrics if metric.samples]


def _tell_build(session: Session) -> Metric:
    labels = {
        "version": _find_version(),
        "python": platform.python_version(),
        "database": session.get_bind().dialect.name,
    }
    return InfoMetricFamily("paidforby_build", "What runs here.", labels)


def _find_version() -> str:
    try:
        return version("paidforby")
    except PackageNotFoundError:
        return "not installed"


def _tell_runs(session: Session, sources: list[str], now: datetime) -> Iterator[Metric]:
    by_source: defaultdict[str, list[PartitionStatus]] = defaultdict(list)
    statuses = list_partitions(session, now)
    for status in statuses:
        by_source[status.source].append(status)
    completed = {source: find_last_complete(own) for source, own in by_source.items()}
    ages = {source: max(0.0, (now - at).total_seconds()) for source, at in completed.items() if at}
    told = (
        "Time since the source, by its worst partition, last answered a run that went to its end."
    )
    yield _gauge("paidforby_last_complete_run_age_seconds", told, ages, "seconds")
    rhythms = {
        source: min(each.every.total_seconds() for each in own if each.every)
        for source, own in by_source.items()
        if any(each.every for each in own)
    }
    told = "Time between runs of one partition, as the schedule promises."
    yield _gauge("paidforby_promised_crawl_interval_seconds", told, rhythms, "seconds")
    yield from _tell_partitions(statuses, now)
    yield _tell_outcomes(session)
    told = "Records read from the source by all runs."
    total = func.coalesce(func.sum(Run.seen), 0)
    seen = dict(session.exec(select(Run.source, total).group_by(Run.source)).all())
    counted = CounterMetricFamily("paidforby_records_seen", told, labels=["source"])
    for source in sources:
        counted.add_metric([source], int(seen.get(source, 0)))
    yield counted


def _tell_partitions(statuses: Sequence[PartitionStatus], now: datetime) -> Iterator[Metric]:
    """What is overdue, partition by partition: a source is as good as its worst."""
    told = "Whether a run of the partition that the schedule promises is late."
    labels = ["source", "partition"]
    waiting = GaugeMetricFamily("paidforby_partition_overdue", told, labels=labels)
    overdue: Counter[str] = Counter()
    for each in statuses:
        if each.every is not None:
            waiting.add_metric([each.source, each.partition], int(each.is_overdue(now)))
            overdue[each.source] += each.is_overdue(now)
    yield waiting
    yield _gauge("paidforby_overdue_partitions", "How many of them that are.", overdue)
    told = "Time since the source last answered a run of the partition that went to its end."
    name = "paidforby_partition_last_complete_run_age_seconds"
    ages = GaugeMetricFamily(name, told, labels=labels, unit="seconds")
    for each in statuses:
        if each.last_complete_at is not None:
            age = max(0.0, (now - each.last_complete_at).total_seconds())
            ages.add_metric([each.source, each.partition], age)
    yield ages


def _tell_outcomes(session: Session) -> Metric:
    told = "How the newest run of the source that is over ended."
    ended = StateSetMetricFamily("paidforby_last_run_outcome", told, labels=["source"])
    outcomes = [outcome for outcome in Outcome if outcome != Outcome.RUNNING]
    for source, run in sorted(last_runs(session).items()):
        ended.add_metric([source], {outcome: run.outcome == outcome for outcome in outcomes})
    return ended


def _tell_alerts(session: Session, sources: list[str], now: datetime) -> Metric:
    found = Counter((alert.source, alert.kind) for alert in list_alerts(session, now))
    told = "Alerts about the source that stand now; those about credentials are not counted."
    alerts = GaugeMetricFamily("paidforby_alerts", told, labels=["source", "kind"])
    for source in sources:
        for kind in (SILENT, *Monitor):
            alerts.add_metric([source, kind], found[source, kind])
    return alerts


def _tell_waiting(session: Session, sources: list[str]) -> Iterator[Metric]:
    """What is quarantined until a person settles it."""
    for table, name, told in (
        (
            QuarantinedBatch,
            "paidforby_quarantined_batches",
            "Batches quarantined because they were implausible.",
        ),
        (
            QuarantinedPiece,
            "paidforby_quarantined_pieces",
            "What steps could not take, put aside alone.",
        ),
    ):
        query = select(table.source, func.count()).where(table.status == PieceStatus.QUARANTINED)
        held = dict(session.exec(query.group_by(table.source)).all())
        yield _gauge(name, told, {source: held.get(source, 0) for source in sources})


def _tell_budgets(session: Session, now: datetime) -> Iterator[Metric]:
    numbered = "of the key, which has a number only to tell it from others"
    told = f"Requests within the hour that is counted, {numbered}."
    used = GaugeMetricFamily("paidforby_requests_used", told, labels=KEY_LABELS)
    told = f"Requests that are left of that hour, {numbered}; none: nobody names a limit."
    left = GaugeMetricFamily("paidforby_requests_left", told, labels=KEY_LABELS)
    told = f"Time before the next request, {numbered}."
    name = "paidforby_request_wait_seconds"
    waits = GaugeMetricFamily(name, told, labels=KEY_LABELS, unit="seconds")
    for key, budget in _number_keys(_list_budgets(session, now)):
        is_counted = now < budget.window_started_at + BUDGET_WINDOW
        asked = budget.used if is_counted else 0
        used.add_metric(key, asked)
        if budget.requests_per_hour is not None:
            left.add_metric(key, max(0, budget.requests_per_hour - asked))
        wait = (budget.not_before_at - now).total_seconds()
        waits.add_metric(key, max(0.0, wait))
    yield from (used, left, waits)


def _list_budgets(session: Session, now: datetime) -> Iterable[RequestBudget]:
    since = now - KEY_FORGOTTEN_AFTER
    query = select(RequestBudget).where(
        (col(RequestBudget.window_started_at) > since) | (col(RequestBudget.not_before_at) > now)
    )
    return session.exec(query.order_by(col(RequestBudget.key)))


def _number_keys(budgets: Iterable[RequestBudget]) -> Iterator[tuple[list[str], RequestBudget]]:
    """Each budget with what tells its key from others: `KEY_LABELS`."""
    numbers: defaultdict[str, int] = defaultdict(int)
    for budget in budgets:
        source, _, rest = budget.key.partition(":")
        if rest == MEDIA_KEY:
            yield [source, MEDIA_KEY], budget
            continue
        numbers[source] += 1
        yield [source, str(numbers[source])], budget


def _tell_queue(session: Session) -> Iterator[Metric]:
    """What waits in the queue, where there is one; a job that is over is no longer there."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    if not inspect(connection).has_table("procrastinate_jobs", schema=QUEUE_SCHEMA):
        return
    query = f"SELECT status, count(*) FROM {QUEUE_SCHEMA}.procrastinate_jobs GROUP BY status"  # noqa: S608
    found = {str(status): count for status, count in connection.execute(text(query))}
    jobs = GaugeMetricFamily("paidforby_queue_jobs", "Jobs in the queue.", labels=["status"])
    for status in ("todo", "doing"):
        jobs.add_metric([status], found.get(status, 0))
    yield jobs


def _gauge(name: str, told: str, values: Mapping[str, float], unit: str = "") -> Metric:
    gauge = GaugeMetricFamily(name, told, labels=["source"], unit=unit)
    for source in sorted(values):
        gauge.add_metric([source], values[source])
    return gauge
