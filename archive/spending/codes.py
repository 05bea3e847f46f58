"""Codes in a question about money: capitals do not matter, and what does not exist is refused."""

from dataclasses import replace

from sqlmodel import Session, col, select

from archive.models import AdvertiserSpend, PublicAd
from archive.reading.sources.known_sources import read_source
from archive.records.codes import CODES
from archive.spending.query import SpendQuery, SpendQueryError


def read_codes(session: Session, query: SpendQuery) -> SpendQuery:
    """The question with its codes as the archive writes them.

    Raises:
        QuestionError: naming the code that does not exist, and those that do.
    """
    return replace(
        query,
        source=None if query.source is None else read_source(session, query.source),
        country=_read_code("country", query.country),
        currency=_read_code("currency", query.currency),
        convert_to=_read_code("convert_to", query.convert_to),
    )


def check_platform(session: Session, platform: str | None) -> None:
    """See to it that anything here is of a platform; ask where an answer is empty, for it is a long look.

    Raises:
        SpendQueryError: if nothing is, naming those that something is of.
    """
    if platform is None:
        return
    named = (select(col(of.platform)).distinct() for of in (PublicAd, AdvertiserSpend))
    known = sorted({name for query in named for name in session.exec(query)})
    if known and platform not in known:
        raise SpendQueryError(
            "platform",
            f"nothing here is of a platform {platform[:40]!r}; there are: {', '.join(known)}",
        )


def _read_code(name: str, code: str | None) -> str | None:
    try:
        return None if code is None else CODES[name](code)
    except ValueError as error:
        raise SpendQueryError(name, str(error)) from None
