"""The days of a question that names none and cannot be answered without: the first and the last one known."""

from dataclasses import replace
from datetime import UTC, date, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from archive.models import AdvertiserSpend, Run
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.past_money import statements_at
from archive.records import Grain
from archive.spending.days import ad_days, name_day
from archive.spending.items import ad_conditions, statement_conditions
from archive.spending.periods import ONE_DAY
from archive.spending.query import (
    EARLIEST,
    MOST_DAYS_SPLIT,
    PERIODS,
    SpendBasis,
    SpendBy,
    SpendQuery,
)
from archive.spending.summary import StatedDays


def fill_period(session: Session, query: SpendQuery) -> SpendQuery:
    """The question with the days from the first to the last one known, where it needs some and names none.

    Ads: from the first start to the last end; one without an end is known until it last changed. By day, the
    last days that can be split. Nothing after the last run, and nothing where none was.
    """
    if not _lacks_days(query) or (last_known := _find_last_known(session, query)) is None:
        return query
    days = _list_ad_days(session, query)
    if query.measure is SpendMeasure.REPORTED:
        stated = list_stated_days(session, statements_at(query.moment), query)
        days = [day for one in stated for day in (one.first_on, one.last_on) if day]
    last_on = min(max(days, default=last_known), last_known)
    first_on = max(min([*days, last_on]), EARLIEST)
    if query.by is SpendBy.DAY:
        first_on = max(first_on, last_on - timedelta(days=MOST_DAYS_SPLIT - 1))
    return replace(query, from_on=first_on, to_on=last_on)


def _find_last_known(session: Session, query: SpendQuery) -> date | None:
    """The last day of which a source has said anything."""
    clocks = query.moment.limit_clocks(col(Run.ended_at), col(Run.observed_at))
    newest = select(func.max(Run.observed_at)).where(*clocks)
    if query.source is not None:
        newest = newest.where(col(Run.source) == query.source)
    observed_at = session.connection().execute(newest).scalar_one()
    return observed_at.astimezone(UTC).date() if observed_at else None


def _lacks_days(query: SpendQuery) -> bool:
    if query.from_on or query.to_on:
        return False
    if query.measure is SpendMeasure.REPORTED:
        return query.by is SpendBy.MONTH
    is_split = query.by in PERIODS or query.basis in (SpendBasis.BOUNDS, SpendBasis.ESTIMATE)
    return query.measure is SpendMeasure.ADS and is_split


def _list_ad_days(session: Session, query: SpendQuery) -> list[date]:
    """The first and the last day of the ads asked about, of each range of them."""
    days: list[date | None] = []
    for ads in ads_at(session, query.moment) if query.measure is SpendMeasure.ADS else ():
        started, ended = ad_days(session, ads)
        ended = func.coalesce(ended, name_day(session, ads.last_changed_at))
        known = select(func.min(started), func.max(started), func.max(ended))
        where = (started.is_not(None), *ad_conditions(session, ads, query))
        days += session.connection().execute(known.where(*where)).one()
    return [day for day in days if day is not None]


def find_span(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery
) -> tuple[date, date] | None:
    """The whole weeks in which statements of the grain asked for lie; `None`: there are none."""
    days = [s for s in list_stated_days(session, stated, query) if s.grain is query.grain]
    first_on = min((s.first_on for s in days if s.first_on), default=None)
    last_on = max((s.last_on for s in days if s.last_on), default=None)
    if first_on is None or last_on is None:
        return None
    return first_on - ONE_DAY * first_on.weekday(), last_on + ONE_DAY * (6 - last_on.weekday())


def list_stated_days(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery
) -> list[StatedDays]:
    """Which statements there are of what is asked about, whatever their days."""
    rows = session.connection().execute(
        select(
            col(stated.source),
            col(stated.grain),
            func.count(),
            func.min(col(stated.period_start_on)),
            func.max(col(stated.period_end_on)),
        )
        .where(*statement_conditions(session, stated, query))
        .group_by(col(stated.source), col(stated.grain))
        .order_by(col(stated.source), col(stated.grain))
    )
    return [
        StatedDays(source=s, grain=Grain(g), statements=n, first_on=first_on, last_on=last_on)
        for s, g, n, first_on, last_on in rows
    ]
