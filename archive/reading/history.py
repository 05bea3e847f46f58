"""An ad's history for readers: its versions with their differences, its numbers, its absences.

Rows stand in the order of observation; `as_of` leaves out what this archive learned later.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from archive.models import AdAbsence, AdMetric, AdVersion
from archive.reading.ads import find_ad_row
from archive.reading.views import AbsenceView, FieldChange, MetricView, VersionView


def list_versions(session: Session, ad_id: str, as_of: datetime | None = None) -> list[VersionView]:
    """Every version of an ad, oldest observation first, each with what it changed.

    Raises:
        NotFoundError: if the archive does not hold the ad.
    """
    query = select(AdVersion).where(AdVersion.ad_id == find_ad_row(session, ad_id).id)
    if as_of is not None:
        query = query.where(col(AdVersion.recorded_at) <= as_of)
    views: list[VersionView] = []
    for row in session.exec(query.order_by(col(AdVersion.observed_at), col(AdVersion.seq))):
        changes = compare_contents(views[-1].content, row.content) if views else []
        views.append(VersionView.model_validate(row, update={"changes": changes}))
    return views


def compare_contents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields in which two contents differ, by name; reasons for missing values are left out."""
    names = sorted((before.keys() | after.keys()) - {"missing"})
    return [
        FieldChange(field=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def list_metrics(session: Session, ad_id: str, as_of: datetime | None = None) -> list[MetricView]:
    """The numbers of an ad over time, oldest observation first; a row only where they moved.

    Raises:
        NotFoundError: if the archive does not hold the ad.
    """
    query = select(AdMetric).where(AdMetric.ad_id == find_ad_row(session, ad_id).id)
    if as_of is not None:
        query = query.where(col(AdMetric.recorded_at) <= as_of)
    rows = session.exec(query.order_by(col(AdMetric.observed_at), col(AdMetric.seq)))
    return [MetricView.model_validate(row) for row in rows]


def list_absences(session: Session, ad_id: str, as_of: datetime | None = None) -> list[AbsenceView]:
    """The stretches in which complete looks did not find an ad, oldest first.

    Raises:
        NotFoundError: if the archive does not hold the ad.
    """
    query = select(AdAbsence).where(AdAbsence.ad_id == find_ad_row(session, ad_id).id)
    rows = session.exec(query.order_by(col(AdAbsence.missed_at))).all()
    return [_show_absence(row, as_of) for row in rows if as_of is None or row.recorded_at <= as_of]


def _show_absence(row: AdAbsence, as_of: datetime | None) -> AbsenceView:
    back = row.returned_recorded_at
    is_known_back = back is not None and (as_of is None or back <= as_of)
    return AbsenceView(
        last_seen_at=row.last_seen_at,
        missed_at=row.missed_at,
        recorded_at=row.recorded_at,
        returned_at=row.returned_at if is_known_back else None,
    )
