"""Sums over ads for a period: each ad's snapshots bound what it spent in each window, ad by ad.

Ads are read one after the other in the order of their ids, never all at once. A run that found an
ad's numbers unmoved leaves no row, so bounds may be wider than need be, never narrower.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Row, and_, select
from sqlmodel import Session, col

from archive.models import AdMetric, PublicAd
from archive.spending.items import ad_conditions, ad_is_undated, ad_keys, ad_touches
from archive.spending.periods import PeriodSlice, split_period
from archive.spending.query import PERIODS, SpendQuery
from archive.spending.sums import AmountSum, SourceSum, SumKey, read_reason
from archive.spending.windows import (
    Snapshot,
    SpendCurve,
    bound_window,
    draw_curve,
    estimate_window,
)

ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class DatedAd:
    """What the reckoning needs of one ad; `curve` `None`: no amount is known."""

    about: SumKey
    source: str
    start_on: date | None
    end_on: date | None
    curve: SpendCurve | None


def sum_ad_windows(session: Session, ads: type[PublicAd], query: SpendQuery) -> Iterator[SourceSum]:
    """Bounds and estimates of every dated ad in each window of the period, one row an ad and window.

    Raises:
        ValueError: if the query has no period.
    """
    if query.from_on is None or query.to_on is None:
        raise ValueError("windows need a period")
    by = query.by if query.by in PERIODS else None
    whole = [PeriodSlice("", query.from_on, query.to_on)]
    period_slices = list(split_period(by, query.from_on, query.to_on)) if by else whole
    for ad in read_dated_ads(session, ads, query):
        for period_slice in _within_run(period_slices, ad):
            about = SumKey(period_slice.key, None, ad.about.currency) if by else ad.about
            if query.convert_to:
                about = add_days(about, ad, period_slice)
            yield SourceSum(about, ad.source, sum_ad(ad.curve, period_slice))


def add_days(about: SumKey, ad: DatedAd, period_slice: PeriodSlice) -> SumKey:
    """The same, with the days on which the ad ran inside a window."""
    return replace(
        about,
        first_on=max(ad.start_on or period_slice.first_on, period_slice.first_on),
        last_on=min(ad.end_on or period_slice.last_on, period_slice.last_on),
    )


def sum_ad(curve: SpendCurve | None, period_slice: PeriodSlice) -> AmountSum:
    """One ad's part in a window."""
    if curve is None:
        return AmountSum(items=1, unknown_count=1)
    bounds = bound_window(curve, period_slice.first_on, period_slice.last_on)
    return AmountSum(
        lower=bounds.lower,
        upper=bounds.upper or 0,
        items=1,
        open_count=bounds.upper is None,
        revised_count=curve.is_revised,
        estimate=estimate_window(curve, period_slice.first_on, period_slice.last_on),
    )


def read_dated_ads(session: Session, ads: type[PublicAd], query: SpendQuery) -> Iterator[DatedAd]:
    """The ads whose run touches the period, with their snapshots, in the order of their ids.

    Only snapshots that count at the query's moment.
    """
    of_ad = and_(
        col(AdMetric.ad_id) == col(ads.id),
        *query.moment.limit(AdMetric),
        # An amount in another currency than the ad's current one says nothing about this one.
        col(AdMetric.currency).is_not_distinct_from(col(ads.currency)),
    )
    dates = ("started_on", "ended_on", "started_at", "ended_at", "day_zone")
    numbers = ("observed_at", "spend_lower_minor", "spend_upper_minor")
    rows = session.connection().execute(
        select(
            col(ads.id).label("ad_id"),
            *ad_keys(ads, query),
            *(col(getattr(ads, name)).label(name) for name in dates),
            *(col(getattr(AdMetric, name)).label(name) for name in numbers),
        )
        .join(AdMetric, of_ad)
        .where(~ad_is_undated(ads), ad_touches(ads, query), *ad_conditions(session, ads, query))
        .order_by(col(ads.id), col(AdMetric.observed_at), col(AdMetric.seq)),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    for _, of_one in groupby(rows, key=lambda row: row.ad_id):
        yield _read_ad(list(of_one))


def _read_ad(rows: Sequence[Row[Any]]) -> DatedAd:
    row = rows[0]
    zone = _find_zone(row.day_zone)
    start_on = row.started_on or _day_of(row.started_at, zone)
    end_on = row.ended_on or _day_of(row.ended_at, zone)
    snapshots = [
        Snapshot(r.observed_at.astimezone(zone).date(), r.spend_lower_minor, r.spend_upper_minor)
        for r in rows
        if r.spend_lower_minor is not None
    ]
    curve = draw_curve(start_on, end_on, snapshots) if snapshots else None
    about = SumKey(row.key, read_reason(row.key, row.reason), row.currency)
    return DatedAd(about, row.source, start_on, end_on, curve)


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _day_of(instant: datetime | None, zone: ZoneInfo) -> date | None:
    return instant.astimezone(zone).date() if instant else None


def _within_run(period_slices: Sequence[PeriodSlice], ad: DatedAd) -> Iterator[PeriodSlice]:
    """The windows in which the ad can have spent anything."""
    for period_slice in period_slices:
        started = ad.start_on is None or ad.start_on <= period_slice.last_on
        if started and (ad.end_on is None or ad.end_on >= period_slice.first_on):
            yield period_slice
