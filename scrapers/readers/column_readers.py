"""Values as other people's tables of ads hold them -> ours, each kind of reader under a name.

Column maps name the readers; `scrapers.readers.column_maps` calls `choose_reader`. Nothing is guessed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from archive.runs.captures import redact_url
from scrapers.readers.delivery import is_domain, read_delivery, read_page_id, sort_delivery
from scrapers.readers.moments import read_day, read_day_as
from scrapers.readers.parsing import (
    read_address,
    read_amount,
    read_count,
    read_country,
    read_currency,
    read_list,
    read_ref,
    read_text,
    read_texts,
)

Reader = Callable[[object], Any]

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_flag(value: object) -> bool:
    """True or false, however a table spells it.

    Raises:
        ValueError: if it is neither.
    """
    flag = FLAGS.get(str(value).strip().casefold())
    if flag is None:
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")
    return flag


def read_whole(value: object) -> int:
    """A count, also as pandas writes it in a column with gaps: `2999.0`."""
    return read_count(str(value).strip().removesuffix(".0"))


def read_shown_address(value: object) -> str:
    """A web address without the tokens in its query."""
    return redact_url(read_address(value))


def read_domains(value: object) -> list[str]:
    """Those of a list of captions that are domains; advertisers write sentences there too."""
    return [text for text in read_texts(value) if is_domain(text)]


READERS: Mapping[str, Reader] = {
    "address": read_shown_address,
    "addresses": lambda value: [read_shown_address(text) for text in read_texts(value)],
    "count": read_whole,
    "countries": lambda value: [read_country(text) for text in read_texts(value)],
    "currency": read_currency,
    "domains": read_domains,
    "flag": read_flag,
    "id": read_ref,
    "meta_page": read_page_id,
    "meta_regions": lambda value: sort_delivery(read_delivery("delivery_by_region")(value)),
    "text": read_text,
    "texts": read_texts,
}
"""Readers that need no more than the value; `list`, `day`, `instant` and `amount` need to know more."""

READER_OF_FIELD = {
    **dict.fromkeys(("ref", "advertiser_ref"), "id"),
    **dict.fromkeys(("platform", "advertiser_name", "payer_name", "sponsor_name"), "text"),
    **dict.fromkeys(("media_type", "election_name", "declared_by"), "text"),
    **dict.fromkeys(("surfaces", "registration_refs", "languages", "titles"), "texts"),
    **dict.fromkeys(("bodies", "descriptions"), "texts"),
    **dict.fromkeys(("landing_urls", "media_urls"), "addresses"),
    **dict.fromkeys(("started_on", "ended_on"), "day"),
    **dict.fromkeys(("started_at", "ended_at"), "instant"),
    **dict.fromkeys(("spend_lower_minor", "spend_upper_minor"), "amount"),
    **dict.fromkeys(("impressions_lower", "impressions_upper", "reach_lower"), "count"),
    **dict.fromkeys(("reach_upper", "audience_lower", "audience_upper"), "count"),
    "url": "address",
    "countries": "countries",
    "declared_political": "flag",
    "currency": "currency",
    "delivery": "meta_regions",
}
"""The fields a column may be mapped to, each with the reader it has unless the map names another."""

READERS_WITH_MORE = frozenset({"amount", "day", "instant", "list"})


def choose_reader(
    name: str, forms: Sequence[str], separator: str, zone: str, currency: str | None
) -> Reader:
    """The reader of this name, with what it needs to know."""
    match name:
        case "amount":
            return partial(read_amount, currency=currency)
        case "day":
            return read_day_as(*forms) if forms else read_day
        case "instant":
            return partial(read_local_instant, forms=tuple(forms), zone=zone)
        case "list":
            return read_list(separator)
        case _:
            return READERS[name]


def read_local_instant(value: object, forms: tuple[str, ...], zone: str) -> datetime:
    """An instant in ISO 8601 or one of the forms; without an offset of its own it is the zone's.

    Raises:
        ValueError: if it is written otherwise.
    """
    text = read_text(value)
    for form in forms or ("iso",):
        try:
            moment = (
                datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 (the zone is set below)
            )
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    raise ValueError(f"{text[:40]!r} is not a time as this map says")
