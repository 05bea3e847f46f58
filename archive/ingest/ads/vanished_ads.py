"""Ads that complete runs no longer find, and those that come back.

Only a complete sweep of a known partition may say that an ad has vanished, and only of ads last seen
in that partition. The interval between the last run that saw it and the first that did not is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import except_, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from archive.models import Ad, PublicAd, Run, VanishedPeriod
from archive.models.changes import ChangeKind
from archive.runs.lease import RunLease
from archive.runs.sightings import (
    find_first_after,
    find_last_before,
    lay_out_seen,
)
from archive.store.batches import cut_batches
from archive.store.bulk import find_storing, insert_rows, table_of, update_rows
from archive.store.changes import append_changes

VANISHED_NAMES = (
    *("ad_id", "last_seen_at", "missed_at", "recorded_at"),
    *("returned_at", "returned_recorded_at"),
)


def mark_vanished(session: Session, lease: RunLease, now: datetime) -> int:
    """Close a complete sweep: ads of its partition that it did not see have vanished.

    Returns how many it missed. Ads first observed after this run are left alone; those that a newer
    look saw have been away for a while and are there. What this run says of an ad that is known to be
    away already is kept by the vanished period that says so.
    """
    gone = find_gone(session, lease)
    source, at = lease.source, lease.observed_at
    seen_before = find_last_before(session, source, ChangeKind.AD_CONTENT, gone, at)
    seen_after = find_first_after(session, source, ChangeKind.AD_CONTENT, gone, at)
    _open_vanished_periods(session, dict.fromkeys(gone, at), seen_before, seen_after, now)
    states = {ad_id: None if ad_id in seen_after else at for ad_id in gone}
    _set_states(session, states, now)
    append_changes(session, ChangeKind.AD_STATE, gone, now)
    return len(gone)


def find_gone(session: Session, lease: RunLease) -> list[int]:
    """Ads last seen in the run's partition that it did not see, by rising id."""
    present = select_columns(table_of(Ad).c.id).where(
        col(Ad.source) == lease.source,
        col(Ad.partition) == lease.partition,
        col(Ad.vanished_at).is_(None),
        col(Ad.first_observed_at) <= lease.observed_at,
    )
    seen = lay_out_seen(session, lease.run_id, ChangeKind.AD_CONTENT, ChangeKind.AD_REFUSED)
    missed = except_(present, select_columns(seen.c.id))
    return sorted(session.connection().execute(missed).scalars())


def note_returns(session: Session, lease: RunLease, ad_ids: Collection[int], now: datetime) -> None:
    """Note that ads which had vanished were there again when this run was taken.

    Where a newer complete run missed them all the same, they have vanished again.
    """
    ids = sorted(ad_ids)
    for some in cut_batches(ids):
        is_open = (col(VanishedPeriod.ad_id).in_(some), col(VanishedPeriod.returned_at).is_(None))
        returned = {"returned_at": lease.observed_at, "returned_recorded_at": now}
        session.connection().execute(update(VanishedPeriod).where(*is_open).values(**returned))
    _set_states(session, dict.fromkeys(ids), now)
    append_changes(session, ChangeKind.AD_STATE, ids, now)
    note_missed_since(session, lease, ids, now)


def note_missed_since(session: Session, lease: RunLease, ids: Sequence[int], now: datetime) -> None:
    """Note which of the ads last seen by this run have vanished: a newer complete run missed them."""
    missed = _find_missed(session, lease, ids)
    _open_vanished_periods(session, missed, dict.fromkeys(missed, lease.observed_at), {}, now)
    _set_states(session, missed, now)
    append_changes(session, ChangeKind.AD_STATE, sorted(missed), now)


def _find_missed(session: Session, lease: RunLease, ids: Sequence[int]) -> dict[int, datetime]:
    """The ads that complete runs newer than this one did not find, each with the first of these."""
    missed: dict[int, datetime] = {}
    for some in cut_batches(ids):
        query = (
            select(Ad.id, Run.observed_at)
            .join(Run, (col(Run.source) == Ad.source) & (col(Run.partition) == Ad.partition))
            .where(
                col(Ad.id).in_(some),
                col(Run.complete).is_(True),
                col(Run.observed_at) > lease.observed_at,
            )
            .order_by(col(Run.observed_at))
        )
        for ad_id, observed_at in session.exec(query):
            missed.setdefault(ad_id, observed_at)
    return missed


def _open_vanished_periods(
    session: Session,
    missed: Mapping[int, datetime],
    seen_before: Mapping[int, datetime],
    seen_after: Mapping[int, datetime],
    now: datetime,
) -> None:
    """Add a vanished period for each missed ad; closed where it was seen after."""
    storing = find_storing(session)
    recorded_at = storing.time(now)
    rows = [
        (
            *(ad_id, storing.time(seen_before.get(ad_id)), storing.time(missed_at), recorded_at),
            *(storing.time(seen_after.get(ad_id)), recorded_at if ad_id in seen_after else None),
        )
        for ad_id, missed_at in missed.items()
    ]
    insert_rows(session, table_of(VanishedPeriod), VANISHED_NAMES, rows)


def _set_states(session: Session, vanished: Mapping[int, datetime | None], now: datetime) -> None:
    """Say since when each of the ads is away; `None`: it is there."""
    storing = find_storing(session)
    identity_rows = [(ad_id, storing.time(at)) for ad_id, at in vanished.items()]
    update_rows(session, table_of(Ad), ("id", "vanished_at"), identity_rows)
    public = [
        (ad_id, "vanished" if at else "seen", storing.time(at), storing.time(now))
        for ad_id, at in vanished.items()
    ]
    columns = ("id", "state", "vanished_at", "recorded_at")
    update_rows(session, table_of(PublicAd), columns, public)
