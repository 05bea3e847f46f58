"""This process among those at work: written at every tick, taken out when it ends as it was told to."""

from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from archive.runs.workers import forget_worker, note_worker
from archive.store.database import write
from archive.store.outages import Absence
from scrapers.intake.pages import Clock

QUEUE_WORKER = "queue"
"""Kind of a worker that takes from the queue; others are called as their leases."""


class Presence:
    """That this process is at work, since when, and on what."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        kind: str,
        absence: Absence,
        list_crawls: Callable[[], Sequence[str]] = list,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._kind = kind
        self.absence = absence
        """Of the database, which all threads of the process pass over together."""
        self._list_crawls = list_crawls
        self._since_at = clock()

    def beat(self) -> None:
        """Say that this process is alive; call it at each tick."""
        with write(self._engine) as session:
            crawls, now = self._list_crawls(), self._clock()
            note_worker(session, self._kind, self._since_at, crawls, now)

    def close(self) -> None:
        """Take it out; where that cannot be done it counts as dead before long."""
        with self.absence.passed_over(), write(self._engine) as session:
            forget_worker(session)
