"""How far a crawl has come, shown on a terminal from the run's row.

The row tells the same story of a crawl in this process, in a child and on another machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread

from rich.console import Console
from rich.status import Status
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from archive.database import read
from archive.models import Run
from archive.models.collecting import Outcome
from scrapers.intake import Clock

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def shown_progress(engine: Engine, source: str, partition: str, clock: Clock) -> Iterator[None]:
    """A line that follows the running look at a partition; silent where there is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    stopped = Event()
    with console.status(f"{source}/{partition}") as status:
        follower = Thread(
            target=_follow_run, args=(engine, source, partition, clock, status, stopped)
        )
        follower.start()
        try:
            yield
        finally:
            stopped.set()
            follower.join()


def _follow_run(
    engine: Engine, source: str, partition: str, clock: Clock, status: Status, stopped: Event
) -> None:
    query = select(Run).where(
        Run.source == source, Run.partition == partition, Run.outcome == Outcome.RUNNING
    )
    while not stopped.wait(SECONDS_BETWEEN_LOOKS):
        # While the database is away the last line stands; the look itself says that it waits.
        with suppress(OperationalError), read(engine) as session:
            run = session.exec(query.order_by(col(Run.id).desc())).first()
            if run:
                status.update(tell_progress(run, clock()))


def tell_progress(run: Run, now: datetime) -> str:
    """A running look as a line: `snap/2026: 12,000 records, 800 a second, 3 held back`."""
    seconds = max((now - run.started_at).total_seconds(), 1.0)
    held = f", {run.quarantined:,} held back" if run.quarantined else ""
    place = f"{run.source}/{run.partition}"
    return f"{place}: {run.seen:,} records, {run.seen / seconds:,.0f} a second{held}"
