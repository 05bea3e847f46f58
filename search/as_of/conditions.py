"""What a query asks of the public view of a moment, in SQL: its filters, and what words cannot do without.

`search.as_of.answers` puts these to each range of ads, and only to save reading: whether an ad has the
words, it decides itself. No condition here leaves out an ad that answers.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    false,
    func,
    or_,
)
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.reading.ads.ads import ran_between
from archive.reading.as_of.moment import Moment
from archive.reading.json_lists import list_holds
from archive.reading.visible import is_visible_by_default
from search.language import Question
from search.query import LIST_FIELDS, AdQuery

NAME_FIELDS = {"advertiser": "advertiser_name", "payer": "payer_name"}
"""Filters by a name, and its column. Documents hold names cleaned, so the last word is not SQL's."""


def list_conditions(
    session: Session, query: AdQuery, ads: type[PublicAd], moment: Moment
) -> list[ColumnElement[bool]]:
    """What every ad that answers meets; all filters but those by a name are decided by it."""
    conditions = [_has_value(session, ads, name, values) for name, values in query.values.items()]
    conditions += _list_bounds(query, ads)
    if query.only_visible_by_default:
        conditions.append(is_visible_by_default(ads, moment))
    if phrases := list_certain(query.question):
        conditions.append(_may_hold(session, ads, phrases))
    return conditions


def _has_value(
    session: Session, ads: type[PublicAd], name: str, values: Sequence[str]
) -> ColumnElement[bool]:
    column = getattr(ads, LIST_FIELDS.get(name, NAME_FIELDS.get(name, name)))
    if name in LIST_FIELDS:
        return or_(*(list_holds(session, column, value) for value in values))
    if name in NAME_FIELDS:
        return or_(column.in_(values), ~_is_plain(session, column))
    if name == "declared_political":
        return or_(*(column.is_(value == "true") for value in values))
    matched: ColumnElement[bool] = column.in_(values)
    return matched


def _list_bounds(query: AdQuery, ads: type[PublicAd]) -> list[ColumnElement[bool]]:
    conditions = ran_between(ads, query.since_on, query.until_on)
    if query.spend_min_minor is not None:
        conditions.append(col(ads.spend_lower_minor) >= query.spend_min_minor)
    if query.impressions_min is not None:
        conditions.append(col(ads.impressions_lower) >= query.impressions_min)
    return conditions


def list_certain(question: Question) -> set[tuple[str, ...]]:
    """The words that texts of every ad that answers hold as they are written, in this order.

    An id may be asked for as one word, and of a number the text may group the digits.
    """
    alone = [group[0] for group in question if len(group) == 1]
    return {
        term.words
        for term in alone
        if not term.is_not and term.field != "id" and not any(map(str.isdigit, term.words))
    }


def _may_hold(
    session: Session, ads: type[PublicAd], phrases: Iterable[tuple[str, ...]]
) -> ColumnElement[bool]:
    """Whether plain texts hold each phrase's words in order, or one is not plain: reading tells.

    In ASCII a word is found under its own letters in lower case; beyond it, folding has no like in SQL.
    """
    links = cast(ads.landing_urls, Text)
    texts = [ads.text, ads.public_id, ads.advertiser_name, ads.payer_name, ads.sponsor_name]
    unsure = [~_is_plain(session, column) for column in (*texts, links)]
    # An escape, of the address or of JSON, may stand for any letter.
    unsure += [links.contains(mark, autoescape=True) for mark in "%\\"]
    lowered = [func.lower(column) for column in (*texts, links)]
    held = [_holds(lowered, phrase) for phrase in sorted(phrases)]
    return or_(and_(*held), *unsure)


def _holds(
    texts: Sequence[SQLColumnExpression[str]], phrase: tuple[str, ...]
) -> ColumnElement[bool]:
    if not all(map(str.isascii, phrase)):
        return false()
    # A term has no character that means something to LIKE. In a Turkish database the small form of I
    # has no dot, so an i may be any letter.
    pattern = "%".join(("", *phrase, "")).replace("i", "_")
    return or_(*(text.like(pattern) for text in texts))


def _is_plain(session: Session, column: Any) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    """Whether a text is ASCII; on SQLite also: without NUL, at which its `length` stops."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    size = func.length(cast(column, LargeBinary)) if is_sqlite else func.octet_length(column)
    return size == func.length(column)
