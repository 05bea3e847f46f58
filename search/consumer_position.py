"""How far the search copy has followed the archive: its mark in the change sequence.

Sync moves it, engines and `index status` read it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from archive.reading.freshness import read_change_time
from archive.store.changes import read_position
from archive.store.database import read
from search.port import NEVER_FILLED, SearchUnavailableError


@dataclass
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


def require_data_as_of(archive: Engine, consumer: str) -> datetime:
    """When the archive learned the newest change the engine has.

    Raises:
        SearchUnavailableError: if the engine was never filled.
    """
    with read(archive) as session:
        mark = read_search_position(session, consumer)
        if mark is None:
            raise SearchUnavailableError(NEVER_FILLED)
        return read_change_time(session, mark.seq) or mark.moved_at
