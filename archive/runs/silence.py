"""Runs whose process is dead and could not say so: told by their silence, before anybody closes them."""

from datetime import datetime, timedelta
from typing import Protocol

from archive.models.runs import Outcome

SILENT_AFTER = timedelta(minutes=4)
"""A crawl says every minute that it is alive. One that missed four of these has stopped, although its
lease, which is longer so that a slow disk costs nobody the partition, may not have ended."""


class RunUnderWay(Protocol):
    """What tells whether a run is still alive: of its row, or of the columns that were asked for."""

    outcome: str
    heartbeat_at: datetime


def has_fallen_silent(run: RunUnderWay, now: datetime) -> bool:
    """Whether a run stands as running whose process can no longer be at work."""
    return run.outcome == Outcome.RUNNING and run.heartbeat_at < now - SILENT_AFTER
