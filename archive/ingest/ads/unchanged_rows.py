"""Rows of tables whose hash the archive knows: their ads count as seen and unchanged, without records.

A row of the same hash would become the same record (`scrapers.readers.row_hashes`), so the ad is unchanged
where a record with its content and numbers would leave it so. `scrapers.intake.pages` calls it.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import and_, case, select, update
from sqlmodel import Session, col

from archive.ingest.ads.asked_countries import note_asked_page
from archive.ingest.ads.known_ads import says_nothing_new
from archive.ingest.rows import Stamp
from archive.models import Ad, ArchiveSecret, PublicAd, Run
from archive.models.changes import ChangeKind
from archive.runs.lease import Counts, RunLease
from archive.runs.plausibility import Gate
from archive.runs.sightings import note_sightings
from archive.store.bulk import insert_rows, look_up_by_key, make_scratch, table_of

SECRET = "row_hash_key"  # noqa: S105 (the name of one)


class UnchangedAd(NamedTuple):
    """An ad of which a row says nothing new, with what the gate weighs."""

    id: int
    currency: str | None
    spend_lower_minor: int


def read_row_hash_key(session: Session) -> bytes:
    """The secret that keys the hashes of rows."""
    return session.get_one(ArchiveSecret, SECRET).value


def find_unchanged(
    session: Session, lease: RunLease, hashes: Mapping[str, bytes]
) -> dict[str, UnchangedAd]:
    """Those ads, by ref, whose row has the hash that the archive knows, if it says nothing new."""
    ad, public = table_of(Ad), table_of(PublicAd)
    arriving = make_scratch(session, "arriving_row", [ad.c.ref, ad.c.row_hash])
    insert_rows(session, arriving, ("ref", "row_hash"), hashes.items())
    is_same_ad = and_(ad.c.source == lease.source, ad.c.ref == arriving.c.ref)
    # Of an outer join the left side is read once, and nothing but the key leads to the right one.
    joined = arriving.outerjoin(ad, is_same_ad).outerjoin(public, public.c.id == ad.c.id)
    flag = case((says_nothing_new(lease, ad.c.row_hash == arriving.c.row_hash), 1), else_=0)
    weighed = (public.c.currency, public.c.spend_lower_minor)
    query = select(flag, arriving.c.ref, ad.c.id, *weighed).select_from(joined)
    with look_up_by_key(session):
        rows = session.connection().execute(query).all()
    return {
        ref: UnchangedAd(ad_id, currency, spend or 0)
        for is_unchanged, ref, ad_id, currency, spend in rows
        if is_unchanged
    }


def note_unchanged(
    session: Session, stamp: Stamp, ads: Collection[UnchangedAd], gate: Gate | None = None
) -> Counts:
    """Count ads as seen and unchanged, in the transaction of the page their rows belong to.

    Call it before the page's records are taken in: the gate weighs these beside the unchanged ones.
    """
    if not ads:
        return Counts()
    if gate is not None:
        sums: Counter[str | None] = Counter()
        for one in ads:
            sums[one.currency] += one.spend_lower_minor
        gate.ads.weigh([], sums, len(ads))
    ids = [one.id for one in ads]
    note_sightings(session, stamp.lease, ChangeKind.AD_CONTENT, ids)
    note_asked_page(session, stamp, (), ids)
    counted = {"seen": Run.seen + len(ads), "unchanged": Run.unchanged + len(ads)}
    session.connection().execute(
        update(Run).where(col(Run.id) == stamp.lease.run_id).values(**counted)
    )
    return Counts(seen=len(ads), unchanged=len(ads))
