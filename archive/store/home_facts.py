"""What this home did last: noted when it is done, read by doctor, health and metrics.

These facts are about this home and no part of the archive, so no backup holds them.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from archive.models import ArchiveFact

HOME = "home"
"""How the names of such facts begin, that of its mark (`archive.store.home`) among them."""
LAST_BACKUP, LAST_UPKEEP = f"{HOME}:last_backup", f"{HOME}:last_upkeep"

BACKUP_IS_OLD = timedelta(days=2)
"""A backup a night, and one that failed, are no reason to worry; two that failed are."""


def note_backup(session: Session, made_at: datetime) -> None:
    """Say that all there was at a time is in a backup; a restored archive is in the one it came from."""
    note_time(session, LAST_BACKUP, made_at)


def read_last_backup(session: Session) -> datetime | None:
    """The moment that the last backup shows; `None`: there never was one."""
    return read_time(session, LAST_BACKUP)


def judge_backup(session: Session, now: datetime) -> tuple[str, bool]:
    """How old the last backup is, in words, and whether it is too old or was never made."""
    made_at = read_last_backup(session)
    if made_at is None:
        return "there never was one", True
    return f"the last one shows {made_at:%d %b %Y %H:%M} UTC", now - made_at > BACKUP_IS_OLD


def note_time(session: Session, name: str, at: datetime) -> None:
    """Say when something was last done."""
    session.merge(ArchiveFact(name=name, value=at.isoformat()))


def read_time(session: Session, name: str) -> datetime | None:
    """When something was last done; `None`: never here."""
    fact = session.get(ArchiveFact, name)
    return datetime.fromisoformat(fact.value) if fact else None
