"""Which rows a stream holds: the filters of the lists, as conditions in SQL.

`archive.exports.downloads.select` asks with them; ads and disclosures are filtered as their lists are.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, not_
from sqlmodel import Session

from archive.models import AdvertiserSpend
from archive.reading.ads.ads import AdFilter, filter_ads
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past_money import is_newest
from archive.reading.disclosures import DisclosureFilter, filter_disclosures
from archive.reading.json_lists import list_holds
from archive.records import Grain


@dataclass(frozen=True)
class AdvertiserSpendFilter:
    """Which statements of advertisers' spending a stream holds; every part given must hold."""

    source: str | None = None
    platform: str | None = None
    country: str | None = None
    currency: str | None = None
    advertiser_id: str | None = None
    grain: Grain | None = None
    from_on: date | None = None
    to_on: date | None = None
    """Statements about any day from the one to the other."""
    is_current: bool | None = None
    """Only the newest observation of each series, or only the older ones; at an earlier moment only
    the newest are told anyway."""


Wanted = AdFilter | AdvertiserSpendFilter | DisclosureFilter


def match(
    session: Session,
    table: Any,  # noqa: ANN401 (a table or an alias of it)
    wanted: Wanted,
    moment: Moment = NOW,
) -> list[ColumnElement[bool]]:
    """The filter as conditions on a table."""
    match wanted:
        case AdFilter():
            return filter_ads(session, wanted, table, moment)
        case DisclosureFilter():
            return filter_disclosures(wanted, table)
        case AdvertiserSpendFilter():
            return _filter_statements(session, wanted, moment)


def _filter_statements(
    session: Session, wanted: AdvertiserSpendFilter, moment: Moment
) -> list[ColumnElement[bool]]:
    table: Any = AdvertiserSpend
    given = {name: value for name, value in vars(wanted).items() if value is not None}
    country = given.pop("country", None)
    from_on, to_on = given.pop("from_on", None), given.pop("to_on", None)
    is_current = given.pop("is_current", None)
    conditions = [getattr(table, name) == value for name, value in given.items()]
    conditions += [table.period_end_on >= from_on] if from_on else []
    conditions += [table.period_start_on <= to_on] if to_on else []
    if is_current is not None:
        conditions.append(is_newest(moment) if is_current else not_(is_newest(moment)))
    return conditions + ([list_holds(session, table.countries, country)] if country else [])
