"""The change sequence: appended in the transaction of each change, read by search and oversight."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import Change, ConsumerPosition, Sighting, Source
from archive.models.changes import ChangeKind
from archive.store.bulk import find_storing, insert_rows, table_of

Reach = Callable[[int, int], None]
"""Told how far a reader of the sequence has come: how many changes or ads, of how many."""


def reach_quietly(_done: int, _of: int) -> None:
    """Where nobody watches."""


def append_changes(
    session: Session, kind: ChangeKind, subject_ids: Iterable[int], now: datetime
) -> None:
    """Say that these things changed, in the given order."""
    recorded_at = find_storing(session).time(now)
    name = kind.value
    rows = ((name, subject_id, recorded_at) for subject_id in subject_ids)
    insert_rows(session, table_of(Change), ("kind", "subject_id", "recorded_at"), rows)


def append_seen(session: Session, run_id: int, source: str, now: datetime) -> None:
    """Say that a run has ended which saw ads, where being seen without an end is to be running."""
    is_told = select(Source.id).where(Source.id == source, Source.missing_end != "")
    saw = select(Sighting.run_id).where(
        Sighting.run_id == run_id, Sighting.kind == ChangeKind.AD_CONTENT
    )
    if session.exec(is_told).first() and session.exec(saw.limit(1)).first():
        append_changes(session, ChangeKind.AD_SEEN, [run_id], now)


def read_changes(session: Session, after_seq: int, limit: int) -> list[Change]:
    """The changes above a mark, oldest first."""
    query = select(Change).where(col(Change.seq) > after_seq).order_by(col(Change.seq)).limit(limit)
    return list(session.exec(query))


def last_change_seq(session: Session) -> int:
    """Number of the newest change, 0 when there is none."""
    return session.exec(select(func.max(Change.seq))).one() or 0


def read_position(session: Session, consumer: str) -> ConsumerPosition | None:
    """How far a reader of the sequence has come."""
    return session.get(ConsumerPosition, consumer)


def move_position(session: Session, consumer: str, seq: int, detail: str, now: datetime) -> None:
    """Note that a reader has done everything up to `seq`."""
    session.merge(ConsumerPosition(consumer=consumer, seq=seq, detail=detail, moved_at=now))
