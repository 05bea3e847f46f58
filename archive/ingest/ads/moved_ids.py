"""Ids under which a source knew an advertiser before: kept, so that old permanent links still lead.

Called by `archive.ingest.pages` only. It says what one source said of its own ids and links nobody else.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from archive.ingest.rows import Stamp
from archive.models import AdvertiserAlias
from archive.records import AdvertiserMove
from archive.runs.lease import Counts
from archive.store.batches import cut_batches


def ingest_moves(session: Session, stamp: Stamp, records: Sequence[AdvertiserMove]) -> Counts:
    """Take in which advertisers got another id; of two words about one id the newer counts."""
    source = stamp.lease.source
    told = {f"{source}:{r.old_ref}": f"{source}:{r.new_ref}" for r in records}
    known = _read_known(session, list(told))
    fresh = [old for old, new in told.items() if old not in known and old != new]
    moved = [
        old
        for old, alias in known.items()
        if alias.new_id != told[old] and alias.observed_at <= stamp.lease.observed_at
    ]
    for some in cut_batches(moved):
        gone = delete(AdvertiserAlias).where(col(AdvertiserAlias.old_id).in_(some))
        session.connection().execute(gone)
    rows = [stamp.columns | {"old_id": old, "new_id": told[old]} for old in [*fresh, *moved]]
    if rows:
        session.connection().execute(insert(AdvertiserAlias), rows)
    unchanged = len(records) - len(rows)
    return Counts(len(records), new=len(fresh), changed=len(moved), unchanged=unchanged)


def _read_known(session: Session, old_ids: Sequence[str]) -> dict[str, AdvertiserAlias]:
    known: dict[str, AdvertiserAlias] = {}
    for some in cut_batches(old_ids):
        query = select(AdvertiserAlias).where(col(AdvertiserAlias.old_id).in_(some))
        known |= {alias.old_id: alias for alias in session.exec(query)}
    # Rows are written by statements, not through these objects.
    session.expunge_all()
    return known
