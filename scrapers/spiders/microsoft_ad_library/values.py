"""Values as Microsoft's Ad Library nests them -> ours: an ad, its details, shares by country, targets.

The spider `microsoft_ad_library` reads its answers through here.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from archive.records import AdRecord, MissingReason
from archive.runs.captures import redact_url
from scrapers.readers.fields import Fields
from scrapers.readers.moments import read_day
from scrapers.readers.parsing import (
    Range,
    read_address,
    read_bucket,
    read_country,
    read_parts,
    read_ref,
    read_text,
)
from scrapers.readers.reading import name_columns

DETAILS = "AdDetails"
AD_KEYS = "AdId AdvertiserId AdvertiserName Title Description DisplayUrl DestinationUrl AssetJson"
DETAIL_KEYS = (
    "PaidForByName StartDate EndDate TotalImpressionsRange ImpressionsByCountry Targets "
    "RestrictionReason"
)
NOT_TAKEN = ("@odata.context", DETAILS)
"""The address of the answer's own schema, and details that are null because nobody asked."""
KNOWN = name_columns(AD_KEYS) | {f"{DETAILS}.{name}" for name in DETAIL_KEYS.split()} | {*NOT_TAKEN}


def flatten_details(item: object) -> object:
    """`{"AdDetails": {"StartDate": …}}` as `{"AdDetails.StartDate": …}`; all else as it is."""
    details = item.get(DETAILS) if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(details, dict):
        return item
    flat = {f"{DETAILS}.{key}": value for key, value in details.items()}
    return {key: value for key, value in item.items() if key != DETAILS} | flat


def read_ad(fields: Fields) -> AdRecord:
    """One ad; who paid, when and how often is known of those asked for one by one.

    Raises:
        FieldError: naming the key that cannot be read.
        ValidationError: if the values contradict one another.
    """
    fields.keep(NOT_TAKEN)
    shares = f"{DETAILS}.ImpressionsByCountry"
    targets = f"{DETAILS}.Targets"
    values = fields.take_present(
        {
            "advertiser_ref": ("AdvertiserId", read_ref),
            "advertiser_name": ("AdvertiserName", read_text),
            "titles": ("Title", read_single),
            "bodies": ("Description", read_single),
            "landing_urls": ("DestinationUrl", read_landing),
            "payer_name": (f"{DETAILS}.PaidForByName", read_text),
            "started_on": (f"{DETAILS}.StartDate", read_date),
            "ended_on": (f"{DETAILS}.EndDate", read_date),
            "delivery": (shares, read_shares),
            "targeting": (targets, read_targets),
        }
    )
    if values.get("delivery"):
        values["countries"] = sorted({entry["country"] for entry in values["delivery"]})
    return AdRecord(
        ref=fields.require("AdId", read_ref),
        platform="microsoft",
        declared_by="platform",
        **values,
        **take_impressions(fields),
        source_fields=fields.rest(),
    )


def take_impressions(fields: Fields) -> dict[str, Any]:
    """The range of impressions; one that is written in a way we do not know stays word for word."""
    name = f"{DETAILS}.TotalImpressionsRange"
    if name not in fields:
        return {}
    text = fields.take(name, read_text)
    if text is None:
        return {"impressions_lower": None, "impressions_upper": None}
    try:
        lower, upper = read_impressions(text)
    except ValueError:
        fields.leave(name, text)
        names = ("impressions_lower", "impressions_upper")
        return {"missing": dict.fromkeys(names, MissingReason.UNREADABLE)}
    return {"impressions_lower": lower, "impressions_upper": upper}


def read_impressions(text: str) -> Range:
    """`1,000 - 5,000`, `1K-5K`, `> 1M` or `< 1000`, with the edges as published.

    Raises:
        ValueError: if it is written otherwise.
    """
    plain = text.replace(",", "").replace(" ", "").replace("K", "k")
    return read_bucket(plain.replace("<", "≤"))


def read_single(value: object) -> list[str]:
    """The only text of a list."""
    return [read_text(value)]


def read_landing(value: object) -> list[str]:
    """Where it leads, without the tokens in the query."""
    return [redact_url(read_address(value))]


def read_date(value: object) -> date:
    """A day, also one written as its first instant."""
    return read_day(read_text(value).removesuffix("Z").removesuffix("T00:00:00"))


def read_shares(value: object) -> list[dict[str, Any]]:
    """Shares of the impressions by country, written `17.3%`, in the order of the countries' codes.

    Raises:
        ValueError: if a country or a share cannot be read.
    """
    entries = [
        {
            "by": "country",
            "country": read_country(part.get("Country")),
            "share": read_percent(part.get("ImpressionShare")),
        }
        for part in read_parts(value, {"Country", "ImpressionShare"})
    ]
    return sorted(entries, key=lambda entry: str(entry["country"]))


def read_percent(value: object) -> float:
    """A share written in percent.

    Raises:
        ValueError: if it is none between 0 and 100.
    """
    try:
        percent = Decimal(read_text(value).removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a percentage") from None
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise ValueError(f"{str(value)[:40]!r} is not between 0 and 100 percent")
    return float(percent / 100)


def read_targets(value: object) -> list[dict[str, str]]:
    """Kinds of targeting that were used, Microsoft's own words; never whom they meant."""
    entries = [
        {
            "dimension": read_text(part.get("TargetType")),
            "mode": "exclude" if part.get("UsedForExclusion") is True else "include",
            "text": "used; Microsoft does not say which",
        }
        for part in read_parts(value, {"TargetType", "UsedForExclusion"})
    ]
    return sorted(entries, key=lambda entry: (entry["dimension"], entry["mode"]))
