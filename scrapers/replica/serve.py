"""The replica on a free loopback port for as long as a `with` block lasts.

The demo and the tests call it. It serves nothing outside 127.0.0.1.
"""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette

from scrapers.replica.app import create_replica
from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.fixtures import FIXTURES, publish_day
from scrapers.replica.meta_ad_library import API_PATH
from scrapers.replica.meta_ads import read_ads
from scrapers.replica.meta_budget import CallBudget

SECONDS_TO_START = 20
SECONDS_TO_STOP = 5


@contextmanager
def running_replica(
    day: int = 1,
    faults: Sequence[Fault] = (),
    fixtures: Path = FIXTURES,
    received: list[ReceivedRequest] | None = None,
    budget: CallBudget | None = None,
) -> Iterator[str]:
    """Serve a day of the sources; gives the base address, without a final slash.

    Raises:
        ValueError: if the fixtures cannot be laid out or read.
        RuntimeError: if the server does not start.
    """
    with TemporaryDirectory(prefix="replica-") as folder:
        publish_day(fixtures, day, Path(folder))
        ads = read_ads(Path(folder) / API_PATH.lstrip("/"))
        with serve_app(create_replica(Path(folder), ads, faults, received, budget)) as address:
            yield address


@contextmanager
def serve_app(app: Starlette) -> Iterator[str]:
    """Serve an application in a thread of its own on a free loopback port; gives its address."""
    # A cut body is an error to uvicorn, and here it is meant: it is not worth a line on the terminal.
    config = uvicorn.Config(app, ws="none", lifespan="off", log_level="critical", access_log=False)
    config.timeout_graceful_shutdown = SECONDS_TO_STOP
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            wait_for_start(server, thread)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def wait_for_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Come back when the server listens.

    Raises:
        RuntimeError: if it has ended instead, or takes too long.
    """
    deadline = time.monotonic() + SECONDS_TO_START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the replica did not start")
        time.sleep(0.01)
