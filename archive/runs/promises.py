"""How often each partition is promised a crawl: kept in time, so that silence is told by what was true then.

Who crawls on a schedule calls `note_promises`; what is asked by partition goes through
`archive.runs.partitions`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from archive.models import CrawlPromise

ROUNDS_TO_SILENCE = 2.0
"""Rounds of its schedule that a partition may miss before it counts as silent."""

Promises = dict[str, dict[str, list[CrawlPromise]]]
"""By source and partition, oldest first."""


def note_promises(
    session: Session,
    source: str,
    partitions: Collection[str],
    every: timedelta | None,
    now: datetime,
    *,
    is_all: bool = True,
) -> None:
    """Keep how often these partitions are promised a crawl; `None`: they are no longer.

    With `is_all` nothing else of the source is promised. What is promised already is not begun anew.
    """
    seconds = int(every.total_seconds()) if every else None
    held = {each.partition: each.every_seconds for each in _list_held(session, source)}
    wanted = {} if seconds is None else dict.fromkeys(partitions, seconds)
    concerned = set(held) if is_all else set(held) & set(partitions)
    ended = [each for each in concerned if wanted.get(each) != held[each]]
    begun = [each for each, pace in wanted.items() if held.get(each) != pace]
    if ended:
        session.connection().execute(
            update(CrawlPromise)
            .where(
                col(CrawlPromise.source) == source,
                col(CrawlPromise.partition).in_(ended),
                col(CrawlPromise.until_at).is_(None),
            )
            .values(until_at=now)
        )
    if begun:
        insert = postgresql.insert if _is_postgresql(session) else sqlite.insert
        rows = [
            {"source": source, "partition": each, "since_at": now, "every_seconds": wanted[each]}
            for each in begun
        ]
        taken = insert(CrawlPromise)
        # Another process may have read the schedule in the same moment.
        taken = taken.on_conflict_do_update(
            index_elements=["source", "partition", "since_at"],
            set_={"every_seconds": taken.excluded.every_seconds, "until_at": None},
        )
        session.connection().execute(taken, rows)


def _is_postgresql(session: Session) -> bool:
    return session.connection().dialect.name == "postgresql"


def _list_held(session: Session, source: str) -> Sequence[CrawlPromise]:
    query = select(CrawlPromise).where(
        CrawlPromise.source == source, col(CrawlPromise.until_at).is_(None)
    )
    return session.exec(query).all()


def read_promises(session: Session, source: str | None = None) -> Promises:
    """All that was ever promised."""
    query = select(CrawlPromise).order_by(col(CrawlPromise.since_at))
    if source is not None:
        query = query.where(CrawlPromise.source == source)
    found: Promises = defaultdict(lambda: defaultdict(list))
    for promise in session.exec(query):
        found[promise.source][promise.partition].append(promise)
    return found


def find_pace(promises: Sequence[CrawlPromise]) -> timedelta | None:
    """How often a partition is promised a crawl now; `None`: nobody promises it."""
    if not promises or promises[-1].until_at is not None:
        return None
    return timedelta(seconds=promises[-1].every_seconds)


def find_silence(promises: Sequence[CrawlPromise], last_at: datetime | None) -> datetime | None:
    """When a partition that is promised crawls fell, or falls, silent; `None`: nobody promises it.

    Rounds are counted by the pace that was promised at their time.
    """
    if find_pace(promises) is None:
        return None
    left = ROUNDS_TO_SILENCE
    for promise in promises:
        every = timedelta(seconds=promise.every_seconds)
        begin = max(promise.since_at, last_at or promise.since_at)
        if promise.until_at is None or begin + left * every <= promise.until_at:
            return begin + left * every
        left -= max(promise.until_at - begin, timedelta()) / every
    return None
