"""The time of what a run reads, among the times of all that was read before.

It is that of the run, unless a clock that was ahead has dated what is known: what is read now would enter
history as something late then, and never become current. Who begins a run asks, and who settles its batch.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from archive.models import Run

DECLARED = "declared"
"""A person has said when the source said it."""

HAS_READ = or_(col(Run.seen) > 0, col(Run.complete))
"""A run has read anything, or found its source empty."""


def find_place(session: Session, run: Run) -> datetime:
    """The time of what a run reads: its own, or after all that a clock ahead has dated before it began.

    What it reads was said after that and takes its place, although its rows then bear a time to come.
    """
    if run.observed_how == DECLARED:
        return run.observed_at
    ahead = select(func.max(Run.observed_at)).where(
        Run.source == run.source,
        col(Run.id) < run.id,
        col(Run.observed_at) > run.started_at,
        HAS_READ,
    )
    newest = session.exec(ahead).one()
    # Run after run, each after those before it.
    return newest + timedelta(microseconds=run.id or 0) if newest else run.observed_at
