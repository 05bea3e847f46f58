"""Ads for readers: one by its permanent id, many by a filter, now or as the archive knew them.

`as_of` follows this archive's own clock (`recorded_at`): what it had learned by then. Its answer never
changes afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.identity import ad_path, public_id, split_public_id
from archive.models import Ad, PublicAd
from archive.reading.freshness import read_data_as_of
from archive.reading.json_lists import list_holds
from archive.reading.paging import MOST_AT_ONCE, Page, decode_number, encode_cursor
from archive.reading.past import restore_ads
from archive.reading.views import AdItem, AdView

LISTING = "ads"

LOOKED_THROUGH_AT_ONCE = 200
"""Past states are filtered here, not in SQL: a page may be short, its cursor goes on all the same."""


@dataclass(frozen=True)
class AdFilter:
    """Which ads a list shows; every part given must hold."""

    source: str | None = None
    platform: str | None = None
    country: str | None = None
    advertiser_id: str | None = None
    payer_name: str | None = None
    currency: str | None = None
    state: str | None = None

    def keeps(self, ad: AdItem) -> bool:
        """Whether an ad is one of those asked for."""
        equal = ("source", "platform", "advertiser_id", "payer_name", "currency", "state")
        return all(
            wanted is None or wanted == getattr(ad, name)
            for name, wanted in ((name, getattr(self, name)) for name in equal)
        ) and (self.country is None or self.country in ad.countries)


def read_ad(session: Session, ad_id: str, as_of: datetime | None = None) -> AdView:
    """One ad by its permanent id, now or as the archive knew it at `as_of`.

    Raises:
        NotFoundError: if the archive does not hold it, or did not by then.
    """
    item = _find_now(session, ad_id) if as_of is None else _find_then(session, ad_id, as_of)
    if item is None:
        raise NotFoundError("ad", ad_id)
    return AdView(
        **dict(item),
        path=ad_path(item.source, item.ref),
        as_of=as_of,
        data_as_of=read_data_as_of(session),
    )


def find_ad_row(session: Session, ad_id: str) -> Ad:
    """The spine of an ad, for functions that read what hangs on it.

    Raises:
        NotFoundError: if the archive does not hold it.
    """
    ad = _select_spine(session, ad_id)
    if ad is None:
        raise NotFoundError("ad", ad_id)
    return ad


def list_ads(
    session: Session,
    wanted: AdFilter,
    cursor: str | None = None,
    limit: int = 50,
    as_of: datetime | None = None,
) -> Page[AdItem]:
    """Ads in the order in which the archive learned of them.

    The order never changes and new ads come last, so pages hold still while ingest runs. With `as_of`
    a page may be shorter than `limit` although more follow.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    after = decode_number(LISTING, cursor) or 0
    limit = min(limit, MOST_AT_ONCE)
    if as_of is None:
        items, last = _list_now(session, wanted, after, limit)
    else:
        items, last = _list_then(session, wanted, after, limit, as_of)
    following = encode_cursor(LISTING, last) if last is not None else None
    return Page(items, following, read_data_as_of(session), as_of)


def show_ads(rows: Iterable[PublicAd]) -> list[AdItem]:
    """Rows of the public view as readers see them."""
    return [AdItem.model_validate(row, update={"id": row.public_id}) for row in rows]


def _find_now(session: Session, ad_id: str) -> AdItem | None:
    row = session.exec(select(PublicAd).where(PublicAd.public_id == ad_id)).first()
    return show_ads([row])[0] if row else None


def _find_then(session: Session, ad_id: str, as_of: datetime) -> AdItem | None:
    ad = _select_spine(session, ad_id)
    return next(iter(restore_ads(session, [ad], as_of)), None) if ad else None


def _select_spine(session: Session, ad_id: str) -> Ad | None:
    try:
        source, ref = split_public_id(ad_id)
    except ValueError:
        return None
    return session.exec(select(Ad).where(Ad.source == source, Ad.ref == ref)).first()


def _list_now(
    session: Session, wanted: AdFilter, after: int, limit: int
) -> tuple[list[AdItem], int | None]:
    query = (
        select(PublicAd)
        .where(col(PublicAd.id) > after, *_conditions(session, wanted))
        .order_by(col(PublicAd.id))
        .limit(limit + 1)
    )
    rows = session.exec(query).all()
    last = rows[limit - 1].id if len(rows) > limit else None
    return show_ads(rows[:limit]), last


def _conditions(session: Session, wanted: AdFilter) -> list[ColumnElement[bool]]:
    equal: dict[str, Any] = {
        name: value
        for name, value in vars(wanted).items()
        if name != "country" and value is not None
    }
    conditions = [col(getattr(PublicAd, name)) == value for name, value in equal.items()]
    if wanted.country is not None:
        conditions.append(list_holds(session, PublicAd.countries, wanted.country))
    return conditions


def _list_then(
    session: Session, wanted: AdFilter, after: int, limit: int, as_of: datetime
) -> tuple[list[AdItem], int | None]:
    query = select(Ad).where(col(Ad.id) > after, col(Ad.recorded_at) <= as_of)
    if wanted.source is not None:
        query = query.where(Ad.source == wanted.source)
    spines = session.exec(query.order_by(col(Ad.id)).limit(LOOKED_THROUGH_AT_ONCE)).all()
    ids = {public_id(ad.source, ad.ref): ad.id for ad in spines}
    kept = [ad for ad in restore_ads(session, spines, as_of) if wanted.keeps(ad)]
    if len(kept) > limit:
        return kept[:limit], ids[kept[limit - 1].id]
    return kept, spines[-1].id if len(spines) == LOOKED_THROUGH_AT_ONCE else None
