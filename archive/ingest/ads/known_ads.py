"""Which ads of a page the archive knows, and whether the source says anything new of them.

Only keys and hashes go to the database: a page is laid beside `ad` once, and no row of it is read
that need not be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Column, ColumnElement, Integer, Table, and_, case, or_, select
from sqlmodel import Session, col

from archive.ingest.rows import Prepared
from archive.models import Ad
from archive.runs.lease import RunLease
from archive.store.bulk import insert_rows, lay_out_ids, look_up_by_key, make_scratch, table_of

POSITION: Column[int] = Column("pos", Integer)
KEYS = ("pos", "ref", "content_sha256", "numbers_sha256")


@dataclass(frozen=True, slots=True)
class KnownAd:
    """What ingest must know of an ad of which something may have changed."""

    id: int
    partition: str
    content_sha256: str
    numbers_sha256: str
    versions: int
    content_observed_at: datetime
    numbers_observed_at: datetime
    vanished_at: datetime | None
    row_hash: bytes | None


@dataclass(frozen=True, slots=True)
class MetAds:
    """A page sorted by what the archive knows of it; each part in the order of the page."""

    fresh: list[Prepared] = field(default_factory=list)
    quiet: list[Prepared] = field(default_factory=list)
    """Known, and as it is known: nothing is written of these."""
    quiet_ids: list[int] = field(default_factory=list)
    noted: list[tuple[Prepared, KnownAd]] = field(default_factory=list)
    """Known, and something is to be written or looked into."""


def meet_known(session: Session, lease: RunLease, prepared: Sequence[Prepared]) -> MetAds:
    """Sort a page, in which no ad stands twice."""
    arriving = _lay_out_keys(session, prepared)
    ad = table_of(Ad)
    is_same_ad = and_(ad.c.source == lease.source, ad.c.ref == arriving.c.ref)
    is_same = and_(
        col(Ad.content_sha256) == arriving.c.content_sha256,
        col(Ad.numbers_sha256) == arriving.c.numbers_sha256,
    )
    is_quiet = says_nothing_new(lease, is_same)
    flag = case((is_quiet, 1), else_=0)
    listed = select(arriving.c.pos, ad.c.id, flag).select_from(arriving.outerjoin(ad, is_same_ad))
    met = MetAds()
    noted: dict[int, int] = {}
    # In the order of the page; they come nearly so, which sorts them sooner here than in SQL.
    with look_up_by_key(session):
        found = sorted(session.connection().execute(listed).all(), key=itemgetter(0))
    for pos, ad_id, says_nothing in found:
        if ad_id is None:
            met.fresh.append(prepared[pos])
        elif says_nothing:
            met.quiet.append(prepared[pos])
            met.quiet_ids.append(ad_id)
        else:
            noted[pos] = ad_id
    if noted:
        known = _read_known(session, noted.values())
        met.noted.extend((prepared[pos], known[ad_id]) for pos, ad_id in noted.items())
    return met


def _lay_out_keys(session: Session, prepared: Sequence[Prepared]) -> Table:
    columns = [POSITION, *(table_of(Ad).c[name] for name in KEYS[1:])]
    arriving = make_scratch(session, "arriving_ad", columns)
    rows = (
        (pos, p.record.ref, p.content_sha256, p.numbers_sha256) for pos, p in enumerate(prepared)
    )
    insert_rows(session, arriving, KEYS, rows)
    return arriving


def says_nothing_new(lease: RunLease, is_same: ColumnElement[bool]) -> ColumnElement[bool]:
    """The ad `is_same` as known, was not missed meanwhile, and lives where it was looked for."""
    at = lease.observed_at
    return and_(
        is_same,
        col(Ad.content_observed_at) <= at,
        col(Ad.numbers_observed_at) <= at,
        or_(col(Ad.vanished_at).is_(None), col(Ad.vanished_at) >= at),
        *([col(Ad.partition) == lease.partition] if lease.is_sweep else []),
    )


def _read_known(session: Session, ids: Iterable[int]) -> dict[int, KnownAd]:
    wanted, ad = lay_out_ids(session, "noted_ad", ids), table_of(Ad)
    query = select(*(ad.c[name] for name in KnownAd.__slots__)).join_from(
        wanted, ad, ad.c.id == wanted.c.id
    )
    with look_up_by_key(session):
        rows = session.connection().execute(query).all()
    return {values[0]: KnownAd(*values) for values in rows}
