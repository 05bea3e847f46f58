"""How far the search copy has followed the archive: its mark in the change sequence.

Sync moves it, engines and `index status` read it.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from archive.reading.freshness import read_change_time
from archive.store.changes import move_position, read_position
from archive.store.database import read
from search.port import NEVER_FILLED, Rejection, SearchUnavailableError

MOST_REJECTED = 1_000
"""Rejected documents remembered by a mark, newest last."""


@dataclass
class SearchMark:
    """What the mark of a search engine says."""

    seq: int
    moved_at: datetime
    rejected: dict[int, Rejection] = field(default_factory=dict)
    """Documents the engine would not take, by our id of the ad."""


def read_search_position(session: Session, consumer: str) -> SearchMark | None:
    """The engine's mark; `None` when it was never filled."""
    mark = read_position(session, consumer)
    if mark is None:
        return None
    rows = [Rejection(**row) for row in json.loads(mark.detail or "[]")]
    return SearchMark(mark.seq, mark.moved_at, {row.ad_id: row for row in rows})


def move_search_position(
    session: Session, consumer: str, seq: int, rejected: dict[int, Rejection], now: datetime
) -> None:
    """Note that every change up to `seq` is in the engine, but for the rejected documents."""
    rows = [row.model_dump() for row in rejected.values()][-MOST_REJECTED:]
    move_position(session, consumer, seq, json.dumps(rows), now)


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
