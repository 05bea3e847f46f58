"""Ads that complete looks no longer find, and those that come back.

Only a complete sweep of a known partition may say that an ad has vanished, and only of ads last seen
in that partition. The interval between the last look that saw it and the first that did not is kept.
"""

from datetime import datetime
from itertools import chain

from sqlalchemy import update
from sqlmodel import Session, col, select

from archive.changes import append_changes
from archive.models import Ad, AdAbsence, PublicAd
from archive.models.changes import ChangeKind
from archive.runs import Look
from archive.sightings import find_last_before, read_seen


def mark_vanished(session: Session, look: Look, now: datetime) -> int:
    """Close a complete sweep: ads of its partition that it did not see have vanished.

    Returns how many. Ads first observed after this look are left alone.
    """
    gone = find_gone(session, look)
    last_seen = find_last_before(
        session, look.source, ChangeKind.AD_CONTENT, gone, look.observed_at
    )
    for ad_id in gone:
        absence = AdAbsence(
            ad_id=ad_id,
            last_seen_at=last_seen.get(ad_id),
            missed_at=look.observed_at,
            recorded_at=now,
        )
        session.add(absence)
        _set_state(session, ad_id, "vanished", look.observed_at, now)
    session.flush()
    append_changes(session, ChangeKind.AD_STATE, gone, now)
    return len(gone)


def find_gone(session: Session, look: Look) -> list[int]:
    """Ads last seen in the look's partition that it did not see, by rising id."""
    present = session.exec(
        select(Ad.id)
        .where(
            Ad.source == look.source,
            Ad.partition == look.partition,
            col(Ad.vanished_at).is_(None),
            col(Ad.first_observed_at) <= look.observed_at,
        )
        .order_by(col(Ad.id))
    )
    seen = set(chain.from_iterable(read_seen(session, look.run_id, ChangeKind.AD_CONTENT)))
    return [ad_id for ad_id in present if ad_id not in seen]


def note_returns(session: Session, look: Look, ad_ids: list[int], now: datetime) -> None:
    """Note that ads which had vanished are there again."""
    for ad_id in ad_ids:
        session.connection().execute(
            update(AdAbsence)
            .where(col(AdAbsence.ad_id) == ad_id, col(AdAbsence.returned_at).is_(None))
            .values(returned_at=look.observed_at, returned_recorded_at=now)
        )
        _set_state(session, ad_id, "seen", None, now)
    append_changes(session, ChangeKind.AD_STATE, ad_ids, now)


def _set_state(
    session: Session, ad_id: int, state: str, vanished_at: datetime | None, now: datetime
) -> None:
    session.connection().execute(
        update(Ad).where(col(Ad.id) == ad_id).values(vanished_at=vanished_at)
    )
    session.connection().execute(
        update(PublicAd)
        .where(col(PublicAd.id) == ad_id)
        .values(state=state, vanished_at=vanished_at, recorded_at=now)
    )
