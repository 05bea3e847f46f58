"""Names of advertisers that ads may not be shown with: out of the list of advertisers as well.

`redact_field` and projection call it. An advertiser without an id of its source is known by its name alone,
and its id is made from the name: it goes with it.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from archive.models import Advertiser, AdvertiserName, AdvertiserSpend, Correction, PublicAd
from archive.models.changes import ChangeKind
from archive.records.identity import advertiser_id
from archive.records.postal_addresses import cut_address
from archive.store.changes import append_changes


def forget_names(session: Session, key: str, names: Collection[str], now: datetime) -> None:
    """Drop names of an advertiser that no ad and no statement shows it under any more."""
    row = session.get(Advertiser, key)
    shown = {
        *session.exec(select(PublicAd.advertiser_name).where(PublicAd.advertiser_id == key)),
        *session.exec(
            select(AdvertiserSpend.advertiser_name).where(AdvertiserSpend.advertiser_id == key)
        ),
    }
    if row is not None and (gone := sorted({*names} - shown)):
        for name in gone:
            _rename(session, row, name, row.ref, now)


def cut_names(session: Session, source: str, now: datetime) -> None:
    """Take postal addresses out of the names of a source's advertisers."""
    named = select(Advertiser, AdvertiserName.name).join(
        AdvertiserName, col(AdvertiserName.advertiser_id) == col(Advertiser.id)
    )
    for row, name in session.exec(named.where(Advertiser.source == source)).all():
        if (cut := cut_address(name)) != name:
            _rename(session, row, name, cut or row.ref, now)


def _rename(session: Session, row: Advertiser, old: str, new: str | None, now: datetime) -> None:
    """Put another name in a name's place; one known by its name alone becomes another advertiser."""
    key = advertiser_id(row.source, row.ref, new)
    if key is not None and key != row.id and session.get(Advertiser, key) is None:
        session.add(Advertiser(**row.model_dump(exclude={"id", "name"}), id=key, name=new or ""))
        session.flush()
    borne = (col(AdvertiserName.advertiser_id) == row.id, col(AdvertiserName.name) == old)
    ids = [id_ for id_ in session.exec(select(AdvertiserName.id).where(*borne)) if id_]
    append_changes(session, ChangeKind.ADVERTISER_NAME, ids, now)
    if key is None:
        session.execute(delete(AdvertiserName).where(*borne))
    else:
        changed = update(AdvertiserName).where(*borne)
        session.execute(changed.values(advertiser_id=key, name=new))
    if key != row.id:
        for table in (AdvertiserSpend, Correction):
            of_it = update(table).where(col(table.advertiser_id) == row.id)
            session.execute(of_it.values(advertiser_id=key))
        session.execute(delete(Advertiser).where(col(Advertiser.id) == row.id))
    elif row.name == old:
        row.name = new or ""
        session.add(row)
    session.flush()
