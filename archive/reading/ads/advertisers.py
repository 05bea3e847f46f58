"""Who runs ads, for readers: each as one source names it; nothing here links them.

At a moment an advertiser has the name it went by then, and the ads that were there then.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, exists, func, or_
from sqlmodel import Session, col, select

from archive.errors import NotFoundError, NotYetKnownError
from archive.models import Advertiser, AdvertiserAlias, AdvertiserName, AdvertiserSpend
from archive.reading.ads.aliases import find_present_id, list_former_ids
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import ads_at
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_text, gather_rows
from archive.reading.views import AdvertiserItem, AdvertiserView, NameView
from archive.reading.visible import Include, is_visible_by_default
from archive.store.batches import cut_batches

LISTING = "advertisers"
PAYERS_SHOWN = 20


def list_advertisers(
    session: Session,
    source: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    moment: Moment = NOW,
    name: str | None = None,
    include: Include | None = None,
) -> Page[AdvertiserItem]:
    """Advertisers in the order of their ids; with `name`, those that ever went by words like it.

    Those of whom nothing is known but ads without a political label are left out, unless asked for.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    query = select(Advertiser).where(*_was_named(moment))
    query = query.order_by(col(Advertiser.id)).limit(limit + 1)
    if source is not None:
        query = query.where(Advertiser.source == source)
    if name is not None:
        query = query.where(_went_by(name, moment))
    start = decode_text(LISTING, cursor)

    def read_after(item: AdvertiserItem | None) -> Sequence[AdvertiserItem]:
        after = start if item is None else item.id
        later = query if after is None else query.where(col(Advertiser.id) > after)
        return _show(session, session.exec(later).all(), moment)

    def keep(items: Sequence[AdvertiserItem]) -> Sequence[AdvertiserItem]:
        return items if include is not None else _leave_out_hidden(session, items, moment)

    items = gather_rows(read_after, keep, limit + 1)
    shown, following = cut_page(LISTING, items, limit, lambda item: item.id)
    return Page(shown, following, read_data_as_of(session, moment.as_of), moment)


def read_advertiser(session: Session, advertiser_id: str, moment: Moment = NOW) -> AdvertiserView:
    """One advertiser by any id it ever had, with its names under all of them and its payers.

    Raises:
        NotFoundError: if the archive does not know it, or did not at the moment.
    """
    present_id = find_present_id(session, advertiser_id, moment)
    former_ids = list_former_ids(session, present_id, moment)
    known = select(Advertiser).where(Advertiser.id == present_id, *_was_named(moment))
    row = session.exec(known).first()
    if row is None:
        raise _tell_unknown(session, advertiser_id, present_id, moment)
    names = session.exec(
        select(AdvertiserName)
        .where(
            col(AdvertiserName.advertiser_id).in_([present_id, *former_ids]),
            *moment.limit(AdvertiserName),
        )
        .order_by(col(AdvertiserName.observed_at), col(AdvertiserName.id))
    )
    return AdvertiserView(
        **_show(session, [row], moment)[0].model_dump(),
        names=[NameView.model_validate(name) for name in names],
        former_ids=former_ids,
        payers=_list_payers(session, present_id, moment),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        data_as_of=read_data_as_of(session, moment.as_of),
    )


def name_advertisers(session: Session, ids: Sequence[str], moment: Moment) -> dict[str, str]:
    """The newest name at a moment of each of these advertisers that had one."""
    names: dict[str, str] = {}
    for some in cut_batches(ids):
        if moment.is_now:
            now = select(Advertiser.id, Advertiser.name).where(col(Advertiser.id).in_(some))
            names |= dict(session.exec(now).all())
            continue
        then = (
            select(AdvertiserName.advertiser_id, AdvertiserName.name)
            .where(col(AdvertiserName.advertiser_id).in_(some), *moment.limit(AdvertiserName))
            .order_by(col(AdvertiserName.observed_at), col(AdvertiserName.id))
        )
        # The newest comes last, so it stays.
        names |= dict(session.exec(then).all())
    return names


