"""Observations that arrive late: they enter an ad's history in their place and never become current.

Called by ad ingest when a source's words are older than what the archive already shows, or older than
a run that saw the ad as it is shown. Rows are few beside those of a page, so they go one by one.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.ingest.ads.known_ads import KnownAd
from archive.ingest.advertisers import note_advertisers
from archive.ingest.rows import NUMBER_NAMES, Prepared, Stamp, Values, spell_leaf
from archive.ingest.series import Point, find_point, place_late
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.changes import ChangeKind, LeafKind
from archive.runs.sightings import find_first_after
from archive.store.batches import cut_batches
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

Met = tuple[Prepared, KnownAd]


@dataclass
class AdHistory:
    """Everything kept of one ad over time."""

    versions: list[AdVersion] = field(default_factory=list)
    metrics: list[AdMetric] = field(default_factory=list)

    @property
    def contents(self) -> list[Point]:
        """What the ad said, and when."""
        return [Point(v.observed_at, v.seq, v.content_sha256) for v in self.versions]

    @property
    def numbers(self) -> list[Point]:
        """What its numbers were, and when."""
        return [Point(m.observed_at, m.seq, m.numbers_sha256) for m in self.metrics]

    def first_after(self, at: datetime, sighted_at: datetime | None) -> datetime | None:
        """The earliest time after `at` at which the source is known to have shown the ad."""
        times = [point.observed_at for point in (*self.contents, *self.numbers)]
        return min((t for t in (*times, sighted_at) if t is not None and t > at), default=None)


def find_late(session: Session, stamp: Stamp, noted: Sequence[Met]) -> dict[int, datetime | None]:
    """The ads of which something newer is known, each with the first newer run that saw it."""
    at = stamp.lease.observed_at
    late: dict[int, datetime | None] = {
        ad.id: None for _, ad in noted if at < ad.content_observed_at or at < ad.numbers_observed_at
    }
    if stamp.is_late and not stamp.lease.is_reread:
        ids = [ad.id for _, ad in noted]
        late |= find_first_after(session, stamp.lease.source, ChangeKind.AD_CONTENT, ids, at)
    return late


def enter_late(
    session: Session, stamp: Stamp, met: Sequence[Met], sighted: Mapping[int, datetime | None]
) -> int:
    """Add versions and metric rows where the history of that time said otherwise or nothing.

    What is current stays current. Returns of how many ads something was added.
    """
    if not met:
        return 0
    histories = _read_histories(session, [ad.id for _, ad in met])
    next_id = (session.exec(select(func.max(AdVersion.id))).one() or 0) + 1
    leaves: list[tuple[int, Values]] = []
    touched: dict[int, ChangeKind] = {}
    for p, ad in met:
        history = histories[ad.id]
        seen_after = None
        if not stamp.lease.is_reread:
            seen_after = history.first_after(stamp.lease.observed_at, sighted[ad.id])
        for metric in _late_metrics(stamp, p, ad.id, history, seen_after):
            history.metrics.append(metric)
            touched[ad.id] = ChangeKind.AD_STATE
        for version in _late_versions(stamp, p, ad.id, history, seen_after):
            version.id = next_id + len(leaves)
            history.versions.append(version)
            leaf = (version.seq, version.content_sha256, version.observed_at.isoformat())
            leaves.append((version.id, spell_leaf(stamp.lease.source, p.record.ref, *leaf)))
            touched[ad.id] = ChangeKind.AD_CONTENT
        session.add_all([*history.versions, *history.metrics])
    session.flush()
    append_leaves(session, LeafKind.AD_VERSION, leaves, stamp.now)
    note_advertisers(
        session,
        stamp.lease,
        [p.record for p, ad in met if ad.id in touched],
        stamp.now,
        is_late=stamp.is_late,
    )
    _refresh_identity_rows(session, stamp, {ad_id: histories[ad_id] for ad_id in touched})
    for ad_id, kind in touched.items():
        append_changes(session, kind, [ad_id], stamp.now)
    return len(touched)


def _read_histories(session: Session, ids: Sequence[int]) -> dict[int, AdHistory]:
    histories: dict[int, AdHistory] = defaultdict(AdHistory)
    for some in cut_batches(ids):
        for version in session.exec(select(AdVersion).where(col(AdVersion.ad_id).in_(some))):
            histories[version.ad_id].versions.append(version)
        for metric in session.exec(select(AdMetric).where(col(AdMetric.ad_id).in_(some))):
            histories[metric.ad_id].metrics.append(metric)
    return histories


def _late_versions(
    stamp: Stamp, p: Prepared, ad_id: int, history: AdHistory, seen_after: datetime | None
) -> Iterator[AdVersion]:
    """The further versions: what arrived, and what was seen again after it."""
    points = history.contents
    held = find_point(points, stamp.lease.observed_at)
    added = place_late(points, stamp.lease.observed_at, p.content_sha256, seen_after)
    for i, (observed_at, sha256) in enumerate(added):
        before = next((v for v in history.versions if held and v.seq == held.seq), None)
        is_affirmed = i > 0 and before is not None
        yield AdVersion(
            ad_id=ad_id,
            seq=max(point.seq for point in points) + 1 + i,
            content_sha256=sha256,
            content=before.content if is_affirmed and before else json.loads(p.content),
            withheld=before.withheld if is_affirmed and before else p.withheld,
            **stamp.columns | {"observed_at": observed_at},
        )


def _late_metrics(
    stamp: Stamp, p: Prepared, ad_id: int, history: AdHistory, seen_after: datetime | None
) -> Iterator[AdMetric]:
    """The further metric rows: what arrived, and what was seen again after it."""
    points = history.numbers
    held = find_point(points, stamp.lease.observed_at)
    added = place_late(points, stamp.lease.observed_at, p.numbers_sha256, seen_after)
    numbers = {name: getattr(p.record, name) for name in NUMBER_NAMES}
    numbers["missing"] = json.loads(p.numbers_missing)
    for i, (observed_at, sha256) in enumerate(added):
        before = next((m for m in history.metrics if held and m.seq == held.seq), None)
        if i > 0 and before is not None:
            numbers = before.model_dump(include={*NUMBER_NAMES, "missing"})
        yield AdMetric(
            ad_id=ad_id,
            seq=max(point.seq for point in points) + 1 + i,
            numbers_sha256=sha256,
            **numbers,
            **stamp.columns | {"observed_at": observed_at},
        )


def _refresh_identity_rows(
    session: Session, stamp: Stamp, histories: Mapping[int, AdHistory]
) -> None:
    """Say on the identity rows and in the public view what the longer history now shows of the same state."""
    for ad_id, history in histories.items():
        ad, public = session.get_one(Ad, ad_id), session.get_one(PublicAd, ad_id)
        version = max(history.versions, key=lambda v: (v.observed_at, v.seq))
        metric = max(history.metrics, key=lambda m: (m.observed_at, m.seq))
        first_at = min(v.observed_at for v in history.versions)
        ad.versions = public.versions = len(history.versions)
        ad.first_observed_at = public.first_seen_at = first_at
        ad.content_observed_at, ad.numbers_observed_at = version.observed_at, metric.observed_at
        public.version_id = version.id or 0
        public.last_changed_at = max(version.observed_at, metric.observed_at)
        public.recorded_at = stamp.now
    session.flush()
    session.expunge_all()
