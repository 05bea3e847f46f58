"""Who runs ads, as sources name them, with every name they went by.

Ingest calls it for each page; nothing here links one advertiser to another.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from archive.models import Advertiser, AdvertiserName
from archive.records import AdRecord, AdvertiserSpendRecord
from archive.records.identity import advertiser_id
from archive.records.postal_addresses import cut_address
from archive.runs.lease import RunLease
from archive.store.batches import cut_batches
from archive.store.bulk import (
    find_storing,
    insert_rows,
    look_up_by_key,
    make_scratch,
    table_of,
    update_rows,
)

ADVERTISER_NAMES = ("id", "source", "ref", "name", "is_weak", "recorded_at")
NAME_NAMES = ("advertiser_id", "name", "observed_at", "recorded_at")


class Named(NamedTuple):
    """An advertiser as a record names it."""

    ref: str | None
    name: str


def note_advertisers(
    session: Session,
    lease: RunLease,
    records: Sequence[AdRecord] | Sequence[AdvertiserSpendRecord],
    now: datetime,
    *,
    is_late: bool = False,
) -> None:
    """Take in advertisers the archive did not know, and new names of those it did.

    A name from an older observation joins the history and never becomes the present one.
    """
    met = _list_met(lease.source, records)
    names = _read_names(session, list(met))
    storing = find_storing(session)
    recorded, seen = storing.time(now), storing.time(lease.observed_at)
    fresh = [
        (key, lease.source, one.ref, one.name, one.ref is None, recorded)
        for key, one in met.items()
        if key not in names
    ]
    insert_rows(session, table_of(Advertiser), ADVERTISER_NAMES, fresh)
    renamed = [(key, one.name) for key, one in met.items() if names.get(key, one.name) != one.name]
    if is_late:
        known = _read_all_names(session, [key for key, _ in renamed])
        renamed = [pair for pair in renamed if pair not in known]
    else:
        update_rows(session, table_of(Advertiser), ("id", "name"), renamed)
    named = [(row[0], row[3]) for row in fresh] + renamed
    rows = [(key, name, seen, recorded) for key, name in named]
    insert_rows(session, table_of(AdvertiserName), NAME_NAMES, rows)


def _list_met(
    source: str, records: Sequence[AdRecord] | Sequence[AdvertiserSpendRecord]
) -> Mapping[str, Named]:
    """Each advertiser once, as the last of the records names it."""
    met: dict[str, Named] = {}
    pairs = [(r.advertiser_ref, cut_address(r.advertiser_name or "") or None) for r in records]
    for ref, name in dict.fromkeys(reversed(pairs)):
        if key := advertiser_id(source, ref, name):
            met.setdefault(key, Named(ref, name or ref or ""))
    return met


def _read_names(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """The present names of those that are known."""
    met = make_scratch(session, "met_advertiser", [table_of(Advertiser).c.id])
    insert_rows(session, met, ("id",), [(key,) for key in keys])
    known = table_of(Advertiser)
    query = select(known.c.id, known.c.name).join_from(met, known, met.c.id == known.c.id)
    with look_up_by_key(session):
        return {row.id: row.name for row in session.connection().execute(query).all()}


def _read_all_names(session: Session, keys: Sequence[str]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for some in cut_batches(keys):
        query = select(AdvertiserName.advertiser_id, AdvertiserName.name)
        known |= set(session.exec(query.where(col(AdvertiserName.advertiser_id).in_(some))).all())
    return known
