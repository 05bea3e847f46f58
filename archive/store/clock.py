"""This machine's clock against what the archive has written: recorded time only moves forward.

Whoever begins a run, hands out work or takes what people write asks `require_clock`. A clock that was
ahead cannot be told from a long pause while it is; it shows when the right time comes back.
"""

import json
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from archive.errors import OutageError
from archive.models import ArchiveFact, Change, Run

CLOCK_SKEW = timedelta(minutes=5)
"""Machines that keep their clocks in step may differ by so much (RFC 4120 section 3.2.3 allows as much)."""
FACT = "clock_accepted"


class ClockError(OutageError):
    """This machine's clock is behind what the archive has recorded."""


def require_clock(session: Session, now: datetime) -> None:
    """Refuse to write at a time before the newest row.

    Raises:
        ClockError: saying both times, and what to do.
    """
    if told := tell_clock(session, now):
        raise ClockError(told)


def tell_clock(session: Session, now: datetime) -> str:
    """What is wrong between this clock and the archive; empty: nothing."""
    newest = find_newest_time(session)
    if newest is None or newest <= now + CLOCK_SKEW:
        return ""
    return (
        f"the clock of this machine says {_tell(now)}, the newest row of the archive is of {_tell(newest)}: "
        "nothing is written; set the clock, or if it was wrong then and is right now, type: "
        "paidforby schedule reset"
    )


def _tell(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def find_newest_time(session: Session) -> datetime | None:
    """When the newest change or run was written, of those since the clock was last accepted."""
    seq, run_id = read_accepted(session)
    change = (
        select(Change.recorded_at).where(col(Change.seq) > seq).order_by(col(Change.seq).desc())
    )
    run = select(Run.started_at).where(col(Run.id) > run_id).order_by(col(Run.id).desc())
    times = [session.exec(query.limit(1)).first() for query in (change, run)]
    return max((time for time in times if time is not None), default=None)


def read_accepted(session: Session) -> tuple[int, int]:
    """The newest change and run when the clock was last accepted: up to them times may be to come."""
    fact = session.get(ArchiveFact, FACT)
    seq, run_id = json.loads(fact.value) if fact else (0, 0)
    return seq, run_id


def accept_clock(session: Session) -> None:
    """Let this machine's clock count from now on, whatever was written before."""
    change = session.exec(select(Change.seq).order_by(col(Change.seq).desc()).limit(1)).first()
    run = session.exec(select(Run.id).order_by(col(Run.id).desc()).limit(1)).first()
    session.merge(ArchiveFact(name=FACT, value=json.dumps([change or 0, run or 0])))
