"""The archive at a glance, for readers: what is new since a time, and on which days it crawled all."""

from datetime import date, datetime

from sqlalchemy import distinct, func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Ad, AdVersion, PublicAd, VanishedPeriod
from archive.reading.coverage import CRAWLED, cover_days, list_past_runs
from archive.reading.visible import is_visible_by_default, select_hidden


class NewsView(SQLModel):
    """What this archive learned since a time, of the ads that lists show."""

    since_at: datetime = Field(description="Counted from this time on.")
    new_ads: int = Field(description="Ads it had not known.")
    new_payers: int = Field(description="Payers named on these ads and on no ad known before.")
    changed_ads: int = Field(description="Ads known before that got a further version.")
    vanished_ads: int = Field(description="Ads that a complete run no longer found.")


def count_news(session: Session, since_at: datetime) -> NewsView:
    """What this archive learned from `since_at` on."""
    hidden_by_default = select_hidden()
    new = (col(Ad.recorded_at) >= since_at, col(Ad.id).not_in(hidden_by_default))
    later_version = (
        col(AdVersion.recorded_at) >= since_at,
        AdVersion.seq > 1,
        col(AdVersion.ad_id).not_in(hidden_by_default),
    )
    gone = (
        col(VanishedPeriod.recorded_at) >= since_at,
        col(VanishedPeriod.ad_id).not_in(hidden_by_default),
    )
    return NewsView(
        since_at=since_at,
        new_ads=session.exec(select(func.count()).select_from(Ad).where(*new)).one(),
        new_payers=_count_new_payers(session, since_at),
        changed_ads=session.exec(
            select(func.count(distinct(col(AdVersion.ad_id)))).where(*later_version)
        ).one(),
        vanished_ads=session.exec(
            select(func.count()).select_from(VanishedPeriod).where(*gone)
        ).one(),
    )


def _count_new_payers(session: Session, since_at: datetime) -> int:
    first_known = (
        select(func.min(Ad.recorded_at).label("at"))
        .join(PublicAd, col(PublicAd.id) == Ad.id)
        .where(col(PublicAd.payer_name).is_not(None), is_visible_by_default(PublicAd))
        .group_by(col(PublicAd.payer_name))
        .subquery()
    )
    query = select(func.count()).select_from(first_known).where(first_known.c.at >= since_at)
    return session.exec(query).one()


def count_days_crawled(session: Session, start_on: date, end_on: date) -> int:
    """Days between the two, both included, on which a run at any source ended well."""
    runs = list_past_runs(session, from_on=start_on, to_on=end_on)
    return sum(day.state == CRAWLED for day in cover_days(runs, start_on, end_on))
