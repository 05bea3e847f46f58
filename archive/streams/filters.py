"""Which rows a stream holds: the filters of the lists, as conditions in SQL.

`archive.streams.select` asks with them; ads and disclosures are filtered as their lists are.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session

from archive.reading.ads import AdFilter
from archive.reading.disclosures import DisclosureFilter
from archive.reading.json_lists import list_holds
from archive.records import Grain

INSIDE_LISTS = {"country": "countries"}
"""Parts of a filter that ask what a list holds, and the list."""


@dataclass(frozen=True)
class AdvertiserSpendFilter:
    """Which statements of advertisers' spending a stream holds; every part given must hold."""

    source: str | None = None
    platform: str | None = None
    country: str | None = None
    currency: str | None = None
    advertiser_id: str | None = None
    grain: Grain | None = None
    is_current: bool | None = None
    """Only the newest observation of each series, or only the older ones."""


Wanted = AdFilter | AdvertiserSpendFilter | DisclosureFilter


def match(session: Session, table: Any, wanted: Wanted) -> list[ColumnElement[bool]]:  # noqa: ANN401 (a table or an alias of it)
    """The filter as conditions on a table."""
    return [
        list_holds(session, getattr(table, INSIDE_LISTS[name]), value)
        if name in INSIDE_LISTS
        else getattr(table, name) == value
        for name, value in vars(wanted).items()
        if value is not None
    ]
