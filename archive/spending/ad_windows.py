"""Sums over ads for a period: each ad's snapshots bound what it spent in each window, ad by ad.

Ads are read some at a time in the order of their ids, never all at once. A run that found an ad's
numbers unmoved leaves no row; its sightings tell.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Row, and_, select
from sqlmodel import Session, col

from archive.models import AdMetric, PublicAd, Run
from archive.models.changes import ChangeKind
from archive.models.runs import RunKind
from archive.runs.sightings import Spans, find_last_within
from archive.spending.items import ad_conditions, ad_is_undated, ad_keys, may_touch
from archive.spending.periods import PeriodSlice, slice_period
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
ADS_AT_ONCE = 5000

LastSeen = dict[tuple[int, datetime], datetime]
"""By ad and the observation time of a metric row: the last run that found its numbers unmoved."""


@dataclass(frozen=True)
class DatedAd:
    """What the reckoning needs of one ad; `curve` `None`: no amount is known."""

    ad_id: int
    about: SumKey
    source: str
    start_on: date | None
    end_on: date | None
    """`None` also where the source named a day that was still to come."""
    curve: SpendCurve | None
    seen_on: date
    """When it was last known to be there."""


def sum_ad_windows(session: Session, ads: type[PublicAd], query: SpendQuery) -> Iterator[SourceSum]:
    """Bounds and estimates of every dated ad in each window of the period, one row an ad and window.

    Raises:
        ValueError: if the query has no period.
    """
    if query.from_on is None or query.to_on is None:
        raise ValueError("windows need a period")
    by = query.by if query.by in PERIODS else None
    period_slices = slice_period(query.by, query.from_on, query.to_on)
    for ad in read_dated_ads(session, ads, query):
        for period_slice in _within_run(period_slices, ad):
            about = SumKey(period_slice.key, None, ad.about.currency) if by else ad.about
            if query.convert_to:
                about = add_days(about, ad, period_slice)
            yield SourceSum(about, ad.source, sum_ad(ad.curve, period_slice))


def add_days(about: SumKey, ad: DatedAd, period_slice: PeriodSlice) -> SumKey:
    """The same, with the days on which the ad ran inside a window, as far as it was seen."""
    return replace(
        about,
        first_on=max(ad.start_on or period_slice.first_on, period_slice.first_on),
        last_on=min(ad.end_on or ad.seen_on, ad.seen_on, period_slice.last_on),
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
        settled_late_count=curve.is_settled_late,
        estimate=estimate_window(curve, period_slice.first_on, period_slice.last_on),
    )


def read_dated_ads(
    session: Session, ads: type[PublicAd], query: SpendQuery, *only: ColumnElement[bool]
) -> Iterator[DatedAd]:
    """The ads whose run may touch the period, with their snapshots, in the order of their ids.

    Only snapshots, and runs that saw them unmoved, that count at the query's moment.
    """
    undated_runs = _list_undated_runs(session)
    by_ad = _read_ad_rows(session, ads, query, *only)
    while some := list(islice(by_ad, ADS_AT_ONCE)):
        last_seen = _find_last_seen(session, query, some)
        for rows in some:
            yield _read_ad(rows, undated_runs, last_seen)


def _read_ad_rows(
    session: Session, ads: type[PublicAd], query: SpendQuery, *only: ColumnElement[bool]
) -> Iterator[list[Row[Any]]]:
    """The metric rows of each ad, in the order of observation, each beside what is asked of its ad."""
    dates = ("started_on", "ended_on", "started_at", "ended_at", "dates_contradict")
    numbers = ("observed_at", "spend_lower_minor", "spend_upper_minor", "run_id")
    rows = session.connection().execute(
        select(
            col(ads.id).label("ad_id"),
            *ad_keys(ads, query),
            *(col(getattr(ads, n)).label(f"ad_{n}") for n in (*dates, "day_zone", "currency")),
            *(col(getattr(AdMetric, name)).label(name) for name in numbers),
            col(AdMetric.currency).label("stated_currency"),
        )
        .join(AdMetric, and_(col(AdMetric.ad_id) == col(ads.id), *query.moment.limit(AdMetric)))
        .where(~ad_is_undated(ads), may_touch(ads, query), *only)
        .where(*ad_conditions(session, ads, query))
        .order_by(col(ads.id), col(AdMetric.observed_at), col(AdMetric.seq)),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    for _, of_one in groupby(rows, key=lambda row: row.ad_id):
        # Of several rows of one time the one learned last counts: the others were read wrongly.
        yield list({row.observed_at: row for row in of_one}.values())


def _list_undated_runs(session: Session) -> set[int]:
    """Runs of files that do not say when their source wrote them."""
    query = select(col(Run.id)).where(col(Run.observed_how) == RunKind.IMPORT)
    return {row.id for row in session.connection().execute(query)}


def _find_last_seen(
    session: Session, query: SpendQuery, ads: Sequence[Sequence[Row[Any]]]
) -> LastSeen:
    """For each ad and the observation time of each of its rows: the last run that found it unmoved."""
    spans: dict[str, Spans] = {}
    for rows in ads:
        ends = [*(row.observed_at for row in rows[1:]), None]
        of_ad = [(r.observed_at, end) for r, end in zip(rows, ends, strict=True)]
        spans.setdefault(rows[0].source, {})[rows[0].ad_id] = of_ad
    limits = query.moment.limit_clocks(col(Run.ended_at), col(Run.observed_at))
    found: LastSeen = {}
    for source, of_source in spans.items():
        found |= find_last_within(session, source, ChangeKind.AD_CONTENT, of_source, limits)
    return found


def _read_ad(rows: Sequence[Row[Any]], undated_runs: Set[int], last_seen: LastSeen) -> DatedAd:
    row = rows[0]
    zone = _find_zone(row.ad_day_zone)
    start_on = row.ad_started_on or _day_of(row.ad_started_at, zone)
    end_on = row.ad_ended_on or _day_of(row.ad_ended_at, zone)
    if row.ad_dates_contradict or (start_on and end_on and end_on < start_on):
        end_on = None
    snapshots = [
        Snapshot(
            r.observed_at.astimezone(zone).date(),
            r.spend_lower_minor,
            r.spend_upper_minor,
            _read_last_day(r, zone, undated_runs, last_seen),
        )
        for r in rows
        # An amount in another currency than the ad's current one says nothing about this one.
        if r.spend_lower_minor is not None and r.stated_currency == row.ad_currency
    ]
    curve = draw_curve(start_on, end_on, snapshots) if snapshots else None
    about = SumKey(row.key, read_reason(row.key, row.reason), row.currency)
    spoke_on = max(s.last_on or s.observed_on for s in snapshots) if snapshots else None
    is_planned = end_on is not None and spoke_on is not None and spoke_on <= end_on
    seen_on = max(
        _read_last_day(r, zone, undated_runs, last_seen) or r.observed_at.astimezone(zone).date()
        for r in rows
    )
    ends_on = None if is_planned else end_on
    return DatedAd(row.ad_id, about, row.source, start_on, ends_on, curve, seen_on)


def _read_last_day(
    row: Row[Any], zone: ZoneInfo, undated_runs: Set[int], last_seen: LastSeen
) -> date | None:
    seen_at = last_seen.get((row.ad_id, row.observed_at))
    if seen_at is None and row.run_id not in undated_runs:
        seen_at = row.observed_at
    return _day_of(seen_at, zone)


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
