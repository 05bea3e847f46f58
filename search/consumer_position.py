"""How far the search copy has followed the archive: its mark in the change sequence.

Sync moves it, engines and `index status` read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from archive.models import Change, PublicAd
from archive.reading.freshness import read_change_time
from archive.store.changes import read_position
from archive.store.database import read
from search.port import NEVER_FILLED, SearchUnavailableError

TellPassed = Callable[[int], None]
"""Told how many changes, or ads of a copy made anew, are in the engine."""


@dataclass(frozen=True)
class SearchMark:
    """What the mark of a search engine says."""

    seq: int
    moved_at: datetime


def read_search_position(session: Session, consumer: str) -> SearchMark | None:
    """The engine's mark; `None` when it was never filled."""
    mark = read_position(session, consumer)
    if mark is None:
        return None
    return SearchMark(mark.seq, mark.moved_at)


def count_behind(archive: Engine, consumer: str) -> int:
    """Changes that the engine lacks; of one that was never filled, ads."""
    with read(archive) as session:
        mark = read_search_position(session, consumer)
        if mark is None:
            return session.exec(select(func.count()).select_from(PublicAd)).one()
        return session.exec(select(func.count()).where(col(Change.seq) > mark.seq)).one()


def require_data_as_of(session: Session, consumer: str) -> datetime:
    """When the archive learned the newest change the engine has.

    Raises:
        SearchUnavailableError: if the engine was never filled.
    """
    mark = read_search_position(session, consumer)
    if mark is None:
        raise SearchUnavailableError(NEVER_FILLED)
    return read_change_time(session, mark.seq) or mark.moved_at
