"""How fresh an answer is: when this archive last learned anything or last looked."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import Change, Run


def read_data_as_of(session: Session) -> datetime | None:
    """The newest time a change was recorded or a look ended; `None` in an empty archive."""
    newest_change = select(Change.recorded_at).order_by(col(Change.seq).desc()).limit(1)
    times = (
        session.exec(newest_change).first(),
        session.exec(select(func.max(Run.ended_at))).one(),
    )
    return max((time for time in times if time is not None), default=None)
