"""When this archive was last backed up: noted by each backup, read by doctor, health and metrics.

It is about this home and no part of the archive, so no backup holds it; a restored archive has that of the
backup it came from.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from archive.models import ArchiveFact

FACT = "last_backup"
BACKUP_IS_OLD = timedelta(days=2)
"""A backup a night, and one that failed, are no reason to worry; two that failed are."""


def note_backup(session: Session, made_at: datetime) -> None:
    """Say that all there was at a time is in a backup."""
    session.merge(ArchiveFact(name=FACT, value=made_at.isoformat()))


def read_last_backup(session: Session) -> datetime | None:
    """The moment that the last backup shows; `None`: there never was one."""
    fact = session.get(ArchiveFact, FACT)
    return datetime.fromisoformat(fact.value) if fact else None
