"""Known ads of which a source says something new: what becomes current, in bulk.

Called by ad ingest. What arrives late goes to `archive.ingest.ads.late_ads` and never becomes current.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, select

from archive.ingest.ads.known_ads import KnownAd, MetAds
from archive.ingest.ads.late_ads import enter_late, find_late
from archive.ingest.ads.vanished_ads import note_returns
from archive.ingest.advertisers import note_advertisers
from archive.ingest.corrections import AD_FIGURES, Figures, correct_ad, write_corrections
from archive.ingest.rows import (
    METRIC_NAMES,
    NUMBERS,
    PUBLIC_NAMES,
    VERSION_NAMES,
    Prepared,
    RowMaker,
    Stamp,
)
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.changes import ChangeKind, LeafKind
from archive.records.projection import dates_contradict
from archive.runs.plausibility import WEIGHED, Gate, Move, list_moves
from archive.runs.sightings import find_last_before
from archive.store.bulk import insert_rows, lay_out_ids, look_up_by_key, table_of, update_rows
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

Met = tuple[Prepared, KnownAd]

SHOWN_FIGURES = ("currency", *AD_FIGURES)


@dataclass(frozen=True)
class Shown:
    """What the public view says of an ad before this page."""

    public_id: str
    advertiser_id: str | None
    figures: Mapping[str, Any]
    metrics: int
    """Number of the last row of its numbers."""


def update_known(
    session: Session, stamp: Stamp, maker: RowMaker, met: MetAds, gate: Gate | None
) -> int:
    """Write what is new about known ads; returns of how many something was written.

    Raises:
        ImplausibleBatchError: if the page is implausible.
    """
    _note_places(session, stamp, met.noted)
    late = find_late(session, stamp, met.noted)
    current = [(p, ad) for p, ad in met.noted if ad.id not in late]
    moved = [(p, ad) for p, ad in current if p.numbers_sha256 != ad.numbers_sha256]
    reworded = [(p, ad) for p, ad in current if p.content_sha256 != ad.content_sha256]
    shown = _read_shown(session, [ad.id for _, ad in moved])
    if gate is not None:
        _weigh(gate, met, current, shown)
    _add_metrics(session, maker, moved, shown)
    _correct(session, stamp, moved, shown)
    _add_versions(session, stamp, maker, reworded)
    _move_hashes(session, stamp, met, current)
    note_advertisers(
        session, stamp.lease, [p.record for p, _ in reworded], stamp.now, is_late=stamp.is_late
    )
    changed = {ad.id for _, ad in reworded}
    only_numbers = [ad.id for _, ad in moved if ad.id not in changed]
    append_changes(session, ChangeKind.AD_CONTENT, sorted(changed), stamp.now)
    append_changes(session, ChangeKind.AD_NUMBERS, only_numbers, stamp.now)
    entered = enter_late(session, stamp, [m for m in met.noted if m[1].id in late], late)
    return len(changed) + len(only_numbers) + entered


def _note_places(session: Session, stamp: Stamp, noted: Sequence[Met]) -> None:
    """Note that ads are there again, and where they were seen; only a sweep says where one lives."""
    lease = stamp.lease
    back = [ad.id for _, ad in noted if ad.vanished_at and lease.observed_at > ad.vanished_at]
    note_returns(session, lease, back, stamp.now)
    if lease.is_sweep and not stamp.is_late:
        moved = [(ad.id, lease.partition) for _, ad in noted if ad.partition != lease.partition]
        update_rows(session, table_of(Ad), ("id", "partition"), moved)


def _read_shown(session: Session, ids: Sequence[int]) -> dict[int, Shown]:
    if not ids:
        return {}
    wanted, ad, metric = (
        lay_out_ids(session, "moved_ad", ids),
        table_of(PublicAd),
        table_of(AdMetric),
    )
    last = select(func.max(metric.c.seq)).where(metric.c.ad_id == ad.c.id).scalar_subquery()
    names = ("id", "public_id", "advertiser_id", *SHOWN_FIGURES)
    query = select(last, *(ad.c[name] for name in names)).join_from(
        wanted, ad, ad.c.id == wanted.c.id
    )
    with look_up_by_key(session):
        rows = session.connection().execute(query).all()
    return {
        ad_id: Shown(public_id, advertiser, dict(zip(SHOWN_FIGURES, figures, strict=True)), metrics)
        for metrics, ad_id, public_id, advertiser, *figures in rows
    }


def _weigh(gate: Gate, met: MetAds, current: Sequence[Met], shown: Mapping[int, Shown]) -> None:
    """Lay the amounts this page would change (`shown`) beside those it would replace."""
    moves: list[Move] = []
    stays = [p.record for p in met.quiet]
    for p, ad in current:
        if ad.id in shown:
            now = {name: getattr(p.record, name) for name in WEIGHED}
            moves += list_moves(shown[ad.id].figures, now)
        else:
            stays.append(p.record)
    unchanged: Counter[str | None] = Counter()
    for record in stays:
        unchanged[record.currency] += record.spend_lower_minor or 0
    gate.ads.weigh(moves, unchanged, len(met.quiet) + len(current))


def _move_hashes(session: Session, stamp: Stamp, met: MetAds, current: Sequence[Met]) -> None:
    """Keep the hash of the row that says what is current; what changed without one has none."""
    hashes = stamp.row_hashes
    moved: list[tuple[int, bytes | None]] = [
        (ad_id, hashes[p.record.ref])
        for ad_id, p in zip(met.quiet_ids, met.quiet, strict=True)
        if p.record.ref in hashes
    ]
    for p, ad in current:
        row_hash = hashes.get(p.record.ref)
        has_changed = (p.content_sha256, p.numbers_sha256) != (ad.content_sha256, ad.numbers_sha256)
        if row_hash != ad.row_hash and (row_hash or has_changed):
            moved.append((ad.id, row_hash))
    update_rows(session, table_of(Ad), ("id", "row_hash"), moved)


def _add_metrics(
    session: Session, maker: RowMaker, moved: Sequence[Met], shown: Mapping[int, Shown]
) -> None:
    rows = [maker.metric(p, ad.id, shown[ad.id].metrics + 1) for p, ad in moved]
    insert_rows(session, table_of(AdMetric), METRIC_NAMES, rows)
    identity_rows = [(ad.id, p.numbers_sha256, maker.observed_at) for p, ad in moved]
    names = ("id", "numbers_sha256", "numbers_observed_at")
    update_rows(session, table_of(Ad), names, identity_rows)
    public = [(ad.id, *maker.numbers(p), maker.observed_at, maker.now) for p, ad in moved]
    columns = ("id", *NUMBERS.names, "missing", "last_changed_at", "recorded_at")
    update_rows(session, table_of(PublicAd), columns, public)


def _correct(
    session: Session, stamp: Stamp, moved: Sequence[Met], shown: Mapping[int, Shown]
) -> None:
    """Say publicly where a figure changed otherwise than by time going on."""
    ends = {ad.id: _find_end(p) for p, ad in moved}
    last_seen = _find_last_seen(session, stamp, moved, ends)
    rows = []
    for p, ad in moved:
        was = shown[ad.id]
        before = Figures(was.figures, last_seen.get(ad.id, ad.numbers_observed_at))
        values = {name: getattr(p.record, name) for name in SHOWN_FIGURES}
        after = Figures(values, stamp.lease.observed_at)
        row = correct_ad(was.public_id, was.advertiser_id, stamp, before, after, ends[ad.id])
        if row is not None:
            rows.append(row)
    write_corrections(session, rows)


def _find_last_seen(
    session: Session,
    stamp: Stamp,
    moved: Sequence[Met],
    ends: Mapping[int, datetime | None],
) -> dict[int, datetime]:
    """When ads that have ended were last seen with their former numbers, where a run says so."""
    at = stamp.lease.observed_at
    ended = [
        ad.id
        for _, ad in moved
        if (end := ends[ad.id]) is not None and ad.numbers_observed_at <= end < at
    ]
    return find_last_before(session, stamp.lease.source, ChangeKind.AD_CONTENT, ended, at)


def _find_end(p: Prepared) -> datetime | None:
    """The end of the ad's last day, at the latest: a day ends last in the zone of UTC-12."""
    record = p.record
    if dates_contradict(record.__dict__):
        return None
    if record.ended_at is not None:
        return record.ended_at
    if record.ended_on is None:
        return None
    midnight = datetime(*record.ended_on.timetuple()[:3], tzinfo=UTC)
    try:
        return midnight + timedelta(days=1, hours=12)
    except OverflowError:
        # The last day there is stands in for "no end" wherever people keep files.
        return None


