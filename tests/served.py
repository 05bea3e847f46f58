"""`paidforby serve` as a process of its own, for tests of what stands before it and of many readers."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from tests.servers import find_free_port


def start_serving(environ: dict[str, str], *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "paidforby", "serve", *options],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def serving(environ: dict[str, str], *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The site, once it answers, and its port; killed at the end with all its processes."""
    port = find_free_port()
    process = start_serving(environ, "--port", str(port), *options)
    try:
        deadline = time.monotonic() + 60
        while ask(port, "/api/v1/health") is None:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process, port
    finally:
        # All of them: what is left of a killed one's children would hold the archive.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


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
