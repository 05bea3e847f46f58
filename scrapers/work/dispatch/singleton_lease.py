"""What only one process may do at a time: held by a row with a lease, and fenced like a run.

The scheduler takes its duty here before it starts anything, and whoever mails takes theirs. A process
that was killed leaves a lease that ends; one that stalled and was replaced learns so when it next speaks
up.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from archive.errors import ArchiveError
from archive.models import Duty
from archive.runs.lease import name_process

SCHEDULER = "scheduler"


class DutyTakenError(ArchiveError):
    """Another process does this already, or has taken it over."""


@dataclass(frozen=True)
class HeldDuty:
    """A duty this process holds, and its fence."""

    name: str
    token: int
    lease: timedelta


def take_duty(session: Session, name: str, lease: timedelta, now: datetime) -> HeldDuty:
    """Take a duty that nobody holds, or whose holder has been silent for its lease.

    Raises:
        DutyTakenError: naming who holds it, and until when.
    """
    duty = session.get(Duty, name) or Duty(name=name, worker="", token=0)
    if duty.lease_until is not None and duty.lease_until > now:
        raise DutyTakenError(
            f"there is a {name} already: {duty.worker}, until {duty.lease_until:%Y-%m-%d %H:%M:%S} UTC "
            "unless it says again that it is alive"
        )
    duty.worker = name_process(os.getpid())
    duty.token += 1
    duty.lease_until = now + lease
    session.add(duty)
    session.flush()
    return HeldDuty(name, duty.token, lease)


def keep_duty(session: Session, held: HeldDuty, now: datetime) -> None:
    """Renew the lease.

    Raises:
        DutyTakenError: if another process has taken the duty over.
    """
    _set_lease(session, held, now + held.lease)


def give_back_duty(session: Session, held: HeldDuty) -> None:
    """End the lease now, so that the next process need not wait for it.

    Raises:
        DutyTakenError: if another process has taken the duty over.
    """
    _set_lease(session, held, None)


def _set_lease(session: Session, held: HeldDuty, until: datetime | None) -> None:
    ours = (col(Duty.name) == held.name, col(Duty.token) == held.token)
    result = session.connection().execute(update(Duty).where(*ours).values(lease_until=until))
    if result.rowcount != 1:
        raise DutyTakenError(f"another process has taken over as {held.name}")
