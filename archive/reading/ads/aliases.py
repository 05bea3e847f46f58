"""Advertisers whose id changed, for readers: from any id a source ever gave to the present one."""

from sqlmodel import Session, col, select

from archive.models import Advertiser, AdvertiserAlias
from archive.reading.as_of.moment import NOW, Moment


def find_present_id(session: Session, advertiser_id: str, moment: Moment = NOW) -> str:
    """The newest id of an advertiser under which the archive knows anything.

    An id that never changed is its own answer; so is one of which the archive knows nothing.
    """
    met = [advertiser_id]
    while (following := _find_next(session, met[-1], moment)) and following not in met:
        met.append(following)
    known = set(session.exec(select(Advertiser.id).where(col(Advertiser.id).in_(met))))
    return next((one for one in reversed(met) if one in known), advertiser_id)


def list_former_ids(session: Session, advertiser_id: str, moment: Moment = NOW) -> list[str]:
    """Every id that led to this one, the latest to change first."""
    former: list[str] = []
    led_here = {advertiser_id}
    while led_here:
        query = select(AdvertiserAlias.old_id).where(
            col(AdvertiserAlias.new_id).in_(led_here), *moment.limit(AdvertiserAlias)
        )
        newest_first = query.order_by(
            col(AdvertiserAlias.observed_at).desc(), col(AdvertiserAlias.old_id)
        )
        found = [one for one in session.exec(newest_first) if one not in {*former, advertiser_id}]
        former += found
        led_here = set(found)
    return former


def _find_next(session: Session, advertiser_id: str, moment: Moment) -> str | None:
    query = select(AdvertiserAlias.new_id).where(
        AdvertiserAlias.old_id == advertiser_id, *moment.limit(AdvertiserAlias)
    )
    return session.exec(query).first()
