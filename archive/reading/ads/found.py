"""Ads found by what somebody holds of them; here by an id or a link, of which nothing is fetched."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Ad, PublicAd, Source
from archive.reading.descriptions import view_of
from archive.records.ad_links import AdLink, read_ad_link
from archive.records.identity import ad_path, split_public_id
from config.site_root import SitePath

MOST_FOUND = 20


@view_of(PublicAd, "public_id as id, source, platform, advertiser_name, payer_name")
class FoundAd(SQLModel):
    """An ad, and by what it was found."""

    id: str
    path: SitePath = Field(description="Permanent link of the ad within the site.")
    reason: str = Field(description="By what the two are alike and what differs, in plain words.")


def find_by_id(session: Session, text: str) -> list[FoundAd]:
    """The ad that a link, a permanent id or a source's own id names; several, where sources share an id."""
    link = read_ad_link(text)
    if link is None:
        return _find_ads(session, _list_keys(session, text), "this is its id")
    if link.is_picture:
        return _find_pictured(session, link)
    return _find_ads(session, [(link.source, link.ref)], "the link names it")


def _list_keys(session: Session, text: str) -> list[tuple[str, str]]:
    """Source and id of every ad whose id the text may be."""
    sources = session.exec(select(Source.id).order_by(col(Source.id))).all()
    keys = [(source, text) for source in sources]
    try:
        return [split_public_id(text), *keys]
    except ValueError:
        return keys


def _find_ads(session: Session, keys: Iterable[tuple[str, str]], reason: str) -> list[FoundAd]:
    found = []
    for source, ref in keys:
        ad = select(Ad.id).where(Ad.source == source, Ad.ref == ref)
        found += _show_ads(session, reason, col(PublicAd.id).in_(ad))
    return found


def _find_pictured(session: Session, link: AdLink) -> list[FoundAd]:
    """The ads of a source of which an address of a picture holds this name."""
    own = select(Ad.id).where(Ad.source == link.source)
    addresses = cast(col(PublicAd.media_urls), String)
    held = addresses.contains(f"/{link.ref}", autoescape=True)
    found = session.exec(select(PublicAd).where(col(PublicAd.id).in_(own), held)).all()
    return [
        show_found(ad.model_dump(), "the link is that of its picture")
        for ad in found
        if link in map(read_ad_link, ad.media_urls)
    ][:MOST_FOUND]


def _show_ads(session: Session, reason: str, *wanted: ColumnElement[bool]) -> list[FoundAd]:
    query = select(PublicAd).where(*wanted).order_by(col(PublicAd.id)).limit(MOST_FOUND)
    return [show_found(ad.model_dump(), reason) for ad in session.exec(query)]


def show_found(ad: dict[str, Any], reason: str) -> FoundAd:
    """An ad by columns of its row, with the reason in plain words."""
    path = ad_path(ad["source"], ad["ref"])
    return FoundAd(**ad | {"id": ad["public_id"]}, path=path, reason=reason)
