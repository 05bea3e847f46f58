"""Who runs ads, as sources name them, with every name they went by.

Ingest calls it for each page; nothing here links one advertiser to another.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from archive.batches import cut_batches
from archive.identity import advertiser_id
from archive.models import Advertiser, AdvertiserName
from archive.records import AdRecord, AdvertiserSpendRecord
from archive.runs import Look


def note_advertisers(
    session: Session,
    look: Look,
    records: Sequence[AdRecord] | Sequence[AdvertiserSpendRecord],
    now: datetime,
) -> None:
    """Take in advertisers the archive did not know, and new names of those it did."""
    met = {
        key: record
        for record in records
        if (key := advertiser_id(look.source, record.advertiser_ref, record.advertiser_name))
    }
    known = _find_known(session, list(met))
    for key, record in met.items():
        name = record.advertiser_name or record.advertiser_ref or ""
        advertiser = known.get(key)
        if advertiser is None:
            session.add(_make_advertiser(look, key, record.advertiser_ref, name, now))
            session.flush()
            _add_name(session, look, key, name, now)
        elif advertiser.name != name and look.observed_at >= _last_named_at(session, key):
            advertiser.name = name
            session.add(advertiser)
            _add_name(session, look, key, name, now)
    session.flush()


def _find_known(session: Session, keys: list[str]) -> dict[str, Advertiser]:
    known: dict[str, Advertiser] = {}
    for some in cut_batches(keys):
        query = select(Advertiser).where(col(Advertiser.id).in_(some))
        known |= {advertiser.id: advertiser for advertiser in session.exec(query)}
    return known


def _make_advertiser(look: Look, key: str, ref: str | None, name: str, now: datetime) -> Advertiser:
    return Advertiser(
        id=key, source=look.source, ref=ref, name=name, is_weak=ref is None, recorded_at=now
    )


def _last_named_at(session: Session, key: str) -> datetime:
    query = select(AdvertiserName.observed_at).where(AdvertiserName.advertiser_id == key)
    return session.exec(query.order_by(col(AdvertiserName.observed_at).desc()).limit(1)).one()


def _add_name(session: Session, look: Look, key: str, name: str, now: datetime) -> None:
    session.add(
        AdvertiserName(advertiser_id=key, name=name, observed_at=look.observed_at, recorded_at=now)
    )
