"""How fresh an answer is: when this archive last learned anything or last crawled."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as select_values
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import (
    ArchiveFact,
    Change,
    ConsumerPosition,
    QuarantinedBatch,
    QuarantinedPiece,
    Redaction,
    Run,
)
from archive.models.changes import ChangeKind
from archive.store.clock import FACT as ACCEPTED_CLOCK
from archive.store.clock import read_accepted
from archive.store.identity import FACT as ARCHIVE_ID

TELLING_NOTHING = (ChangeKind.FLAG, ChangeKind.AD_CREATIVE)
"""Who is suspected is nobody's business yet, and a creative is our own count of what was known."""


def read_data_as_of(session: Session, as_of: datetime | None = None) -> datetime | None:
    """The newest time, up to `as_of`, a change was recorded or a run ended; `None`: there was none.

    What is not public moves it no more than it moves the data.
    """
    if as_of is None and (known_at := _read_newest(session, *read_accepted(session))):
        # What is from before a person accepted the clock may be of a time to come.
        return known_at
    return _read_newest(session, 0, 0, as_of)


def _read_newest(
    session: Session, seq: int, run_id: int, as_of: datetime | None = None
) -> datetime | None:
    """The same of the changes and runs above these."""
    newest_change = _select_public_changes().where(col(Change.seq) > seq).limit(1)
    newest_run = select(func.max(Run.ended_at)).where(col(Run.id) > run_id)
    if as_of is not None:
        newest_change = newest_change.where(col(Change.recorded_at) <= as_of)
        newest_run = newest_run.where(col(Run.ended_at) <= as_of)
    times = (session.exec(newest_change).first(), session.exec(newest_run).one())
    return max((time for time in times if time is not None), default=None)


def read_state(session: Session) -> tuple[object, ...]:
    """What differs once anything public changed, a run ended, or what waited in quarantine was settled."""
    public = select_values(col(Change.seq)).where(col(Change.kind) != ChangeKind.FLAG)
    newest = public.order_by(col(Change.seq).desc()).limit(1)
    settled = (select_values(func.max(t.settled_at)) for t in (QuarantinedPiece, QuarantinedBatch))
    # One statement: each costs more than its answer.
    parts = [query.scalar_subquery() for query in (newest, *_select_run_state(), *settled)]
    return tuple(session.connection().execute(select_values(*parts)).one())


def read_run_state(session: Session) -> tuple[object, ...]:
    """What differs once a run ended."""
    parts = [query.scalar_subquery() for query in _select_run_state()]
    return tuple(session.connection().execute(select_values(*parts)).one())


def _select_run_state() -> tuple[Select[Any], Select[Any]]:
    return select_values(func.count(col(Run.ended_at))), select_values(func.max(Run.ended_at))


def read_whole_state(session: Session) -> tuple[object, ...]:
    """Whatever an answer made of public data rests on, but for the day.

    Beside the above what was withheld, how far readers of the changes follow them, whose archive it is, and
    since when its clock counts.
    """
    facts = select_values(col(ArchiveFact.name), col(ArchiveFact.value)).where(
        col(ArchiveFact.name).in_((ARCHIVE_ID, ACCEPTED_CLOCK))
    )
    followed = (
        select_values(func.max(ConsumerPosition.moved_at)),
        select_values(func.sum(ConsumerPosition.seq)),
        select_values(func.count()).select_from(ConsumerPosition),
        select_values(func.count()).select_from(Redaction),
    )
    parts = [query.scalar_subquery() for query in followed]
    beside = session.connection().execute(select_values(*parts)).one()
    named = sorted(map(tuple, session.connection().execute(facts)))
    return (*read_state(session), *beside, *named)


def count_redactions(session: Session) -> int:
    """How often something was withheld, or shown again: no answer from before that may be shown on."""
    return session.exec(select(func.count()).select_from(Redaction)).one()


def read_change_time(session: Session, seq: int) -> datetime | None:
    """When the newest public change up to this one was recorded; `None`: there was none."""
    return session.exec(_select_public_changes().where(col(Change.seq) <= seq).limit(1)).first()


def _select_public_changes() -> SelectOfScalar[datetime]:
    """Times of changes, newest first, of which this archive learned anything that is public."""
    newest_first = select(Change.recorded_at).order_by(col(Change.seq).desc())
    return newest_first.where(col(Change.kind).not_in(TELLING_NOTHING))
