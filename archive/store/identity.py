"""Which archive this is: a name drawn by lot, by which its copies are told from those of another.

A backup keeps it: what is restored is the same archive.
"""

import secrets

from sqlmodel import Session

from archive.models import ArchiveFact

FACT = "archive_id"


def read_archive_id(session: Session) -> str | None:
    """The archive's name; `None` while nothing had to be marked with it."""
    fact = session.get(ArchiveFact, FACT)
    return fact.value if fact else None


def claim_archive_id(session: Session) -> str:
    """The archive's name, drawn now if it has none."""
    known = read_archive_id(session)
    if known is None:
        known = secrets.token_hex(8)
        session.add(ArchiveFact(name=FACT, value=known))
        session.flush()
    return known
