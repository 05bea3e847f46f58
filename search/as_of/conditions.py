"""What a query asks of the public view of a moment, in SQL: its filters, and what words cannot do without.

`search.as_of.answers` puts these to each range of ads, and only to save reading: whether an ad has the
words, it decides itself. No condition here leaves out an ad that answers.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    or_,
)
from sqlmodel import Session, col, select

from archive.models import AdMedia, Change, PublicAd
from archive.models.changes import ChangeKind
from archive.models.media import MediaState
from archive.reading.ads.ads import ran_between
from archive.reading.as_of.moment import Moment
from archive.reading.json_lists import list_holds
from archive.reading.visible import is_visible_by_default
from search.indexed.history import read_held
from search.indexed.values import list_columns
from search.question.filters import (
    BOUNDS,
    DAY_BOUNDS,
    LIST_FILTERS,
    MEDIA,
    NAME_FILTERS,
    NOT_TOLD,
    is_least,
)
from search.question.language import Question
from search.question.query import DAYS, AdQuery

OF_ADS = (ChangeKind.AD_CONTENT, ChangeKind.AD_NUMBERS, ChangeKind.AD_STATE, ChangeKind.AD_MEDIA)
"""Changes whose subject is an ad of which something was learned."""


def list_conditions(
    session: Session, query: AdQuery, ads: type[PublicAd], moment: Moment
) -> list[ColumnElement[bool]]:
    """What every ad that answers meets; all filters but those by a name are decided by it."""
    asked = dict.fromkeys([*query.values, *query.unknown])
    conditions = [_has_value(session, ads, name, query, moment) for name in asked]
    conditions += _list_bounds(query, ads)
    if query.only_visible_by_default:
        conditions.append(is_visible_by_default(ads, moment))
    if query.changed_after is not None:
        conditions.append(_has_changed(ads, query.changed_after))
    if phrases := list_certain(query.question):
        conditions.append(_may_hold(session, ads, phrases))
    return conditions


def _has_changed(ads: type[PublicAd], at: int) -> ColumnElement[bool]:
    # Times rise with the sequence and have no index: the last change before is looked for from the end.
    before = select(col(Change.seq)).where(col(Change.recorded_at) <= read_held(at).as_of)
    last = before.order_by(col(Change.seq).desc()).limit(1).scalar_subquery()
    of_ad = col(Change.kind).in_(OF_ADS)
    changed = select(col(Change.subject_id)).where(of_ad, col(Change.seq) > func.coalesce(last, 0))
    return col(ads.id).in_(changed)


def _has_value(
    session: Session, ads: type[PublicAd], name: str, query: AdQuery, moment: Moment
) -> ColumnElement[bool]:
    values = query.values.get(name, ())
    if name == MEDIA:
        kept = exists().where(col(AdMedia.ad_id) == col(ads.id), *_kept_by(moment))
        return or_(false(), *(kept if value == "kept" else ~kept for value in values))
    column = getattr(ads, *list_columns(name))
    choices = [_is_unknown(column, name)] if name in query.unknown else []
    if name in LIST_FILTERS:
        choices += [list_holds(session, column, value) for value in values]
    elif name in NAME_FILTERS:
        choices += [_may_bear(session, ads, column, value) for value in values]
    elif name == "declared_political":
        choices += [column.is_(value == "true") for value in values]
    elif values:
        choices.append(column.in_(values))
    return or_(false(), *choices)


def _kept_by(moment: Moment) -> list[ColumnElement[bool]]:
    kept: list[ColumnElement[bool]] = [col(AdMedia.state) == MediaState.KEPT]
    if moment.as_of is not None:
        kept.append(col(AdMedia.fetched_at) <= moment.as_of)
    return kept


def _is_unknown(column: Any, name: str) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    if name in LIST_FILTERS:
        return cast(column, Text) == "[]"
    unknown: ColumnElement[bool] = column.is_(None)
    return unknown


def _may_bear(
    session: Session,
    ads: type[PublicAd],
    column: Any,  # noqa: ANN401 (a mapped column)
    name: str,
) -> ColumnElement[bool]:
    """Whether a name may be one that is asked for, folded; or the ad may have had it before."""
    words = tuple(name.split())
    return or_(
        _holds([func.lower(column)], words), ~_is_plain(session, column), col(ads.versions) > 1
    )


def _list_bounds(query: AdQuery, ads: type[PublicAd]) -> list[ColumnElement[bool]]:
    conditions = ran_between(ads, query.since_on, query.until_on)
    for name, bound in query.bounds.items():
        if name in DAY_BOUNDS:
            conditions.append(_is_bounded_day(ads, name, date.fromordinal(bound)))
        else:
            number = col(getattr(ads, BOUNDS[name]))
            conditions.append(number >= bound if is_least(name) else number <= bound)
    if query.not_told:
        is_day = query.not_told in DAYS
        untold = ads.started_on if is_day else getattr(ads, NOT_TOLD[query.not_told])
        conditions.append(col(untold).is_(None))
    return conditions


def _is_bounded_day(ads: type[PublicAd], name: str, day: date) -> ColumnElement[bool]:
    """A day is UTC's; its end is the midnight behind it."""
    at = col(ads.first_seen_at if name.startswith("first_seen") else ads.vanished_at)
    midnight = datetime.combine(day, time(), UTC)
    return at >= midnight if is_least(name) else at < midnight + timedelta(days=1)


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
    is_read = col(AdMedia.state) == MediaState.KEPT
    texts = [ads.text, ads.public_id, ads.advertiser_name, ads.payer_name, ads.sponsor_name]
    unsure = [~_is_plain(session, column) for column in (*texts, links)]
    # Former names, and words that were read in pictures, stand elsewhere.
    unsure += [col(ads.versions) > 1, exists().where(col(AdMedia.ad_id) == col(ads.id), is_read)]
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
