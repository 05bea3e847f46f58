"""Which public rows bear which names: the one place that says what is counted as what.

Only what readers are shown is read here, so what is withheld of a person is no name. Ads that lists leave
out by default bear none: a count is what the link to the rows shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, func, null, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from archive.models import (
    AdvertiserName,
    AdvertiserSpend,
    Committee,
    Disclosure,
    NameKind,
    PublicAd,
)
from archive.models.changes import ChangeKind
from archive.reading.visible import is_visible_by_default
from archive.store.bulk import table_of


class Bearing(StrEnum):
    """The tables whose rows bear names."""

    AD = "ad"
    STATEMENT = "statement"
    FILING = "filing"
    ADVERTISER_NAME = "advertiser_name"
    COMMITTEE = "committee"


COUNTED_AS = {
    Bearing.AD: "ads",
    Bearing.STATEMENT: "statements",
    Bearing.FILING: "filings",
    Bearing.ADVERTISER_NAME: "registered",
    Bearing.COMMITTEE: "registered",
}
"""The count of a name that a row of each table raises by one."""

CHANGED_BY: Mapping[str, Bearing] = {
    ChangeKind.AD_CONTENT: Bearing.AD,
    ChangeKind.ADVERTISER_SPEND: Bearing.STATEMENT,
    ChangeKind.DISCLOSURE: Bearing.FILING,
    ChangeKind.ADVERTISER_NAME: Bearing.ADVERTISER_NAME,
    ChangeKind.COMMITTEE: Bearing.COMMITTEE,
}
"""The changes after which a row may bear another name, or none."""

KINDS = tuple(NameKind)


def select_named(bearing: Bearing) -> tuple[Select[Any], ColumnElement[int]]:
    """All rows that count, as their id and a column for each of `KINDS`; and the id, to narrow by."""
    ads, stated = table_of(PublicAd).c, table_of(AdvertiserSpend).c
    filed, registered = table_of(Disclosure).c, table_of(Committee).c
    advertiser = table_of(AdvertiserName).c
    match bearing:
        case Bearing.AD:
            named = _lay_out(ads.id, ads.advertiser_name, ads.payer_name, ads.sponsor_name)
            return named.where(is_visible_by_default(PublicAd)), ads.id
        case Bearing.STATEMENT:
            named = _lay_out(stated.id, stated.advertiser_name, stated.payer_name)
            return named.where(stated.is_current, ~stated.is_withdrawn), stated.id
        case Bearing.FILING:
            named = _lay_out(
                filed.id, None, filed.payer_name, None, filed.payee_name, registered.name
            )
            return named.select_from(Disclosure).outerjoin(Committee, _has_filed()), filed.id
        case Bearing.ADVERTISER_NAME:
            return _lay_out(advertiser.id, advertiser.name), advertiser.id
        case Bearing.COMMITTEE:
            return _lay_out(registered.id, *[None] * 4, registered.name), registered.id


def _lay_out(id_: Column[int], *named: Column[str] | None) -> Select[Any]:
    """A row's id, and what it is named as each of `KINDS`."""
    names = {kind: column for kind, column in zip(KINDS, named, strict=False) if column is not None}
    columns: list[ColumnElement[Any]] = [id_.label("id")]
    columns += [names[kind].label(kind) if kind in names else null().label(kind) for kind in KINDS]
    return select(*columns)


def find_series(session: Session, statement_ids: Sequence[int]) -> list[int]:
    """Ids of all statements of the same series as some: a new one retires the one before it."""
    named, same = aliased(AdvertiserSpend), AdvertiserSpend
    of_series = and_(col(named.source) == same.source, col(named.series) == same.series)
    query = select(col(same.id)).join(named, of_series).where(col(named.id).in_(statement_ids))
    return list(session.connection().scalars(query.distinct()))


def find_filed(session: Session, committee_ids: Sequence[int], after: int, most: int) -> list[int]:
    """Ids of the filings of some committees, which bear their names, by rising id."""
    query = select(col(Disclosure.id)).join(Committee, _has_filed())
    query = query.where(col(Committee.id).in_(committee_ids), col(Disclosure.id) > after)
    return list(session.connection().scalars(query.order_by(col(Disclosure.id)).limit(most)))


def count_spellings(session: Session, bearing: Bearing) -> Iterator[tuple[NameKind, str, int]]:
    """How many rows of a table bear each spelling of each kind, counted from the rows themselves."""
    rows = select_named(bearing)[0].subquery()
    for kind in KINDS:
        spelling = rows.c[kind]
        query = select(spelling, func.count()).where(spelling.is_not(None)).group_by(spelling)
        for name, count in session.connection().execute(query):
            yield kind, name, count


def _has_filed() -> ColumnElement[bool]:
    """Whether a filing is one of a committee."""
    filed = Disclosure
    return and_(col(Committee.source) == filed.source, col(Committee.ref) == filed.committee_ref)
