"""Keys of people that end soon or have ended, before somebody stands before a closed door."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session

from archive.curation.people import list_keys, list_users
from archive.records.escaping import escape_text
from scrapers.doctor.findings import Finding

WARNED_BEFORE = timedelta(days=30)


def examine_keys(session: Session, now: datetime) -> Iterator[Finding]:
    """A warning for each person who may act and has no key that counts for long."""
    soon = (now + WARNED_BEFORE).date()
    for user in list_users(session):
        own = [k for k in list_keys(session) if k.user_id == user.id and k.revoked_at is None]
        ends = [key.ends_on for key in own if key.ends_on]
        if user.is_disabled or not ends or len(ends) < len(own) or max(ends) > soon:
            continue
        name, told = escape_text(user.name), "ended" if max(ends) < now.date() else "ends"
        advice = f"paidforby keys add '{name}'"
        detail = f"the last key of {name} {told} on {max(ends)}"
        yield Finding("key", True, detail, to_type=advice, warns=True)
