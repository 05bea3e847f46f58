"""How far a search copy follows the archive: the mark beside it, and what the archive noted of it.

The mark stands with the copy, so that each of several copies of one archive is told what it holds. The
archive notes the same under the copy's token once everything up to there is in, or put aside: of the two
the earlier one counts.
"""

from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, func, select

from archive.models import Change, ConsumerPosition, PublicAd
from archive.models.changes import ChangeKind
from archive.reading.freshness import read_change_time
from archive.store.changes import last_change_seq, read_position
from archive.store.database import read
from archive.store.identity import read_archive_id
from config.counts import write_count
from search.indexed.documents import count_microseconds
from search.port import (
    CopyMark,
    ForeignCopyError,
    NeverFilledError,
    SearchCopy,
    SearchEngine,
    Standing,
    UpTo,
)

TellPassed = Callable[[int], None]
"""Told how many changes, or ads of a copy made anew, are in the engine."""

MOST_COUNTED = 100_000
"""Of what waits: more of it makes no difference to a reader, and counting takes long."""


@dataclass(frozen=True)
class Position:
    """How far a copy follows."""

    consumer: str
    """Under which name the archive notes it."""
    seq: int
    """Every change up to this one is in the copy."""
    noted_seq: int
    """As the archive has it."""
    moved_at: datetime


def name_consumer(search: SearchEngine, token: str) -> str:
    """Under which name the archive notes how far a copy follows."""
    return f"{search.consumer}:{token}"


def read_search_position(
    session: Session, search: SearchEngine, mark: CopyMark | None
) -> Position | None:
    """How far a copy follows; `None`: it is none that this archive can go on with.

    Raises:
        ForeignCopyError: if it is of another archive.
    """
    if mark is None:
        return None
    if mark.archive_id != read_archive_id(session):
        whose = f"another archive ({mark.realm or 'without data'}, id {mark.archive_id})"
        raise ForeignCopyError(search.place, whose, search.how_to_move)
    consumer = name_consumer(search, mark.token)
    noted = read_position(session, consumer)
    # One that this archive never noted was made by what it has been restored from.
    if noted is None or mark.shape != search.shape:
        return None
    # An older state of the archive was restored, and what it learned since has the same numbers.
    if find_up_to(session, mark.seq) != (mark.seq, mark.at):
        return None
    return Position(consumer, min(mark.seq, noted.seq), noted.seq, noted.moved_at)


def find_up_to(session: Session, seq: int) -> UpTo | None:
    """A change as a copy notes it; `None`: this archive has none of that number."""
    recorded_at = session.exec(select(Change.recorded_at).where(Change.seq == seq)).first()
    if recorded_at is None:
        return UpTo(0, 0) if seq == 0 else None
    return UpTo(seq, count_microseconds(recorded_at))


def read_last_move(session: Session, search: SearchEngine) -> datetime | None:
    """When a copy in this engine last moved on, as the archive has it; the engine is not asked."""
    newest = select(func.max(ConsumerPosition.moved_at)).where(_is_of(search))
    return session.exec(newest).one()


def read_last_noted(session: Session, search: SearchEngine) -> int | None:
    """Up to which change a copy in this engine follows, as the archive has it; the engine is not asked."""
    return session.exec(select(func.max(ConsumerPosition.seq)).where(_is_of(search))).one()


def refuse_unnamed(session: Session, search: SearchEngine, copy: SearchCopy | None) -> None:
    """Make sure that documents beside which nothing says whose they are were sent by this archive.

    Raises:
        ForeignCopyError: if it knows nothing of them.
    """
    if copy is None or copy.mark is not None or not copy.documents:
        return
    known = select(ConsumerPosition.consumer).where(_is_of(search))
    if session.exec(known.limit(1)).first() is None:
        ads = write_count(copy.documents, "ad")
        whose = f"an archive it does not name ({ads} that this one did not send)"
        raise ForeignCopyError(search.place, whose, search.how_to_move)


def _is_of(search: SearchEngine) -> ColumnElement[bool]:
    return col(ConsumerPosition.consumer).startswith(f"{search.consumer}:", autoescape=True)


_KEPT: MutableMapping[SearchEngine, tuple[Hashable, Standing]] = WeakKeyDictionary()
"""What was found last of each engine, which is so until a change or the mark of its copy says otherwise."""


def require_standing(session: Session, search: SearchEngine, mark: CopyMark | None) -> Standing:
    """How far an answer of this copy reaches.

    Raises:
        ForeignCopyError: if it is of another archive.
        SearchUnavailableError: if it was never filled.
    """
    state = (session.get_bind().engine, mark, last_change_seq(session))
    kept = _KEPT.get(search)
    if kept and kept[0] == state:
        return kept[1]
    position = read_search_position(session, search, mark)
    if position is None:
        raise NeverFilledError
    data_as_of = read_change_time(session, position.seq) or position.moved_at
    standing = Standing(position.seq, data_as_of, _count_waiting(session, position.seq))
    _KEPT[search] = (state, standing)
    return standing


def _count_waiting(session: Session, seq: int) -> int:
    is_text = (col(Change.seq) > seq, col(Change.kind) == ChangeKind.AD_CONTENT)
    some = select(Change.subject_id).where(*is_text).limit(MOST_COUNTED).subquery()
    return session.exec(select(func.count(some.c.subject_id.distinct()))).one()


@dataclass(frozen=True)
class AdCount:
    """How many ads the archive shows, and the newest change at that moment."""

    ads: int
    seq: int


def count_ads(session: Session) -> AdCount:
    """Count them; that takes a second where there are millions."""
    ads = session.exec(select(func.count()).select_from(PublicAd)).one()
    return AdCount(ads, last_change_seq(session))


def count_behind(archive: Engine, search: SearchEngine) -> int:
    """Changes that the copy lacks; of one that is made anew, ads.

    Raises:
        SearchUnavailableError: if the engine does not answer, or holds the copy of another archive.
    """
    copy = search.read_copy()
    with read(archive) as session:
        position = read_search_position(session, search, copy.mark if copy else None)
        if position is None:
            return count_ads(session).ads
        return max(0, last_change_seq(session) - position.seq)
