"""Crawls as child processes: started, waited for, and closed in the archive when they were killed.

`crawl`, the worker, the scheduler and the demo call it. A child has a process of its own because
Scrapy runs once in a process, and so that a hang or a crash takes nothing else with it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from archive.database import read, write
from archive.errors import LeaseLostError
from archive.models import Run
from archive.models.collecting import Outcome
from archive.runs import Look, end_run, name_process
from config.settings import Settings
from scrapers.intake import Clock

SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_TO_STOP = 5
"""A crawl in the middle of a download loses nothing when it is killed: pages are transactions."""


@dataclass(frozen=True)
class Errand:
    """One partition to crawl."""

    source: str
    partition: str
    base_url: str = ""
    after_run: int | None = None
    """The partition's newest ended crawl when it was found due; if one ends later, nothing is to do."""

    @property
    def command(self) -> list[str]:
        """The command line of the child; secrets travel in the environment, never here."""
        command = [sys.executable, "-m", "paidforby", "crawl", self.source]
        command += ["--partition", self.partition, "--no-evaluate", "--no-index"]
        if self.after_run is not None:
            command += ["--after-run", str(self.after_run)]
        return [*command, "--base-url", self.base_url] if self.base_url else command


@dataclass(frozen=True)
class Child:
    """A crawl in a process group of its own."""

    errand: Errand
    process: subprocess.Popen[bytes]
    started_at: datetime

    def stop(self) -> None:
        """Ask the group to end, then end whatever of it is left."""
        if self.process.returncode is not None:
            return
        self._signal_group(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while not self._has_ended(os.WNOHANG) and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        self._signal_group(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for the crawl, end what it started and left behind; gives its exit code."""
        if self.process.returncode is None:
            self._has_ended(0)
            self._signal_group(signal.SIGKILL)
        return self.process.wait()

    def _has_ended(self, options: int) -> bool:
        """Whether the process is over; it stays a zombie, so that its group keeps its number."""
        try:
            over = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | options)
        except ChildProcessError:
            return True
        return over is not None

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def start_child(settings: Settings, errand: Errand, clock: Clock) -> Child:
    """Start a crawl; its messages go to our standard error, its answer is the run's row."""
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and our own command)
        errand.command,
        # Rich's word for "no terminal": several children may share ours, and we show the progress.
        env=os.environ | settings_environ(settings) | {"TTY_COMPATIBLE": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Child(errand, process, clock())


@contextmanager
def running_child(settings: Settings, errand: Errand, clock: Clock) -> Iterator[Child]:
    """A crawl that ends with the block at the latest."""
    child = start_child(settings, errand, clock)
    try:
        yield child
    finally:
        child.stop()


def crawl_in_child(settings: Settings, engine: Engine, errand: Errand, clock: Clock) -> Run | None:
    """Crawl a partition in a child process and wait for it."""
    with running_child(settings, errand, clock) as child:
        return finish_child(engine, child, clock)


def finish_child(engine: Engine, child: Child, clock: Clock) -> Run | None:
    """Wait for a crawl; gives its run, `None` when it never began one.

    A child that was killed could not say so: its run is closed here, and the partition is free again.
    """
    code = child.wait()
    run = find_run(engine, child)
    if run and run.outcome == Outcome.RUNNING:
        close_killed_run(engine, run, f"the crawl was killed (exit code {code})", clock())
        run = find_run(engine, child)
    return run


def find_run(engine: Engine, child: Child) -> Run | None:
    """The run a child began."""
    query = select(Run).where(
        Run.source == child.errand.source,
        Run.partition == child.errand.partition,
        Run.worker == name_process(child.process.pid),
        col(Run.started_at) >= child.started_at,
    )
    with read(engine) as session:
        return session.exec(query.order_by(col(Run.id).desc()).limit(1)).first()


def close_killed_run(engine: Engine, run: Run, reason: str, now: datetime) -> None:
    """Record a run as failed whose process is known to be dead; its cursor stays."""
    try:
        with write(engine) as session:
            _end_as_failed(session, run, reason, now)
    except LeaseLostError:
        # Another run took the partition over and has closed this one already.
        return


def _end_as_failed(session: Session, run: Run, reason: str, now: datetime) -> None:
    if run.id is None:
        raise ValueError("a run that was read has its id")
    look = Look(run.id, run.source, run.partition, run.lease_token, run.observed_at, False)
    end_run(session, look, Outcome.FAILED, now, reason=reason)


def settings_environ(settings: Settings) -> dict[str, str]:
    """The environment that makes the same settings again in another process."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {
        f"PAIDFORBY_{name.upper()}": _write_value(value)
        for name, value in values.items()
        if value is not None
    }


def _write_value(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, list) else str(value)
