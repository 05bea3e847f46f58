"""Codes in a question about money: capitals do not matter, and what does not exist is refused."""

from dataclasses import replace

from babel import Locale
from sqlmodel import Session, col, select

from archive.models import AdvertiserSpend, PublicAd, Source
from archive.spending.query import SpendQuery, SpendQueryError
from config.faults import ask_nearest


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
    known = session.exec(select(Source.id).order_by(col(Source.id))).all()
    if query.source is not None and known and query.source not in known:
        raise SpendQueryError(
            "source",
            f"there is no source {query.source[:40]!r}{ask_nearest(query.source, known)}",
        )
    return query


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


def _fold(code: str | None) -> str | None:
    return None if code is None else code.strip().upper()
