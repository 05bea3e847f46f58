"""Codes in a question about money: capitals do not matter, and what does not exist is refused."""

from dataclasses import replace

from babel import Locale
from sqlmodel import Session, col, select

from archive.models import Run, Source
from archive.spending.query import SpendQuery, SpendQueryError


def read_codes(session: Session, query: SpendQuery) -> SpendQuery:
    """The question with its codes as the archive writes them.

    Raises:
        SpendQueryError: naming the code that does not exist, and those that do.
    """
    query = replace(
        query,
        country=_fold(query.country),
        currency=_fold(query.currency),
        convert_to=_fold(query.convert_to),
    )
    if query.country is not None and query.country not in Locale("en").territories:
        raise SpendQueryError(
            "country", f"there is no country {query.country[:10]!r}; write two letters such as US"
        )
    if query.source is not None and not _knows_source(session, query.source):
        known = session.exec(select(Source.id).order_by(col(Source.id))).all()
        raise SpendQueryError(
            "source", f"there is no source {query.source[:40]!r}; there are: {', '.join(known)}"
        )
    return query


def _knows_source(session: Session, source: str) -> bool:
    if session.get(Source, source) is not None:
        return True
    return session.exec(select(Run.id).where(Run.source == source).limit(1)).first() is not None


def _fold(code: str | None) -> str | None:
    return None if code is None else code.strip().upper()
