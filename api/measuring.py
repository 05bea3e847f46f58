"""Requests as metrics: how many of each kind, how they ended, how long an answer took to begin.

Pure ASGI, before everything else, so that what is refused counts too. Of several processes of one site each
counts for itself, and `/metrics` of any of them tells the sum.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the client library keeps the counts of several processes, if it was set before it is imported."""
BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
NO_ROUTE = "none"
"""What came to no route: refused, or no such page."""


class RequestCounts:
    """The requests of this site."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "paidforby_http_requests",
            "Requests, by route and status; route none: refused before one was found, or there is none.",
            ["route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "paidforby_http_answer_begins_seconds",
            "Time until an answer began.",
            ["route"],
            buckets=BOUNDS,
            registry=self.registry,
        )

    def collect(self) -> Iterator[Metric]:
        """What was counted, by all processes of this site."""
        registry = self.registry
        if SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return iter(registry.collect())


@contextmanager
def share_counts() -> Iterator[None]:
    """Let the processes that this one starts count together."""
    with TemporaryDirectory(prefix="paidforby-counts-") as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


class MeasureRequests:
    """Counts every request once its answer begins."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self.app = app
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note when and how it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = name_route(scope)
                self.counts.requests.labels(route, str(message["status"])).inc()
                self.counts.seconds.labels(route).observe(time.monotonic() - began)
            await send(message)

        await self.app(scope, receive, send_counted)


def name_route(scope: Scope) -> str:
    """The route's fixed beginning, such as `/api/v1/ads` or `/spend`: never a reader's own words."""
    route = scope.get("route")
    if route is None:
        return NO_ROUTE
    fixed = f"{scope.get('root_path', '')}{route.path}".split("{")[0].rstrip("/")
    return fixed or "/"