def _add_versions(session: Session, stamp: Stamp, maker: RowMaker, reworded: Sequence[Met]) -> None:
    if not reworded:
        return
    first = (session.exec(select(func.max(AdVersion.id))).one() or 0) + 1
    numbered = [(p, ad, first + i) for i, (p, ad) in enumerate(reworded)]
    rows = [maker.version(p, version_id, ad.id, ad.versions + 1) for p, ad, version_id in numbered]
    insert_rows(session, table_of(AdVersion), VERSION_NAMES, rows)
    identity_rows = [
        (ad.id, p.content_sha256, maker.observed_at, ad.versions + 1) for p, ad in reworded
    ]
    names = ("id", "content_sha256", "content_observed_at", "versions")
    update_rows(session, table_of(Ad), names, identity_rows)
    public = [
        (
            *(ad.id, *maker.public(p)),
            *(ad.versions + 1, version_id, p.shown_sha256, maker.observed_at, maker.now),
        )
        for p, ad, version_id in numbered
    ]
    rest = ("versions", "version_id", "content_sha256", "last_changed_at", "recorded_at")
    update_rows(session, table_of(PublicAd), ("id", *PUBLIC_NAMES, *rest), public)
    leaves = [maker.leaf(p, version_id, ad.versions + 1) for p, ad, version_id in numbered]
    append_leaves(session, LeafKind.AD_VERSION, leaves, stamp.now)
