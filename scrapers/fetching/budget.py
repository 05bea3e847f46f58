"""What may be asked of a source and when: one row a key, shared by all workers of the archive.

`BackoffMiddleware` counts each request here before it is sent; the schedule leaves a key alone whose time
has not come. The row outlives the process that wrote it: whoever goes on after a kill waits as long as
the source had asked. Times are the workers' own clocks, which a machine keeps in step.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from archive.models import RequestBudget
from archive.models.leases import BUDGET_WINDOW
from archive.records.canonical import hash_bytes
from scrapers.sources.signing import Secret

KEY_DIGITS = 12


@dataclass(frozen=True)
class Pace:
    """How fast one key may ask, and how often in an hour."""

    key: str
    seconds_between_requests: float = 0.0
    requests_per_hour: int | None = None
    """`None`: neither the source nor the operator names a number."""


def name_key(source: str, secret: Secret | None) -> str:
    """The key of a budget: sources count by what they are shown, and by address without a secret."""
    if secret is None:
        return source
    return f"{source}:{hash_bytes(secret.value.get_secret_value().encode())[:KEY_DIGITS]}"


def take_request(session: Session, pace: Pace, now: datetime) -> datetime:
    """Count one request and give `now`; before its time, count nothing and give that time.

    Whoever is sent away comes back: nobody holds a turn, so nobody who is killed wastes one.
    """
    budget = _open_budget(session, pace.key, now)
    most = pace.requests_per_hour
    if budget.not_before_at > now:
        return budget.not_before_at
    if most is not None and budget.used >= most:
        return budget.window_started_at + BUDGET_WINDOW
    budget.used += 1
    budget.requests_per_hour = most
    budget.not_before_at = now + timedelta(seconds=pace.seconds_between_requests)
    session.add(budget)
    return now


def hold_off(session: Session, key: str, until: datetime, now: datetime) -> None:
    """Let nobody use the key before `until`: the source asked for it."""
    budget = _open_budget(session, key, now)
    budget.not_before_at = max(budget.not_before_at, until)
    session.add(budget)


def find_free_at(session: Session, pace: Pace, now: datetime) -> datetime:
    """When the key may be used next: `now`, or the time that take_request would give."""
    budget = session.get(RequestBudget, pace.key)
    if budget is None:
        return now
    most, ends_at = pace.requests_per_hour, budget.window_started_at + BUDGET_WINDOW
    is_spent = most is not None and budget.used >= most
    return max(now, budget.not_before_at, ends_at if is_spent else now)


def _open_budget(session: Session, key: str, now: datetime) -> RequestBudget:
    """The key's row, its hour begun anew if the last one is over."""
    budget = session.get(RequestBudget, key)
    if budget is None:
        return RequestBudget(key=key, window_started_at=now, used=0, not_before_at=now)
    if now >= budget.window_started_at + BUDGET_WINDOW:
        budget.window_started_at, budget.used = now, 0
    return budget
