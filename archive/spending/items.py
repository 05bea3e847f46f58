"""The items of each measure as SQL: what counts, its key, its amount, its dates.

Ads, statements and filings are handed in as tables, or as what stands in their place at a moment.
"""

from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlmodel import Session, SQLModel, col

from archive.models import AdvertiserSpend, Committee, Disclosure, PublicAd
from archive.reading.json_lists import list_holds
from archive.reading.visible import is_visible_by_default
from archive.records import Grain
from archive.records.days import shift_day
from archive.spending.days import lay_out_last_seen, name_ad_days, name_days
from archive.spending.periods import ONE_DAY
from archive.spending.query import PERIODS, SpendBy, SpendQuery
from archive.spending.rounding import name_rounding, widen_lower, widen_upper

SEVERAL = "several"
"""Key of items shown in several countries whose money the source does not split."""

ALL = "all"
"""Key of the only group when nothing is split."""

NAMED = ("source", "platform", "currency", "advertiser_id")
"""Filters of a question that are columns of ads and statements."""

Columns = list[ColumnElement[Any]]

Key = tuple[Any, str | None]
"""An SQL expression, and the field whose missing reason says why it has no value."""

Item = TypeVar("Item", PublicAd, AdvertiserSpend, Disclosure)


def list_ad_amounts(session: Session, ads: type[PublicAd], query: SpendQuery) -> Select[Any]:
    """Every ad asked for, with the newest range of its whole life."""
    undated = ad_is_undated(ads)
    conditions = ad_conditions(session, ads, query)
    seen = lay_out_last_seen(session, ads, query, *conditions) if query.convert_to else None
    placed = and_(~undated, ad_touches(ads, query)) if query.has_period else literal(value=True)
    listed = select(
        *ad_keys(ads, query),
        *name_ad_days(session, ads, query, seen),
        col(ads.spend_lower_minor).label("lower"),
        col(ads.spend_upper_minor).label("upper"),
        _flag(placed).label("is_placed"),
        _flag(undated).label("is_undated"),
        *name_rounding(),
    ).where(*conditions)
    if seen is not None:
        listed = listed.select_from(ads).outerjoin(seen, seen.c.id == col(ads.id))
    return listed.where(or_(placed, undated)) if query.has_period else listed


def list_statements(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery, grain: Grain
) -> Select[Any]:
    """What sources state for advertisers in one grain; with a period, by its own days or weeks.

    By region, the parts of whole lives stand in the place of the whole, never beside it. A week that the
    period cuts may have spent all or nothing inside it: it counts from 0 to its whole. What is rounded
    counts from half a step below to half a step above.
    """
    is_dated = query.has_period or query.by in PERIODS
    start, end = col(stated.period_start_on), col(stated.period_end_on)
    amount = widen_lower(stated)
    undated = start.is_(None) if is_dated else literal(value=False)
    lower: ColumnElement[Any] = type_coerce(amount, BigInteger)
    conditions = [col(stated.grain) == grain, *statement_conditions(session, stated, query)]
    if query.from_on and query.to_on:
        conditions.append(or_(undated, and_(start <= query.to_on, end >= query.from_on)))
        inside = and_(start >= query.from_on, end <= query.to_on)
        lower = case((or_(inside, amount.is_(None)), amount), else_=0)
    return select(
        *statement_keys(stated, query),
        *name_days(session, query, (start, end), stated.observed_at),
        lower.label("lower"),
        widen_upper(stated).label("upper"),
        _flag(~undated).label("is_placed"),
        _flag(undated).label("is_undated"),
        *name_rounding(stated),
    ).where(*conditions)


def statement_keys(stated: type[AdvertiserSpend], query: SpendQuery) -> Columns:
    """Key, reason, source and currency of statements."""
    return _keys(stated, _statement_key(stated, query.by))


def statement_conditions(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery
) -> list[ColumnElement[bool]]:
    """Which statements are asked about."""
    conditions = _equal(stated, query, NAMED) + _name_payer(stated, query)
    if query.country is not None:
        conditions.append(list_holds(session, stated.countries, query.country))
    return conditions


def list_filed_rows(session: Session, filed: type[Disclosure], query: SpendQuery) -> Select[Any]:
    """Filed expenditures by the published rule: no memo rows, no notices, each report as last filed."""
    day = col(filed.spent_on)
    undated = day.is_(None)
    conditions = [
        col(filed.is_memo).is_(False),
        col(filed.is_notice).is_(False),
        col(filed.is_superseded).is_(False),
        col(filed.is_withdrawn).is_(False),
        *_equal(filed, query, ("source", "currency")),
    ]
    if query.payer is not None:
        registered = select(name_filer(Committee.source, Committee.ref)).where(
            col(Committee.name).in_(query.payer)
        )
        is_registered = name_filer(filed.source, filed.committee_ref).in_(registered)
        conditions.append(or_(*_name_payer(filed, query), is_registered))
    if query.from_on and query.to_on:
        conditions.append(or_(undated, day.between(query.from_on, query.to_on)))
    return select(
        *_keys(filed, _filing_key(filed, query.by)),
        *name_days(session, query, (day, day), filed.observed_at),
        col(filed.amount_minor).label("lower"),
        col(filed.amount_minor).label("upper"),
        (_flag(~undated) if query.has_period else literal(1)).label("is_placed"),
        _flag(undated).label("is_undated"),
        *name_rounding(),
    ).where(*conditions)


