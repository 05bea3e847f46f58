"""Metrics as text (OpenMetrics 1.0, which every Prometheus since 2.5 reads).

`api.routes.metrics` answers with it. What a metric means is told by `archive.reading.sources.metrics`.
"""

from collections.abc import Iterable, Iterator

from archive.reading.sources.metrics import Metric, MetricKind, Sample

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SUFFIXES = {MetricKind.COUNTER: "_total", MetricKind.INFO: "_info"}


def write_metrics(metrics: Iterable[Metric]) -> str:
    """The whole exposition; a metric without a sample is left out."""
    lines = [line for metric in metrics if metric.samples for line in _write_metric(metric)]
    return "\n".join([*lines, "# EOF", ""])


def _write_metric(metric: Metric) -> Iterator[str]:
    yield f"# TYPE {metric.name} {metric.kind}"
    if metric.unit:
        yield f"# UNIT {metric.name} {metric.unit}"
    yield f"# HELP {metric.name} {_escape(metric.told)}"
    name = metric.name + SUFFIXES.get(metric.kind, "")
    for sample in metric.samples:
        yield f"{name}{_write_labels(sample)} {sample.value}"


def _write_labels(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escape(value)}"' for name, value in sample.labels.items())
    return f"{{{labels}}}" if labels else ""


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
