"""Runs whose process is dead and could not say so: told before anybody closes them.

On their own machine by the process, everywhere by their silence.
"""

from datetime import datetime, timedelta
from typing import Protocol

from archive.models.runs import Outcome
from archive.runs.processes import is_gone

SILENT_AFTER = timedelta(minutes=4)
"""A crawl says every minute that it is alive. One that missed four of these has stopped, although its
lease, which is longer so that a slow disk costs nobody the partition, may not have ended."""


class RunUnderWay(Protocol):
    """What tells whether a run is still alive: of its row, or of the columns that were asked for."""

    outcome: str
    heartbeat_at: datetime
    worker: str


def has_fallen_silent(run: RunUnderWay, now: datetime) -> bool:
    """Whether a run stands as running whose process can no longer be at work."""
    if run.outcome != Outcome.RUNNING:
        return False
    return run.heartbeat_at < now - SILENT_AFTER or is_gone(run.worker)
