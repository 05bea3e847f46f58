"""When an ad was last known to be there, and which times are of our reading only, for readers."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.models import AdMetric, AdVersion, Run
from archive.models.runs import RunKind
from archive.reading.ads.ads import find_ad_row
from archive.reading.ads.history import list_vanished_periods
from archive.reading.as_of.moment import NOW, Moment


def read_last_seen(session: Session, ad_id: str, moment: Moment = NOW) -> datetime:
    """The newest time at which the ad is known to have been at its source.

    That is when the source last said anything new of it, or the newest complete run of its partition,
    unless that run missed it. Runs that may have left it out tell nothing.

    Raises:
        NotFoundError: if the archive does not hold the ad.
        ValueError: if it did not know of the ad at the moment.
    """
    ad = find_ad_row(session, ad_id)
    times: list[datetime | None] = []
    for table in (AdVersion, AdMetric):
        query = select(func.max(table.observed_at)).where(table.ad_id == ad.id)
        times.append(session.exec(query.where(*moment.limit(table))).one())
    vanished_periods = list_vanished_periods(session, ad_id, moment)
    if vanished_periods and vanished_periods[-1].returned_at is None:
        times.append(vanished_periods[-1].last_seen_at)
    else:
        times.append(_read_last_sweep(session, ad.source, ad.partition, moment))
    return max(time for time in times if time is not None)


def _read_last_sweep(
    session: Session, source: str, partition: str, moment: Moment
) -> datetime | None:
    query = select(func.max(Run.observed_at)).where(
        Run.source == source, Run.partition == partition, col(Run.complete).is_(True)
    )
    return session.exec(
        query.where(*moment.limit_clocks(col(Run.ended_at), col(Run.observed_at)))
    ).one()


def find_undated_runs(session: Session, run_ids: Collection[int]) -> set[int]:
    """Of these runs, those whose file does not say when the source had said it; nor did anybody."""
    undated = select(Run.id).where(col(Run.id).in_(run_ids), Run.observed_how == RunKind.IMPORT)
    return {run_id for run_id in session.exec(undated) if run_id is not None}


def list_import_times(session: Session, source: str) -> frozenset[datetime]:
    """Observation times at a source that only say when a file was read here.

    The file did not say when the source had said it, and nobody declared it.
    """
    query = select(Run.observed_at).where(Run.source == source, Run.observed_how == RunKind.IMPORT)
    return frozenset(session.exec(query))