def _tell_unknown(
    session: Session, advertiser_id: str, present_id: str, moment: Moment
) -> NotFoundError:
    clock = AdvertiserName.recorded_at if moment.as_of else AdvertiserName.observed_at
    named = select(func.min(clock)).where(AdvertiserName.advertiser_id == present_id)
    since = None if moment.is_now else session.exec(named).one()
    if since is None:
        return NotFoundError("advertiser", advertiser_id)
    return NotYetKnownError("advertiser", advertiser_id, since)


def _was_named(moment: Moment) -> list[ColumnElement[bool]]:
    """Whether a source had named the advertiser by the moment; every one has a first name."""
    if moment.is_now:
        return []
    of_it = col(AdvertiserName.advertiser_id) == col(Advertiser.id)
    return [exists().where(of_it, *moment.limit(AdvertiserName))]


def _went_by(name: str, moment: Moment) -> ColumnElement[bool]:
    """Whether a source ever used a name that holds these words, under this id or the one before."""
    named = select(AdvertiserName.advertiser_id).where(
        col(AdvertiserName.name).icontains(name, autoescape=True), *moment.limit(AdvertiserName)
    )
    moved = select(AdvertiserAlias.new_id).where(
        col(AdvertiserAlias.old_id).in_(named), *moment.limit(AdvertiserAlias)
    )
    return or_(col(Advertiser.id).in_(named), col(Advertiser.id).in_(moved))


def _show(session: Session, rows: Sequence[Advertiser], moment: Moment) -> list[AdvertiserItem]:
    ids = [row.id for row in rows]
    names = name_advertisers(session, ids, moment)
    listed, all_of_it = _count_ads(session, ids, moment)
    return [
        AdvertiserItem.model_validate(
            row,
            update={
                "name": names[row.id],
                "ads": listed[row.id],
                "unlabelled": all_of_it[row.id] - listed[row.id],
            },
        )
        for row in rows
    ]


def _leave_out_hidden(
    session: Session, items: Sequence[AdvertiserItem], moment: Moment
) -> list[AdvertiserItem]:
    """The items without those that only ads which lists leave out speak of."""
    doubted = [item.id for item in items if item.unlabelled and not item.ads]
    stated = set(
        session.exec(
            select(AdvertiserSpend.advertiser_id).where(
                col(AdvertiserSpend.advertiser_id).in_(doubted), *moment.limit(AdvertiserSpend)
            )
        )
    )
    left_out = set(doubted) - stated
    return [item for item in items if item.id not in left_out]


def _count_ads(
    session: Session, ids: Sequence[str], moment: Moment
) -> tuple[Counter[str | None], Counter[str | None]]:
    """Ads by advertiser: those that lists show, and all."""
    listed: Counter[str | None] = Counter()
    all_of_it: Counter[str | None] = Counter()
    for ads in ads_at(session, moment):
        shown = func.count(case((is_visible_by_default(ads, moment), 1)))
        query = select(ads.advertiser_id, shown, func.count())
        query = query.where(col(ads.advertiser_id).in_(ids))
        for who, some, every in session.exec(query.group_by(col(ads.advertiser_id))):
            listed[who] += some
            all_of_it[who] += every
    return listed, all_of_it


def _list_payers(session: Session, advertiser_id: str, moment: Moment) -> list[str]:
    counted: Counter[str | None] = Counter()
    for ads in ads_at(session, moment):
        of_it = select(ads.payer_name, func.count()).where(
            ads.advertiser_id == advertiser_id, is_visible_by_default(ads, moment)
        )
        named = of_it.where(col(ads.payer_name).is_not(None)).group_by(col(ads.payer_name))
        counted.update(dict(session.exec(named).all()))
    ranked = sorted((-number, name) for name, number in counted.items() if name is not None)
    return [name for _, name in ranked[:PAYERS_SHOWN]]