def ad_keys(ads: type[PublicAd], query: SpendQuery) -> Columns:
    """Key, reason, source and currency of ads."""
    return _keys(ads, _ad_key(ads, query.by))


def name_filer(source: Any, ref: Any) -> ColumnElement[str]:  # noqa: ANN401 (mapped columns)
    """Our id of who filed: the source and its id of the committee."""
    return col(source) + ":" + col(ref)


def ad_conditions(
    session: Session, ads: type[PublicAd], query: SpendQuery
) -> list[ColumnElement[bool]]:
    """Which ads are asked about."""
    conditions = _equal(ads, query, NAMED) + _name_payer(ads, query)
    if query.country is not None:
        conditions.append(list_holds(session, ads.countries, query.country))
    if query.include is None:
        conditions.append(is_visible_by_default(ads, query.moment))
    return conditions


def ad_is_undated(ads: type[PublicAd]) -> ColumnElement[bool]:
    """Ads whose start nobody stated: no period can be asked of them."""
    return and_(col(ads.started_on).is_(None), col(ads.started_at).is_(None))


def ad_touches(ads: type[PublicAd], query: SpendQuery) -> ColumnElement[bool]:
    """Ads whose run touches the period; one without an end may still be running."""
    if query.from_on is None or query.to_on is None:
        return literal(value=True)
    return and_(_starts_by(ads, query.to_on), _ends_from(ads, query.from_on))


def may_touch(ads: type[PublicAd], query: SpendQuery) -> ColumnElement[bool]:
    """Ads that can have started by the end of the period, wherever on earth.

    Which end counts as one, only an ad's snapshots tell: a plan ends nothing.
    """
    if query.to_on is None:
        return literal(value=True)
    return _starts_by(ads, shift_day(query.to_on, ONE_DAY))


def _starts_by(ads: type[PublicAd], to_on: date) -> ColumnElement[bool]:
    start_on, start_at = col(ads.started_on), col(ads.started_at)
    closes_at = datetime.combine(to_on, time.max, UTC)
    return or_(start_on <= to_on, and_(start_on.is_(None), start_at <= closes_at))


def _ends_from(ads: type[PublicAd], from_on: date) -> ColumnElement[bool]:
    end_on, end_at = col(ads.ended_on), col(ads.ended_at)
    opens_at = datetime.combine(from_on, time(), UTC)
    return or_(
        end_on >= from_on,
        and_(end_on.is_(None), or_(end_at.is_(None), end_at >= opens_at)),
        # An end before the start is none.
        col(ads.dates_contradict),
    )


def _keys(table: type[Item], key: Key) -> Columns:
    expression, field = key
    reason = type_coerce(table.missing, JSON)[field].as_string() if field else null()
    return [
        expression.label("key"),
        cast(reason, String).label("reason"),
        col(table.source).label("source"),
        col(table.currency).label("currency"),
    ]


def _ad_key(ads: type[PublicAd], by: SpendBy | None) -> Key:
    if by in PERIODS:
        # Windows are reckoned ad by ad; an ad without dates lies in none.
        return null(), "started_on"
    return _shared_key(ads, by)


def _statement_key(stated: type[AdvertiserSpend], by: SpendBy | None) -> Key:
    if by in PERIODS:
        return cast(stated.period_start_on, String), "period_start_on"
    if by is SpendBy.REGION:
        return type_coerce(stated.countries, JSON)[1].as_string(), None
    return _shared_key(stated, by)


def _shared_key(table: type[PublicAd | AdvertiserSpend], by: SpendBy | None) -> Key:
    match by:
        case SpendBy.PAYER:
            return col(table.payer_name), "payer_name"
        case SpendBy.ADVERTISER:
            return col(table.advertiser_id), "advertiser_name"
        case SpendBy.PLATFORM:
            return col(table.platform), None
        case SpendBy.COUNTRY:
            return _single(table.countries), "countries"
        case SpendBy.ELECTION:
            return col(table.election_name), "election_name"
        case _:
            return literal(ALL), None


def _filing_key(filed: type[Disclosure], by: SpendBy | None) -> Key:
    match by:
        case SpendBy.PAYER:
            return name_filer(filed.source, filed.committee_ref), None
        case SpendBy.PAYEE:
            return col(filed.payee_name), "payee_name"
        case SpendBy.PURPOSE:
            return col(filed.purpose), "purpose"
        case SpendBy.ELECTION:
            return col(filed.election_name), "election_name"
        case None:
            return literal(ALL), None
        case _:
            return cast(filed.spent_on, String), "spent_on"


def _single(column: Any) -> ColumnElement[Any]:  # noqa: ANN401 (a mapped column)
    """The only item of a JSON list, `several` if there are more, nothing if there is none."""
    length = func.json_array_length(column)
    only = type_coerce(column, JSON)[0].as_string()
    return case((length == 0, null()), (length == 1, only), else_=SEVERAL)


def _equal(
    table: type[SQLModel], query: SpendQuery, names: tuple[str, ...]
) -> list[ColumnElement[bool]]:
    given = {name: getattr(query, name) for name in names}
    return [
        col(getattr(table, name)) == value for name, value in given.items() if value is not None
    ]


def _name_payer(
    table: type[PublicAd | AdvertiserSpend | Disclosure], query: SpendQuery
) -> list[ColumnElement[bool]]:
    return [] if query.payer is None else [col(table.payer_name).in_(query.payer)]


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, literal(1, Integer)), else_=literal(0, Integer))
