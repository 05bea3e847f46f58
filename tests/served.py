"""`paidforby serve` as a process of its own, for tests of what stands before it and of many readers."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.servers import find_free_port


def start_serving(environ: dict[str, str], *options: str) -> subprocess.Popen[str]:
    # A pipe that nobody reads would fill with the lines of the log, and stop the site.
    with name_log(environ).open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "paidforby", "serve", *options],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def name_log(environ: dict[str, str]) -> Path:
    return Path(environ["PAIDFORBY_HOME"], "served.log")


def hear(environ: dict[str, str], process: subprocess.Popen[str], timeout: float = 60) -> str:
    """All that was said, once it has ended."""
    process.wait(timeout)
    return name_log(environ).read_text()


@contextmanager
def serving(environ: dict[str, str], *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The site, once it answers, and its port; killed at the end with all its processes."""
    port = find_free_port()
    process = start_serving(environ, "--port", str(port), *options)
    try:
        deadline = time.monotonic() + 180
        while ask(port, "/api/v1/health") is None:
            assert process.poll() is None, hear(environ, process)
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process, port
    finally:
        # All of them: what is left of a killed one's children would hold the archive.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int, path: str, **headers: str) -> int | None:
    """The status of an answer; `None`: nobody listens."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return None
        return answer.status
