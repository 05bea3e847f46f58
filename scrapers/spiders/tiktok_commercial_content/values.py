"""Values as TikTok's Commercial Content API nests them -> ours: pairs of ad and advertiser, reach, media.

The spider `tiktok_commercial_content` reads its answers through here.
"""

from datetime import date
from typing import Any

from archive.records import AdRecord, MissingReason
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.moments import read_day_as
from scrapers.readers.parsing import (
    UNKNOWN_RANGE,
    Range,
    read_bucket,
    read_country,
    read_part,
    read_ref,
    read_sequence,
    read_text,
)

read_tiktok_day = read_day_as("%Y%m%d")


def flatten_pair(item: object) -> object:
    """`{"ad": {"id": 1}}` as `{"ad.id": 1}`; what is no such pair stays as it is."""
    if not isinstance(item, dict) or not all(isinstance(group, dict) for group in item.values()):
        return item
    return {f"{name}.{key}": value for name, group in item.items() for key, value in group.items()}


def read_ad(fields: Fields) -> AdRecord:
    """One pair of ad and advertiser.

    Raises:
        FieldError: naming the key that cannot be read.
        ValidationError: if the values contradict one another.
    """
    ref = fields.require("ad.id", read_ref)
    is_active = fields.take("ad.status", read_text) == "active"
    last_on = fields.take("ad.last_shown_date", read_tiktok_date)
    videos = fields.take("ad.videos", read_videos) or []
    values = fields.take_present(
        {
            "advertiser_ref": ("advertiser.business_id", read_ref),
            "advertiser_name": ("advertiser.business_name", read_text),
            "payer_name": ("advertiser.paid_for_by", read_text),
            "started_on": ("ad.first_shown_date", read_tiktok_date),
        }
    )
    images = fields.take("ad.image_urls", read_network_addresses) or []
    return AdRecord(
        ref=ref,
        platform="tiktok",
        url=f"https://library.tiktok.com/ads/detail/?ad_id={ref}",
        # While it runs, its last day is only the day before we crawled.
        ended_on=None if is_active else last_on,
        media_type="video" if videos else "image" if images else None,
        media_urls=videos + images,
        declared_by="platform",
        **values,
        **take_reach(fields),
        source_fields=fields.rest(),
    )


def take_reach(fields: Fields) -> dict[str, Any]:
    """Unique users as a range, and the countries it was shown in; a rounded number is no bound.

    Raises:
        FieldError: if the countries cannot be read.
    """
    reach = fields.take("ad.reach", read_part)
    if reach is None:
        return {}
    countries = reach.get("unique_users_seen_by_country") or {}
    try:
        codes = sorted(read_country(code) for code in read_part(countries))
    except (TypeError, ValueError) as error:
        raise FieldError("ad.reach", str(error)) from None
    values: dict[str, Any] = {"countries": codes}
    try:
        lower, upper = read_users(reach.get("unique_users_seen"))
    except (TypeError, ValueError):
        fields.leave("ad.reach", reach)
        unread = dict.fromkeys(("reach_lower", "reach_upper"), MissingReason.UNREADABLE)
        return values | {"missing": unread}
    if countries:
        fields.leave("ad.reach", {"unique_users_seen_by_country": countries})
    return values | {"reach_lower": lower, "reach_upper": upper}


def read_users(value: object) -> Range:
    """`1K-10K` with its edges as published; `None`: unknown."""
    return read_bucket(read_text(value).replace("K", "k")) if value else UNKNOWN_RANGE


def read_tiktok_date(value: object) -> date:
    """A day written as the number 20260131."""
    return read_tiktok_day(str(value))


def read_videos(value: object) -> list[str]:
    """The addresses of videos."""
    return read_network_addresses([read_part(video).get("url") for video in read_sequence(value)])


def read_network_addresses(value: object) -> list[str]:
    """Addresses without their queries, which sign them for an hour: they are new in each answer."""
    return [read_text(address).partition("?")[0] for address in read_sequence(value) if address]
