"""Who runs ads, for readers: each as one source names it; nothing here links them."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.models import Advertiser, AdvertiserName, PublicAd
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_text
from archive.reading.views import AdvertiserItem, AdvertiserView, NameView

LISTING = "advertisers"
PAYERS_SHOWN = 20


def list_advertisers(
    session: Session, source: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[AdvertiserItem]:
    """Advertisers in the order of their ids.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    query = select(Advertiser).order_by(col(Advertiser.id)).limit(limit + 1)
    if (after := decode_text(LISTING, cursor)) is not None:
        query = query.where(col(Advertiser.id) > after)
    if source is not None:
        query = query.where(Advertiser.source == source)
    rows = session.exec(query).all()
    shown, following = cut_page(LISTING, rows, limit, lambda row: row.id)
    return Page(_show(session, shown), following, read_data_as_of(session))


def read_advertiser(session: Session, advertiser_id: str) -> AdvertiserView:
    """One advertiser by our id of it, with its names and payers.

    Raises:
        NotFoundError: if the archive does not know it.
    """
    row = session.get(Advertiser, advertiser_id)
    if row is None:
        raise NotFoundError("advertiser", advertiser_id)
    names = session.exec(
        select(AdvertiserName)
        .where(AdvertiserName.advertiser_id == advertiser_id)
        .order_by(col(AdvertiserName.observed_at))
    )
    return AdvertiserView(
        **_show(session, [row])[0].model_dump(),
        names=[NameView.model_validate(name) for name in names],
        payers=_list_payers(session, advertiser_id),
        data_as_of=read_data_as_of(session),
    )


def _show(session: Session, rows: Sequence[Advertiser]) -> list[AdvertiserItem]:
    counted = dict(
        session.exec(
            select(PublicAd.advertiser_id, func.count())
            .where(col(PublicAd.advertiser_id).in_([row.id for row in rows]))
            .group_by(col(PublicAd.advertiser_id))
        ).all()
    )
    return [
        AdvertiserItem.model_validate(row, update={"ads": counted.get(row.id, 0)}) for row in rows
    ]


def _list_payers(session: Session, advertiser_id: str) -> list[str]:
    query = (
        select(PublicAd.payer_name)
        .where(PublicAd.advertiser_id == advertiser_id, col(PublicAd.payer_name).is_not(None))
        .group_by(col(PublicAd.payer_name))
        .order_by(func.count().desc(), col(PublicAd.payer_name))
        .limit(PAYERS_SHOWN)
    )
    return [name for name in session.exec(query) if name is not None]
