"""How fresh an answer is: when this archive last learned anything or last crawled."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import Change, QuarantinedBatch, QuarantinedPiece, Redaction, Run
from archive.models.changes import ChangeKind
from archive.store.clock import read_accepted

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
    newest = (
        select(Change.seq).where(Change.kind != ChangeKind.FLAG).order_by(col(Change.seq).desc())
    )
    settled = [
        session.exec(select(func.max(table.settled_at))).one()
        for table in (QuarantinedPiece, QuarantinedBatch)
    ]
    return session.exec(newest.limit(1)).first() or 0, *read_run_state(session), *settled


def read_run_state(session: Session) -> tuple[int, datetime | None]:
    """What differs once a run ended."""
    ended = select(func.count(col(Run.ended_at)), func.max(Run.ended_at))
    return session.exec(ended).one()


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
