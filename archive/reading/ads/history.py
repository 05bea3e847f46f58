"""An ad's history for readers: its versions with their differences, its numbers, its vanished periods.

Rows stand in the order of observation; a moment leaves out what was learned or said later.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from archive.models import AdMetric, AdVersion, VanishedPeriod
from archive.reading.ads.ads import find_ad_row, list_redactions
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import read_return
from archive.reading.views import FieldChange, MetricView, VanishedPeriodView, VersionView


def list_versions(session: Session, ad_id: str, moment: Moment = NOW) -> list[VersionView]:
    """Every version of an ad, oldest observation first, each with what it changed.

    Raises:
        NotFoundError: if the archive does not hold the ad, or did not at the moment.
    """
    ad = find_ad_row(session, ad_id, moment)
    query = select(AdVersion).where(AdVersion.ad_id == ad.id, *moment.limit(AdVersion))
    redactions = list_redactions(session, ad.id)
    views: list[VersionView] = []
    for row in session.exec(query.order_by(col(AdVersion.observed_at), col(AdVersion.seq))):
        changes = compare_contents(views[-1].content, row.content) if views else []
        beside = {
            "changes": changes,
            "redactions": redactions,
            "content_sha256": row.shown_sha256,
        }
        views.append(VersionView.model_validate(row, update=beside))
    return views


def compare_contents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields in which two contents differ, by name; reasons for missing values are left out."""
    names = sorted((before.keys() | after.keys()) - {"missing"})
    return [
        FieldChange(field=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def list_metrics(session: Session, ad_id: str, moment: Moment = NOW) -> list[MetricView]:
    """The numbers of an ad over time, oldest observation first; a row only where they moved.

    Raises:
        NotFoundError: if the archive does not hold the ad, or did not at the moment.
    """
    of_ad = AdMetric.ad_id == find_ad_row(session, ad_id, moment).id
    query = select(AdMetric).where(of_ad, *moment.limit(AdMetric))
    rows = session.exec(query.order_by(col(AdMetric.observed_at), col(AdMetric.seq)))
    return [MetricView.model_validate(row) for row in rows]


def list_vanished_periods(
    session: Session, ad_id: str, moment: Moment = NOW
) -> list[VanishedPeriodView]:
    """The periods in which complete runs did not find an ad, oldest first.

    Raises:
        NotFoundError: if the archive does not hold the ad, or did not at the moment.
    """
    query = select(VanishedPeriod).where(
        VanishedPeriod.ad_id == find_ad_row(session, ad_id, moment).id
    )
    return [
        VanishedPeriodView(
            last_seen_at=row.last_seen_at,
            missed_at=row.missed_at,
            recorded_at=row.recorded_at,
            returned_at=read_return(row, moment),
        )
        for row in session.exec(query.order_by(col(VanishedPeriod.missed_at)))
        if moment.includes(row.recorded_at, row.missed_at)
    ]
