"""`paidforby` as a user types it, in a process forked from one that has the imports behind it.

Ten times quicker than an interpreter of its own, which only tests of start-up, of processes that are
killed and of the demo need.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import paidforby
from scrapers.work.crawl.children import FORKS, PRELOADED

FORKS.set_forkserver_preload([*PRELOADED, "tests.preloaded"])


def run_paidforby(
    *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the command prints and how it ends, with these variables beside the test's own."""
    with TemporaryDirectory(prefix="paidforby-command-") as folder:
        process = start_paidforby(*arguments, environ=environ, folder=Path(folder))
        process.join()
        ended = process.exitcode
        assert ended is not None
        said = (Path(folder, name).read_text() for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(arguments, ended, *said)


def start_paidforby(
    *arguments: str, environ: Mapping[str, str] | None, folder: Path
) -> ForkServerProcess:
    """The command under way; what it prints goes to `stdout` and `stderr` in the folder."""
    variables = os.environ | (environ or {})
    process = FORKS.Process(
        target=enter_paidforby, args=(arguments, variables, folder / "stdout", folder / "stderr")
    )
    process.start()
    return process


def enter_paidforby(arguments: tuple[str, ...], environ: dict[str, str], *said: Path) -> None:
    """What the command does in its process; `said`: the files of what it prints and of what it notes."""
    os.environ.clear()
    os.environ.update(environ)
    for path, stream in zip(said, (sys.stdout, sys.stderr), strict=True):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    # Its own crawls come from a process that has what the product's have behind it, and no more.
    FORKS.set_forkserver_preload(PRELOADED)
    sys.argv = ["paidforby", *arguments]
    paidforby.main()
