"""Ads into the archive: a new version when the content changed, a metric row when numbers moved.

Called by `archive.ingest.pages` only. Keys and hashes are compared first; what is new goes straight into
the final tables, what is unchanged writes nothing but the run's own note that it was seen.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func
from sqlmodel import Session, select

from archive.ingest.ads.asked_countries import note_asked_page
from archive.ingest.ads.changed_ads import update_known
from archive.ingest.ads.known_ads import MetAds, meet_known
from archive.ingest.ads.vanished_ads import note_missed_since
from archive.ingest.advertisers import note_advertisers
from archive.ingest.rows import (
    FIRST_NAMES,
    IDENTITY_NAMES,
    METRIC_NAMES,
    PUBLIC_NAMES,
    VERSION_NAMES,
    Prepared,
    RowMaker,
    Stamp,
    prepare_record,
    show_prepared,
)
from archive.ingest.series import split_repeats
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.changes import ChangeKind, LeafKind
from archive.privacy.redaction_log import log_cut_names
from archive.privacy.shown import read_withheld
from archive.records import AdRecord
from archive.runs.lease import Counts
from archive.runs.plausibility import Gate
from archive.runs.sightings import note_sightings
from archive.store.bulk import find_storing, insert_rows, pause_collector, table_of
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves


def ingest_ads(
    session: Session, stamp: Stamp, records: Sequence[AdRecord], gate: Gate | None = None
) -> Counts:
    """Take ads in, in order; the same ad twice in one page is two observations of it.

    Raises:
        ImplausibleBatchError: if the page is implausible.
    """
    counts = Counts()
    for distinct in split_repeats(records, lambda record: record.ref):
        prepared = [prepare_record(record) for record in distinct]
        counts.add(ingest_prepared(session, stamp, prepared, gate))
    return counts


def ingest_prepared(
    session: Session, stamp: Stamp, prepared: Sequence[Prepared], gate: Gate | None = None
) -> Counts:
    """Take in ads whose hashes are known; no ad may stand twice among them.

    Raises:
        ImplausibleBatchError: if the page is implausible.
    """
    with pause_collector():
        met = _show(session, stamp, meet_known(session, stamp.lease, prepared))
        maker = RowMaker(stamp, find_storing(session))
        new_ids = _add_new(session, stamp, maker, met.fresh)
        if stamp.is_late and not stamp.lease.is_reread:
            note_missed_since(session, stamp.lease, new_ids, stamp.now)
        changed = update_known(session, stamp, maker, met, gate)
        _log_addresses(session, stamp, met, new_ids)
        known = [*met.quiet_ids, *(ad.id for _, ad in met.noted)]
        note_sightings(session, stamp.lease, ChangeKind.AD_CONTENT, [*new_ids, *known])
        reworded = [ad.id for p, ad in met.noted if p.content_sha256 != ad.content_sha256]
        note_asked_page(session, stamp, new_ids, known, reworded)
    return Counts(
        seen=len(prepared),
        new=len(new_ids),
        changed=changed,
        unchanged=len(prepared) - len(new_ids) - changed,
    )


def _show(session: Session, stamp: Stamp, met: MetAds) -> MetAds:
    """What is to be written, without what nobody may see of it."""
    redacted = read_withheld(session, [known.id for _, known in met.noted])
    return replace(
        met,
        fresh=[show_prepared(p, stamp.shown) for p in met.fresh],
        noted=[(show_prepared(p, stamp.shown, redacted.get(ad.id, ())), ad) for p, ad in met.noted],
    )


def _log_addresses(session: Session, stamp: Stamp, met: MetAds, new_ids: range) -> None:
    """Write down of which ads an address was cut out of a name."""
    shown = [
        *zip(new_ids, met.fresh, strict=True),
        *((known.id, p) for p, known in met.noted),
    ]
    cut = ((ad_id, p.record.ref, p.withheld) for ad_id, p in shown if p.withheld)
    log_cut_names(session, stamp.lease.source, cut, stamp.now)


def _add_new(session: Session, stamp: Stamp, maker: RowMaker, fresh: Sequence[Prepared]) -> range:
    """Write ads the archive did not know; returns their ids."""
    if not fresh:
        return range(0)
    first_ad = (session.exec(select(func.max(Ad.id))).one() or 0) + 1
    first_version = (session.exec(select(func.max(AdVersion.id))).one() or 0) + 1
    ids = range(first_ad, first_ad + len(fresh))
    numbered = list(zip(fresh, ids, range(first_version, first_version + len(fresh)), strict=True))
    identity_rows = (maker.identity_row(p, ad_id) for p, ad_id, _ in numbered)
    insert_rows(session, table_of(Ad), IDENTITY_NAMES, identity_rows)
    versions = (maker.version(p, version_id, ad_id, 1) for p, ad_id, version_id in numbered)
    insert_rows(session, table_of(AdVersion), VERSION_NAMES, versions)
    metrics = (maker.metric(p, ad_id, 1) for p, ad_id, _ in numbered)
    insert_rows(session, table_of(AdMetric), METRIC_NAMES, metrics)
    public = (
        maker.public(p) + maker.first(p, ad_id, version_id) for p, ad_id, version_id in numbered
    )
    insert_rows(session, table_of(PublicAd), (*PUBLIC_NAMES, *FIRST_NAMES), public)
    note_advertisers(
        session, stamp.lease, [p.record for p in fresh], stamp.now, is_late=stamp.is_late
    )
    leaves = [maker.leaf(p, version_id, 1) for p, _, version_id in numbered]
    append_leaves(session, LeafKind.AD_VERSION, leaves, stamp.now)
    append_changes(session, ChangeKind.AD_CONTENT, ids, stamp.now)
    return ids
