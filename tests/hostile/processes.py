"""Functions and commands in processes of their own, with what they said and the memory they took."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock

import paidforby
from scrapers.work.crawl.children import FORKS, PRELOADED

FORKS.set_forkserver_preload([*PRELOADED, "tests.preloaded", "tests.hostile.trying", "api.app"])

PATIENCE_SECONDS = 120

ONE_AT_A_TIME = Lock()
"""Starting a process asks all others how they ended, and of two threads that ask one is told 255
(CPython, `multiprocessing.process._cleanup` and `popen_forkserver.Popen.poll`)."""


@dataclass
class Ended:
    """How a process ended."""

    exit_code: int | None
    said: str
    answer: str
    peak_mb: int


def run_alone(
    folder: Path, environ: Mapping[str, str], function: Callable[..., None], *given: object
) -> Ended:
    """A function in a process of its own, forked from one that has the imports behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    process = FORKS.Process(target=_enter, args=(folder, dict(environ), function, *given))
    with ONE_AT_A_TIME:
        process.start()
    wait([process.sentinel], PATIENCE_SECONDS)
    with ONE_AT_A_TIME:
        if process.exitcode is None and process.pid:
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    answer, errors = ((folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    peak = folder / "peak"
    peak_mb = int(peak.read_text()) if peak.exists() else 0
    return Ended(process.exitcode, answer + errors, answer, peak_mb)


def _enter(
    folder: Path, environ: dict[str, str], function: Callable[..., None], *given: object
) -> None:
    os.environ.update(environ)
    for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
        with (folder / name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    try:
        function(*given)
    finally:
        sys.stdout.flush()
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        (folder / "peak").write_text(str(peak_mb))


def type_command(*words: str) -> None:
    """`paidforby` with these words."""
    sys.argv = ["paidforby", *words]
    paidforby.main()
