"""Ads as the archive knew them at an earlier time, put together from versions, numbers and absences.

Of what was recorded by then, the observation with the newest `observed_at` was current (a late arrival
of old words never was); among equals the one learned last.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from archive.batches import cut_batches
from archive.identity import public_id
from archive.models import Ad, AdAbsence, AdMetric, AdVersion
from archive.projection import NUMBER_FIELDS, project_record
from archive.reading.views import AdItem
from archive.records import AdRecord

Row = TypeVar("Row", AdVersion, AdMetric, AdAbsence)


def restore_ads(session: Session, ads: Sequence[Ad], as_of: datetime) -> Iterator[AdItem]:
    """These ads as known at `as_of`, in the given order; those not known by then are left out."""
    ids = [ad.id for ad in ads]
    versions = _rows_by_ad(session, AdVersion, ids, as_of)
    metrics = _rows_by_ad(session, AdMetric, ids, as_of)
    absences = _rows_by_ad(session, AdAbsence, ids, as_of)
    for ad in ads:
        if ad.id in versions and ad.id in metrics:
            yield _restore(ad, versions[ad.id], metrics[ad.id], absences.get(ad.id, []), as_of)


def _rows_by_ad(
    session: Session, table: type[Row], ids: Sequence[int], as_of: datetime
) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for some in cut_batches(ids):
        query = select(table).where(col(table.ad_id).in_(some), col(table.recorded_at) <= as_of)
        for row in session.exec(query.order_by(col(table.id))):
            found.setdefault(row.ad_id, []).append(row)
    return found


def _restore(
    ad: Ad,
    versions: list[AdVersion],
    metrics: list[AdMetric],
    absences: list[AdAbsence],
    as_of: datetime,
) -> AdItem:
    version, metric = _pick_current(versions), _pick_current(metrics)
    missed_at = _open_absence(absences, as_of)
    learned = [row.recorded_at for row in versions]
    learned += [row.recorded_at for row in metrics]
    learned += [row.recorded_at for row in absences]
    learned += [
        a.returned_recorded_at
        for a in absences
        if a.returned_recorded_at and a.returned_recorded_at <= as_of
    ]
    return AdItem(
        **_project(ad, version, metric),
        id=public_id(ad.source, ad.ref),
        state="vanished" if missed_at else "seen",
        versions=len(versions),
        content_sha256=version.content_sha256,
        first_seen_at=min(row.observed_at for row in versions),
        last_changed_at=max(version.observed_at, metric.observed_at),
        vanished_at=missed_at,
        recorded_at=max(learned),
    )


Dated = TypeVar("Dated", AdVersion, AdMetric)


def _pick_current(rows: Sequence[Dated]) -> Dated:
    return max(rows, key=lambda row: (row.observed_at, row.seq))


def _open_absence(absences: Sequence[AdAbsence], as_of: datetime) -> datetime | None:
    """Since when the ad was missed, if by then it had not come back."""
    for absence in absences:
        back = absence.returned_recorded_at
        if back is None or back > as_of:
            return absence.missed_at
    return None


def _project(ad: Ad, version: AdVersion, metric: AdMetric) -> dict[str, Any]:
    """The columns of the public view, by the very projection that ingest uses."""
    content = dict(version.content)
    content_missing = content.pop("missing", {})
    numbers = {name: getattr(metric, name) for name in NUMBER_FIELDS}
    record = AdRecord(**content, **numbers, missing=content_missing | metric.missing)
    values = project_record(ad.source, record)
    return {k: v for k, v in values.items() if k in AdItem.model_fields}
