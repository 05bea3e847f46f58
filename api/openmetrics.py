"""Metrics as text, in the format that is asked for: OpenMetrics 1.0, or Prometheus' own 0.0.4.

`api.routes.metrics` answers with it. What a metric means is told by `archive.reading.sources.metrics`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from api.accepted import read_accepted, weigh

OPEN_METRICS = "application/openmetrics-text"


@dataclass(frozen=True, eq=False)
class ReadMetrics(Collector):
    """Metrics as they were read in one transaction."""

    metrics: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self.metrics


def write_metrics(metrics: Iterable[Metric], accepted: str) -> tuple[bytes, str]:
    """The whole exposition and its media type, by what the reader accepts (RFC 9110 section 12.5.1)."""
    registry = CollectorRegistry()
    registry.register(ReadMetrics(metrics))
    ranges = read_accepted(accepted)
    wanted = ranges.get(OPEN_METRICS, 0.0)
    is_wanted = wanted > 0 and wanted >= weigh(ranges, "text/plain")
    # The client library stumbles over a version that is none, and hears no weights: it is asked for ours.
    write, media_type = choose_encoder(OPEN_METRICS if is_wanted else "")
    return write(registry), media_type
