"""Whether this home is the one that an archive's evidence lies in: a mark in both, made with the tables.

Machines that work on one archive share one home: what one of them fetches lies in its folder, and the
others know only its name.
"""

import secrets
from pathlib import Path

from sqlmodel import Session, col, select

from archive.models import ArchiveFact, Capture
from archive.store.blobs import BlobStore
from config.settings import Settings

FACT = "home"
FILE = "home-mark"
CAPTURES_TRIED = 20


def mark_home(session: Session, settings: Settings) -> None:
    """Mark archive and home where the archive has no mark, or all of its newest evidence is here.

    The latter is a home that was restored; another home beside the first one is left as it is.
    """
    fact, file = session.get(ArchiveFact, FACT), settings.home / FILE
    if fact is None:
        fact = ArchiveFact(name=FACT, value=_read_mark(file) or secrets.token_hex(16))
        session.add(fact)
        session.flush()
    elif _read_mark(file) == fact.value or not _holds_newest(session, settings):
        return
    file.write_text(f"{fact.value}\n")


def tell_home(session: Session, settings: Settings) -> str:
    """What is wrong between this home and the archive; empty: nothing."""
    fact = session.get(ArchiveFact, FACT)
    told = []
    if fact is not None and _read_mark(settings.home / FILE) != fact.value:
        told.append("this home is not the one that the archive was made with")
    if missing := sum(not is_here for is_here in _try_newest(session, settings)):
        told.append(f"of its newest {CAPTURES_TRIED} captures {missing} have no file here")
    return "; ".join(told)


def _holds_newest(session: Session, settings: Settings) -> bool:
    found = _try_newest(session, settings)
    return bool(found) and all(found)


def _try_newest(session: Session, settings: Settings) -> list[bool]:
    """Of the newest captures, whether each has its file in this home."""
    query = select(Capture.sha256).order_by(col(Capture.id).desc()).limit(CAPTURES_TRIED)
    blobs = BlobStore(settings.blobs_dir)
    return [blobs.path_of(name).exists() for name in session.exec(query)]


def _read_mark(file: Path) -> str:
    return file.read_text("utf-8").strip() if file.exists() else ""
