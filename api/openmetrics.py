"""Metrics as text (OpenMetrics 1.0, which every Prometheus since 2.5 reads).

`api.routes.metrics` answers with it. What a metric means is told by `archive.reading.sources.metrics`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE", "write_metrics"]


@dataclass(frozen=True, eq=False)
class ReadMetrics(Collector):
    """Metrics as they were read in one transaction."""

    metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self.metrics


def write_metrics(metrics: Iterable[Metric]) -> bytes:
    """The whole exposition."""
    registry = CollectorRegistry()
    registry.register(ReadMetrics(metrics))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text
