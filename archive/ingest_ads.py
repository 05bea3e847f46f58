"""Ads into the archive: a new version when the content changed, a metric row when numbers moved.

Called by `archive.ingest` only. An observation older than what the archive already shows enters
history in its place and never becomes current.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, update
from sqlmodel import Session, col, select

from archive.absences import note_returns
from archive.ad_rows import (
    Prepared,
    Stamp,
    Values,
    metric_row,
    next_seq,
    next_version_id,
    prepare_record,
    version_leaf,
    version_row,
)
from archive.advertisers import note_advertisers
from archive.batches import cut_batches
from archive.changes import append_changes
from archive.history import enter_old_observation
from archive.ledger import append_leaves
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.changes import ChangeKind, LeafKind
from archive.projection import project_numbers, project_record
from archive.records import AdRecord
from archive.runs import Counts
from archive.sightings import note_sightings


def ingest_ads(session: Session, stamp: Stamp, records: Sequence[AdRecord]) -> Counts:
    """Take ads in, in order; the same ad twice in one page is two observations of it."""
    counts = Counts(seen=len(records))
    for distinct in _split_repeats(records):
        prepared = [prepare_record(record) for record in distinct]
        known = _find_known(session, stamp.look.source, [p.record.ref for p in prepared])
        fresh = [p for p in prepared if p.record.ref not in known]
        met_again = [(p, known[p.record.ref]) for p in prepared if p.record.ref in known]
        ids = _insert_new(session, fresh, stamp)
        changed = _update_known(session, met_again, stamp)
        seen = ids + [ad.id for _, ad in met_again]
        note_sightings(session, stamp.look, ChangeKind.AD_CONTENT, seen)
        counts.new += len(fresh)
        counts.changed += changed
        counts.unchanged += len(met_again) - changed
    return counts


def _split_repeats(records: Sequence[AdRecord]) -> Iterator[list[AdRecord]]:
    rest = list(records)
    while rest:
        first: dict[str, AdRecord] = {}
        later = [record for record in rest if first.setdefault(record.ref, record) is not record]
        yield list(first.values())
        rest = later


def _find_known(session: Session, source: str, refs: Sequence[str]) -> dict[str, Ad]:
    known: dict[str, Ad] = {}
    for some in cut_batches(refs):
        query = select(Ad).where(Ad.source == source, col(Ad.ref).in_(some))
        known |= {ad.ref: ad for ad in session.exec(query)}
    # Rows are written by statements, not through these objects.
    session.expunge_all()
    return known


def _insert_new(session: Session, fresh: list[Prepared], stamp: Stamp) -> list[int]:
    """Write ads the archive did not know; returns their ids."""
    if not fresh:
        return []
    first_ad = (session.exec(select(func.max(Ad.id))).one() or 0) + 1
    first_version = next_version_id(session)
    ads, versions, metrics, public = [], [], [], []
    for i, p in enumerate(fresh):
        ad_id, version_id = first_ad + i, first_version + i
        ads.append(_ad_row(p, stamp, ad_id))
        versions.append(version_row(p, stamp, version_id, ad_id, seq=1))
        metrics.append(metric_row(p, stamp, ad_id, seq=1))
        public.append(_public_row(p, stamp, ad_id, version_id))
    connection = session.connection()
    connection.execute(insert(Ad), ads)
    connection.execute(insert(AdVersion), versions)
    connection.execute(insert(AdMetric), metrics)
    connection.execute(insert(PublicAd), public)
    note_advertisers(session, stamp.look, [p.record for p in fresh], stamp.now)
    leaves = [version_leaf(p, stamp, row) for p, row in zip(fresh, versions, strict=True)]
    append_leaves(session, LeafKind.AD_VERSION, leaves, stamp.now)
    ids = list(range(first_ad, first_ad + len(fresh)))
    append_changes(session, ChangeKind.AD_CONTENT, ids, stamp.now)
    return ids


def _update_known(session: Session, met_again: list[tuple[Prepared, Ad]], stamp: Stamp) -> int:
    """Write what is new about known ads; returns how many changed."""
    look = stamp.look
    returned = [
        ad.id for _, ad in met_again if ad.vanished_at and look.observed_at > ad.vanished_at
    ]
    note_returns(session, look, returned, stamp.now)
    _move_partitions(session, [ad for _, ad in met_again], stamp)
    changed = [(p, ad) for p, ad in met_again if _take_in(session, p, ad, stamp)]
    note_advertisers(session, look, [p.record for p, _ in changed], stamp.now)
    return len(changed)


def _take_in(session: Session, p: Prepared, ad: Ad, stamp: Stamp) -> bool:
    if stamp.look.observed_at < max(ad.content_observed_at, ad.numbers_observed_at):
        return enter_old_observation(session, p, stamp, ad.id)
    has_new_content = p.content_sha256 != ad.content_sha256
    has_new_numbers = p.numbers_sha256 != ad.numbers_sha256
    if has_new_numbers:
        _append_metric(session, p, stamp, ad)
    if has_new_content:
        _append_version(session, p, stamp, ad)
    if has_new_content or has_new_numbers:
        kind = ChangeKind.AD_CONTENT if has_new_content else ChangeKind.AD_NUMBERS
        append_changes(session, kind, [ad.id], stamp.now)
    return has_new_content or has_new_numbers


def _append_metric(session: Session, p: Prepared, stamp: Stamp, ad: Ad) -> None:
    row = metric_row(p, stamp, ad.id, next_seq(session, AdMetric, ad.id))
    session.connection().execute(insert(AdMetric), [row])
    spine = {"numbers_sha256": p.numbers_sha256, "numbers_observed_at": stamp.look.observed_at}
    _make_current(session, stamp, ad.id, spine, project_numbers(p.record))


def _append_version(session: Session, p: Prepared, stamp: Stamp, ad: Ad) -> None:
    seq = ad.versions + 1
    row = version_row(p, stamp, next_version_id(session), ad.id, seq)
    session.connection().execute(insert(AdVersion), [row])
    append_leaves(session, LeafKind.AD_VERSION, [version_leaf(p, stamp, row)], stamp.now)
    spine = {
        "content_sha256": p.content_sha256,
        "content_observed_at": stamp.look.observed_at,
        "versions": seq,
    }
    current = {"versions": seq, "version_id": row["id"], "content_sha256": p.content_sha256}
    public = project_record(stamp.look.source, p.record) | current
    _make_current(session, stamp, ad.id, spine, public)


def _make_current(
    session: Session, stamp: Stamp, ad_id: int, spine: Values, public: Values
) -> None:
    changed = {"last_changed_at": stamp.look.observed_at, "recorded_at": stamp.now}
    connection = session.connection()
    connection.execute(update(Ad).where(col(Ad.id) == ad_id).values(**spine))
    connection.execute(
        update(PublicAd).where(col(PublicAd.id) == ad_id).values(**public, **changed)
    )


def _move_partitions(session: Session, ads: list[Ad], stamp: Stamp) -> None:
    """Note where ads were last seen; only a sweep says in which partition an ad lives."""
    partition = stamp.look.partition
    moved = [{"ad_id": ad.id, "to": partition} for ad in ads if ad.partition != partition]
    if stamp.look.is_sweep and moved:
        statement = update(Ad).where(col(Ad.id) == bindparam("ad_id"))
        session.connection().execute(statement.values(partition=bindparam("to")), moved)


def _ad_row(p: Prepared, stamp: Stamp, ad_id: int) -> Values:
    observed_at = stamp.look.observed_at
    return {
        "id": ad_id,
        "source": stamp.look.source,
        "ref": p.record.ref,
        "partition": stamp.look.partition,
        "content_sha256": p.content_sha256,
        "numbers_sha256": p.numbers_sha256,
        "versions": 1,
        "content_observed_at": observed_at,
        "numbers_observed_at": observed_at,
        "first_observed_at": observed_at,
        "recorded_at": stamp.now,
    }


def _public_row(p: Prepared, stamp: Stamp, ad_id: int, version_id: int) -> dict[str, Any]:
    return project_record(stamp.look.source, p.record) | {
        "id": ad_id,
        "state": "seen",
        "versions": 1,
        "version_id": version_id,
        "content_sha256": p.content_sha256,
        "first_seen_at": stamp.look.observed_at,
        "last_changed_at": stamp.look.observed_at,
        "recorded_at": stamp.now,
    }
