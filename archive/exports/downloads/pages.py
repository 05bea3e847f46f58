"""Pages of a stream, each read in a transaction of its own, and all of the moment the stream began.

A reader may be slow, and neither database clears away what a transaction could still see (SQLite,
"Write-Ahead Logging"; PostgreSQL, "Routine Vacuuming"). So nothing is held between two pages. Until a
change is recorded a page is read as things are; from then on as they were when the stream began
(`archive.reading.as_of`). What was withheld meanwhile is not given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, case, func, select
from sqlmodel import Session, col

from archive.exports.downloads.filters import AdvertiserSpendFilter, Wanted, match
from archive.exports.downloads.tables import ReadPlan
from archive.models import AdvertiserSpend, Change, Disclosure, PublicAd
from archive.reading import read_data_as_of
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import ads_among, ads_at
from archive.reading.as_of.past_money import disclosures_at, is_newest
from archive.store.changes import last_change_seq
from archive.store.database import is_postgresql, read

PAGE_ROWS = 250
"""Rows read and written at a time: few, so that the first leave at once."""

CHANGES_SIDE_BY_SIDE = 1_000
"""Among so many newest changes is the one of the latest time: who writes may look at the clock before it
waits for its turn."""

NARROW = ("advertiser_id", "payer", "committee_ref", "payee")
"""Filters that leave few rows: an index and a sort find them sooner than a walk over all."""

Page = Sequence[Row[Any]]


@dataclass(frozen=True)
class Beginning:
    """What there was when a stream began; it tells of that to its end."""

    moment: Moment
    """The moment that was asked for."""
    seq: int
    """Number of the newest change."""
    known_at: datetime | None
    """When that was recorded; `None`: nothing was."""
    last_id: int
    """The highest id of what the stream tells."""
    data_as_of: datetime | None

    @property
    def held(self) -> Moment:
        """The moment that was asked for, without what is recorded after the beginning."""
        times = [time for time in (self.moment.as_of, self.known_at) if time]
        return replace(self.moment, as_of=min(times, default=None))


def note_beginning(session: Session, plan: ReadPlan, moment: Moment) -> Beginning:
    """What there is now."""
    seq = last_change_seq(session)
    newest = select(func.max(Change.recorded_at)).where(
        col(Change.seq) > seq - CHANGES_SIDE_BY_SIDE
    )
    return Beginning(
        moment,
        seq,
        session.scalar(newest),
        session.scalar(select(func.max(plan.table.id))) or 0,
        read_data_as_of(session, moment.as_of),
    )


def read_pages(
    engine: Engine, plan: ReadPlan, wanted: Wanted, begun: Beginning, after: int
) -> Iterator[Page]:
    """The rows above an id, a page at a time, each row beginning with its id."""
    while after < begun.last_id:
        with read(engine) as session:
            page, after = _read_page(session, plan, wanted, begun, after)
        if page:
            yield page


def _read_page(
    session: Session, plan: ReadPlan, wanted: Wanted, begun: Beginning, after: int
) -> tuple[Page, int]:
    """The next rows, and the id up to which there are no more of them."""
    is_as_begun = last_change_seq(session) == begun.seq
    if plan.by_ad and not is_as_begun:
        return _read_page_of_past_ads(session, plan, wanted, begun, after)
    moment = begun.moment if is_as_begun else begun.held
    page: list[Row[Any]] = []
    for table in _list_row_ranges(session, plan, moment, after):
        query = _build_query(session, plan, table, wanted, begun, moment)
        query = query.where(table.id > after, table.id <= begun.last_id)
        page += session.connection().execute(query.limit(PAGE_ROWS - len(page))).all()
        if len(page) == PAGE_ROWS:
            return page, page[-1][0]
    return page, begun.last_id


def _read_page_of_past_ads(
    session: Session, plan: ReadPlan, wanted: Wanted, begun: Beginning, after: int
) -> tuple[Page, int]:
    """A stretch of rows whose ads are filtered as they were when the stream began."""
    table = plan.table
    stretch = select(table.id, table.ad_id).where(table.id > after).order_by(table.id)
    ids = stretch.limit(PAGE_ROWS).subquery()
    upto = session.scalar(select(func.max(ids.c.id))) or begun.last_id
    in_stretch = and_(table.id > after, table.id <= min(upto, begun.last_id))
    of_rows = col(PublicAd.id).in_(select(table.ad_id).where(in_stretch))
    ads = ads_among(session, Moment(as_of=begun.known_at), of_rows)
    conditions = [*match(session, ads, wanted, begun.held), *begun.held.limit(table), in_stretch]
    query = plan.select_from(table, begun.held, ads).where(*conditions).order_by(table.id)
    return session.connection().execute(query).all(), upto


def _list_row_ranges(session: Session, plan: ReadPlan, moment: Moment, after: int) -> Iterator[Any]:
    """What to select from: the table, or what stood there at the moment, in rising ranges."""
    if plan.table is PublicAd:
        yield from ads_at(session, moment, after)
    elif plan.table is Disclosure:
        yield from disclosures_at(session, moment, after)
    else:
        yield plan.table


def _build_query(
    session: Session,
    plan: ReadPlan,
    table: Any,  # noqa: ANN401 (the plan's table or what stands for it)
    wanted: Wanted,
    begun: Beginning,
    moment: Moment,
) -> Select[Any]:
    conditions = _list_conditions(session, plan, table, wanted, begun, moment)
    is_narrow = any(getattr(wanted, name, None) for name in NARROW)
    if conditions and not is_narrow and not is_postgresql(session.connection().engine):
        # SQLite would take the index of a filter and then sort; what it cannot see into has none.
        conditions = [case((and_(*conditions), 1), else_=0) == 1]
    if table is plan.table and plan.table not in (PublicAd, Disclosure):
        conditions += moment.limit(table)
    return plan.select_from(table, moment, PublicAd).where(*conditions).order_by(table.id)


def _list_conditions(
    session: Session,
    plan: ReadPlan,
    table: Any,  # noqa: ANN401 (the plan's table or what stands for it)
    wanted: Wanted,
    begun: Beginning,
    moment: Moment,
) -> list[ColumnElement[bool]]:
    if isinstance(wanted, AdvertiserSpendFilter) and not begun.moment.is_now:
        stated = is_newest(moment), col(AdvertiserSpend.is_withdrawn).is_(False)
        return [*match(session, table, replace(wanted, is_current=None), moment), *stated]
    return match(session, PublicAd if plan.by_ad else table, wanted, moment)
