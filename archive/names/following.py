"""From the change sequence to names, killable at any point.

The worker and the commands call `bring_names_on` beside the sync of the search copy. Only names that changed
rows bear, or bore when they were last counted, are counted again. It begins with the first change, so an
archive that is older than its names needs nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Engine, delete, func, select
from sqlmodel import Session, col

from archive.models import (
    AdvertiserName,
    Change,
    Committee,
    ConsumerPosition,
    Name,
    NamedRow,
    NameSpelling,
    NameWord,
)
from archive.names.bearing import CHANGED_BY, Bearing, find_filed, find_series
from archive.names.counting import recount_rows
from archive.store.batches import cut_batches
from archive.store.bulk import table_of
from archive.store.changes import last_change_seq, move_position, read_position
from archive.store.database import read, write

CONSUMER = "names"
MOST_AT_ONCE = 2_000

FOUND_BY_ID = {
    Bearing.ADVERTISER_NAME: table_of(AdvertiserName).c.id,
    Bearing.COMMITTEE: table_of(Committee).c.id,
}
"""Tables whose new rows are found by their rising ids: not every one of them is told as a change."""

Touched = dict[Bearing, list[int]]


def bring_names_on(engine: Engine, now: datetime) -> None:
    """Count all that changed since the last time, some at a time."""
    while True:
        with read(engine) as session:
            if not has_new_names(session):
                return
        with write(engine) as session:
            follow_names(session, now)


def has_new_names(session: Session) -> bool:
    """Whether changes wait that `follow_names` has not counted."""
    mark = read_position(session, CONSUMER)
    return (mark.seq if mark else 0) < last_change_seq(session)


def follow_names(session: Session, now: datetime, limit: int = MOST_AT_ONCE) -> None:
    """Count what the next changes touched, and move the mark in one transaction."""
    mark = read_position(session, CONSUMER)
    seq, reached = (mark.seq, mark.detail) if mark else (0, "")
    touched, reached, are_all = _find_new_rows(session, reached, limit)
    # New rows come with changes: while some wait, so does the mark.
    change = table_of(Change).c
    query = select(change.seq, change.kind, change.subject_id).where(change.seq > seq)
    query = query.order_by(change.seq).limit(limit if are_all else 0)
    for number, kind, subject_id in session.connection().execute(query):
        seq = number
        if bearing := CHANGED_BY.get(kind):
            touched.setdefault(bearing, []).append(subject_id)
    for bearing, ids in touched.items():
        for rows_of, row_ids in _spread(session, bearing, list(dict.fromkeys(ids))):
            recount_rows(session, rows_of, row_ids)
    move_position(session, CONSUMER, seq, reached, now)


def forget_names(session: Session) -> None:
    """Empty every table of names; the next call begins with the first change."""
    for table in (NamedRow, NameWord, NameSpelling, Name):
        session.execute(delete(table))
    session.execute(delete(ConsumerPosition).where(col(ConsumerPosition.consumer) == CONSUMER))


def _find_new_rows(session: Session, reached: str, limit: int) -> tuple[Touched, str, bool]:
    """Rows that came since the mark, how far their ids reach now, and whether these are all."""
    before = [int(number) for number in reached.split()] or [0] * len(FOUND_BY_ID)
    touched: Touched = {}
    now = []
    for (bearing, id_), after in zip(FOUND_BY_ID.items(), before, strict=True):
        query = select(id_).where(id_ > after).order_by(id_).limit(limit)
        ids = touched[bearing] = list(session.connection().scalars(query))
        # An id comes again, where the newest row was taken away.
        newest = session.connection().scalar(select(func.max(id_))) or 0
        now.append(ids[-1] if ids else min(after, newest))
    are_all = all(len(ids) < limit for ids in touched.values())
    return touched, " ".join(map(str, now)), are_all


def _spread(
    session: Session, bearing: Bearing, ids: Sequence[int]
) -> Iterator[tuple[Bearing, Sequence[int]]]:
    """The rows whose names a change of these may have moved."""
    if bearing is Bearing.STATEMENT:
        yield (
            bearing,
            sorted({id_ for some in cut_batches(ids) for id_ in find_series(session, some)}),
        )
        return
    yield bearing, ids
    for some in cut_batches(ids) if bearing is Bearing.COMMITTEE else ():
        after = 0
        while filed := find_filed(session, some, after, MOST_AT_ONCE):
            yield Bearing.FILING, filed
            after = filed[-1]
