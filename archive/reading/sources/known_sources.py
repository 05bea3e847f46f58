"""Whether a source that somebody names is one of this archive's."""

from sqlmodel import Session, col, select

from archive.errors import QuestionError, cut_echo
from archive.models import Source
from config.faults import ask_nearest


def read_source(session: Session, name: str) -> str:
    """The id of a source as the archive writes it; capitals do not matter.

    Raises:
        QuestionError: if there is no such source, naming those there are.
    """
    source = name.strip().lower()
    known = session.exec(select(Source.id).order_by(col(Source.id))).all()
    if known and source not in known:
        asked = ask_nearest(source[:60], known)
        raise QuestionError("source", f"there is no source {cut_echo(name)!r}{asked}")
    return source
