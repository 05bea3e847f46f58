"""The days on which listed money was spent, as SQL.

`items` lists them beside each amount where a question converts: the rates of those days count. They end where
an item was last seen: what was not seen was not spent as far as anybody knows, and a figure moves only when
something was learned.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Table,
    case,
    cast,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from archive.models import PublicAd, Run
from archive.models.changes import ChangeKind
from archive.runs.sightings import Spans, find_last_within
from archive.spending.query import SpendQuery
from archive.store.bulk import ID_COLUMN, find_storing, insert_rows, make_scratch

SEEN_ON: Column[date] = Column("seen_on", Date())

Days = tuple[Any, Any]
"""SQL expressions of the first and the last day, both included."""


def name_days(
    session: Session, query: SpendQuery, days: Days, seen_at: Mapped[Any] | datetime
) -> list[ColumnElement[Any]]:
    """The days as columns, the last one no later than it was seen; the first may be unknown.

    Nothing where no rate is asked for, so that sums need not be parted by days.
    """
    if not query.convert_to:
        return [cast(null(), Date).label(name) for name in ("first_on", "last_on")]
    return [
        days[0].label("first_on"),
        cap_day(days[1], name_day(session, seen_at)).label("last_on"),
    ]


def ad_days(session: Session, ads: type[PublicAd]) -> Days:
    """The run of each ad, as days of its own or, from instants, of UTC."""
    ended = func.coalesce(col(ads.ended_on), name_day(session, ads.ended_at))
    return (
        func.coalesce(col(ads.started_on), name_day(session, ads.started_at)),
        case((col(ads.dates_contradict), null()), else_=ended),
    )


def cap_day(day: Any, seen_on: Any) -> ColumnElement[Any]:  # noqa: ANN401 (SQL expressions)
    """A last day, or the one it was last seen on if that came before."""
    return case((or_(day.is_(None), day > seen_on), seen_on), else_=day)


def name_ad_days(
    session: Session, ads: type[PublicAd], query: SpendQuery, seen: Table | None
) -> list[ColumnElement[Any]]:
    """The same of the run of each ad, as days of its own or, from instants, of UTC."""
    if seen is None:
        return name_days(session, query, (null(), null()), ads.last_changed_at)
    started, ended = ad_days(session, ads)
    seen_on = func.coalesce(seen.c.seen_on, name_day(session, ads.last_changed_at))
    return [started.label("first_on"), cap_day(ended, seen_on).label("last_on")]


def lay_out_last_seen(
    session: Session, ads: type[PublicAd], query: SpendQuery, *conditions: ColumnElement[bool]
) -> Table:
    """A scratch table of the ads that a run saw on a later day than anything new was said of them.

    `id`, and `seen_on` of the last such run; only of ads whose end was not over by then, since no other's
    days reach further.
    """
    changed_at = col(ads.last_changed_at)
    ended = func.coalesce(col(ads.ended_on), name_day(session, ads.ended_at))
    is_open = or_(ended.is_(None), ended > name_day(session, changed_at), col(ads.dates_contradict))
    of_others = (is_open, col(ads.currency) != query.convert_to, *conditions)
    open_ads: list[Any] = [col(ads.id), col(ads.source), changed_at.label("since")]
    spans: dict[str, Spans] = {}
    for row in session.connection().execute(select(*open_ads).where(*of_others)):
        spans.setdefault(row.source, {})[row.id] = [(row.since, None)]
    limits = query.moment.limit_clocks(col(Run.ended_at), col(Run.observed_at))
    seen = make_scratch(session, "last_seen", (ID_COLUMN, SEEN_ON))
    store = find_storing(session).day
    for source, of_source in spans.items():
        last = find_last_within(session, source, ChangeKind.AD_CONTENT, of_source, limits)
        later = (
            (one, store(at.date())) for (one, since), at in last.items() if at.date() > since.date()
        )
        insert_rows(session, seen, ("id", "seen_on"), later)
    return seen


def name_day(session: Session, instant: Mapped[Any] | datetime | None) -> ColumnElement[Any]:
    """The day in UTC of an instant's column."""
    if session.get_bind().dialect.name == "sqlite":
        return func.date(instant, type_=Date)
    return cast(func.timezone("UTC", instant), Date)
