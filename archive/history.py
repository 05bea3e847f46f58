"""Observations that arrive late: they enter an ad's history in their place and never become current.

Called by ad ingest when a source's words are older than what the archive already shows.
"""

from sqlalchemy import func, insert, update
from sqlmodel import Session, col, select

from archive.ad_rows import (
    Prepared,
    Stamp,
    metric_row,
    next_seq,
    next_version_id,
    version_leaf,
    version_row,
)
from archive.changes import append_changes
from archive.ledger import append_leaves
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.changes import ChangeKind, LeafKind


def enter_old_observation(session: Session, p: Prepared, stamp: Stamp, ad_id: int) -> bool:
    """Add a version or metric row where the history of that time said otherwise or nothing.

    Returns whether anything was added. What is current stays current; only the number of versions
    and the first sighting may move.
    """
    has_content = _hash_then(session, AdVersion, stamp, ad_id) == p.content_sha256
    has_numbers = _hash_then(session, AdMetric, stamp, ad_id) == p.numbers_sha256
    if not has_numbers:
        row = metric_row(p, stamp, ad_id, next_seq(session, AdMetric, ad_id))
        session.connection().execute(insert(AdMetric), [row])
    if not has_content:
        _insert_version(session, p, stamp, ad_id)
    if has_content and has_numbers:
        return False
    _move_first_sighting(session, stamp, ad_id)
    kind = ChangeKind.AD_STATE if has_content else ChangeKind.AD_CONTENT
    append_changes(session, kind, [ad_id], stamp.now)
    return True


def _hash_then(
    session: Session, table: type[AdVersion] | type[AdMetric], stamp: Stamp, ad_id: int
) -> str | None:
    """Hash of what was known to hold at the observation's time."""
    hashes = AdVersion.content_sha256 if table is AdVersion else AdMetric.numbers_sha256
    query = (
        select(hashes)
        .where(col(table.ad_id) == ad_id, col(table.observed_at) <= stamp.look.observed_at)
        .order_by(col(table.observed_at).desc(), col(table.seq).desc())
    )
    return session.exec(query.limit(1)).first()


def _insert_version(session: Session, p: Prepared, stamp: Stamp, ad_id: int) -> None:
    seq = next_seq(session, AdVersion, ad_id)
    row = version_row(p, stamp, next_version_id(session), ad_id, seq)
    session.connection().execute(insert(AdVersion), [row])
    append_leaves(session, LeafKind.AD_VERSION, [version_leaf(p, stamp, row)], stamp.now)
    session.connection().execute(update(Ad).where(col(Ad.id) == ad_id).values(versions=seq))
    public = update(PublicAd).where(col(PublicAd.id) == ad_id)
    session.connection().execute(public.values(versions=seq, recorded_at=stamp.now))


def _move_first_sighting(session: Session, stamp: Stamp, ad_id: int) -> None:
    first = session.exec(
        select(func.min(AdVersion.observed_at)).where(col(AdVersion.ad_id) == ad_id)
    ).one()
    session.connection().execute(
        update(Ad).where(col(Ad.id) == ad_id).values(first_observed_at=first)
    )
    public = update(PublicAd).where(col(PublicAd.id) == ad_id)
    session.connection().execute(public.values(first_seen_at=first, recorded_at=stamp.now))
