"""How fresh an answer is: when this archive last learned anything or last crawled."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import Change, Run


def read_data_as_of(session: Session, as_of: datetime | None = None) -> datetime | None:
    """The newest time, up to `as_of`, a change was recorded or a run ended; `None`: there was none."""
    newest_change = select(Change.recorded_at).order_by(col(Change.seq).desc()).limit(1)
    newest_run = select(func.max(Run.ended_at))
    if as_of is not None:
        newest_change = newest_change.where(col(Change.recorded_at) <= as_of)
        newest_run = newest_run.where(col(Run.ended_at) <= as_of)
    times = (session.exec(newest_change).first(), session.exec(newest_run).one())
    return max((time for time in times if time is not None), default=None)
