"""The days on which listed money was spent, as SQL.

`items` lists them beside each amount where a question converts: the rates of those days count.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, case, cast, func, null
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.spending.query import SpendQuery

Days = tuple[Any, Any]
"""SQL expressions of the first and the last day, both included."""


def name_days(query: SpendQuery, days: Days) -> list[ColumnElement[Any]]:
    """The days as columns; nothing where no rate is asked for, so that sums need not be parted by them."""
    unknown = cast(null(), Date)
    first_on, last_on = days if query.convert_to else (unknown, unknown)
    return [first_on.label("first_on"), last_on.label("last_on")]


def ad_days(session: Session, ads: type[PublicAd]) -> Days:
    """The run of each ad, as days of its own or, from instants, of UTC."""
    ended = func.coalesce(col(ads.ended_on), _name_day(session, ads.ended_at))
    return (
        func.coalesce(col(ads.started_on), _name_day(session, ads.started_at)),
        case((col(ads.dates_contradict), null()), else_=ended),
    )


def _name_day(session: Session, instant: datetime | None) -> ColumnElement[Any]:
    """The day in UTC of an instant's column."""
    if session.get_bind().dialect.name == "sqlite":
        return func.date(instant, type_=Date)
    return cast(func.timezone("UTC", instant), Date)
