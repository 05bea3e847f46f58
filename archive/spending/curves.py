"""The curve of each ad as one row of the mirror, and the sums over windows that DuckDB makes of them.

What was spent by the end of a day at least and at most is the same from one step to the next. The steps are
reckoned by `windows`, once, where the mirror is written; in SQL they are only looked up and added.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from archive.models import PublicAd
from archive.reading.visible import Include
from archive.spending.ad_windows import DatedAd, read_dated_ads
from archive.spending.days import name_days
from archive.spending.items import ad_conditions, ad_is_undated, ad_keys
from archive.spending.query import PERIODS, SpendBasis, SpendBy, SpendQuery
from archive.spending.rounding import name_rounding
from archive.spending.windows import ONE_DAY, SpendCurve, find_spread

SPEND_CURVE = Table(
    "spend_curve",
    MetaData(),
    Column("id", BigInteger, nullable=False, comment="Our id of the ad."),
    Column("start_on", Date, comment="First day of its run, in its own zone."),
    Column("end_on", Date, comment="Last such day; empty also where it was a plan."),
    Column("is_revised", Boolean, comment="The source lowered its figures."),
    Column("is_settled_late", Boolean, comment="The source raised them after the end."),
    Column("step_on", ARRAY(Date), comment="Days by whose end other amounts hold, in order."),
    Column("least", ARRAY(BigInteger), comment="At least spent by the end of these days."),
    Column("most", ARRAY(BigInteger), comment="At most spent by then; empty: open."),
    Column("middle_twice", BigInteger, comment="Both ends of the newest range, added."),
    Column("spread_from", Date, comment="First day over which an estimate spreads it."),
    Column("spread_to", Date, comment="Last such day."),
)
"""Of an ad of which no amount is known, all but its run is empty."""

EVERY_AD = SpendQuery(include=Include.UNLABELLED)
IS_SHOWN: ColumnElement[bool] = literal_column("public_ad.is_visible_by_default", Boolean)
"""What the mirror keeps in the place of `archive.reading.visible`."""


def read_curves(session: Session, wanted: Table | None = None) -> Iterator[tuple[Any, ...]]:
    """A row of `SPEND_CURVE` for each ad, or each of those laid out, that has a start; by rising id."""
    only = [] if wanted is None else [col(PublicAd.id).in_(select(wanted.c.id))]
    for ad in read_dated_ads(session, PublicAd, EVERY_AD, *only):
        yield ad.ad_id, ad.start_on, ad.end_on, *_lay_out(ad)


def _lay_out(ad: DatedAd) -> tuple[Any, ...]:
    curve = ad.curve
    if curve is None:
        return (None,) * 8
    steps = find_steps(curve, ad.start_on)
    spread = find_spread(curve)
    return curve.is_revised, curve.is_settled_late, *zip(*steps, strict=True), *spread


def find_steps(curve: SpendCurve, start_on: date | None) -> list[tuple[date, int, int | None]]:
    """Every day by whose end other amounts hold than by the day before: at least and at most."""
    days = {start_on or date.min, curve.end_on, *(s.observed_on for s in curve.snapshots)}
    days |= {s.last_on for s in curve.snapshots}
    return [
        (day, curve.least_by(day), curve.most_by(day))
        for day in sorted(day for day in days if day)
        if start_on is None or day >= start_on
    ]


def list_windows(session: Session, query: SpendQuery, *only: ColumnElement[bool]) -> Select[Any]:
    """What every dated ad spent in each window of a period, for `sum_amounts` over the mirror's files."""
    if query.from_on is None or query.to_on is None:
        raise ValueError("windows need a period")
    spread = _spread_over_windows(session, query, query.from_on, query.to_on, *only)
    looked = _look_up(_cut_windows(spread, query.by, query.from_on, query.to_on))
    of = looked.c
    least_before, most_before = _at_step(of, "least", of.before), _at_step(of, "most", of.before)
    least, most = _at_step(of, "least", of.by_end), _at_step(of, "most", of.by_end)
    proved = case((most_before.is_(None), 0), else_=func.greatest(0, least - most_before))
    is_known = of.step_on.is_not(None)
    return select(
        *_name_window(of, query.by),
        *(of.source, of.currency),
        *name_days(session, query, (of.start_on, of.end_on), PublicAd.last_changed_at),
        case((is_known, proved)).label("lower"),
        case((is_known, most - least_before)).label("upper"),
        literal(1).label("is_placed"),
        literal(0).label("is_undated"),
        *name_rounding(),
        cast(of.is_revised, Integer).label("is_revised"),
        cast(of.is_settled_late, Integer).label("is_settled_late"),
        *_name_spread(query, of),
    )


def _name_window(of: Any, by: SpendBy | None) -> list[ColumnElement[Any]]:  # noqa: ANN401 (columns)
    """The key and why it is unknown; of a window its day, its Monday or its month, as `key_day` has it."""
    if by not in PERIODS:
        return [of.key, of.reason]
    day = cast(of.began_on, String)
    key = func.left(day, len("2026-01")) if by is SpendBy.MONTH else day
    return [key.label("key"), null().label("reason")]


def _spread_over_windows(
    session: Session, query: SpendQuery, from_on: date, to_on: date, *only: ColumnElement[bool]
) -> Subquery:
    """Each ad asked about with its curve, once for each window its run touches.

    `began_on`: the first day of the whole day, week or month, also where the period cuts it. Windows are
    worked out from it: a join with a list of them copies every curve (measured: four times the cost).
    """
    of = SPEND_CURVE.c
    # Of one window too: what stands behind `unnest` is worked out once, else DuckDB looks up again each use.
    starts = func.list_value(from_on)
    if query.by in PERIODS:
        first = func.date_trunc(query.by, func.greatest(of.start_on, from_on))
        last = func.least(of.end_on, to_on)
        starts = func.generate_series(first, last, _one(query.by))
    ended = or_(of.end_on.is_(None), of.end_on >= from_on)
    return (
        select(*ad_keys(PublicAd, query), *of, cast(func.unnest(starts), Date).label("began_on"))
        .join_from(PublicAd, SPEND_CURVE, of.id == col(PublicAd.id))
        .where(~ad_is_undated(PublicAd), of.start_on <= to_on, ended)
        .where(*ad_conditions(session, PublicAd, query), *only)
        .subquery()
    )


def _cut_windows(spread: Subquery, by: SpendBy | None, from_on: date, to_on: date) -> Subquery:
    """The same with the first and the last day of the window that lie in the period."""
    last_day: ColumnElement[Any] = literal(to_on)
    if by in PERIODS:
        last_day = func.least(to_on, spread.c.began_on + _one(by) - ONE_DAY)
    first_day = func.greatest(from_on, spread.c.began_on)
    return select(
        spread, first_day.label("first_day"), cast(last_day, Date).label("last_day")
    ).subquery()


def _one(by: SpendBy | None) -> ColumnElement[Any]:
    return literal_column(f"INTERVAL 1 {by}")


def _look_up(cut: Subquery) -> Subquery:
    """The same with how many steps lie before the window and by its end: the last of them holds."""
    before, by_end = _count_steps("step < first_day"), _count_steps("step <= last_day")
    return select(cut, before.label("before"), by_end.label("by_end")).subquery()


def _count_steps(condition: str) -> ColumnElement[int]:
    return literal_column(f"len(list_filter(step_on, lambda step: {condition}))", Integer)


def _at_step(of: Any, amount: str, place: ColumnElement[int]) -> ColumnElement[Any]:  # noqa: ANN401 (columns)
    return case((place == 0, 0), else_=func.list_extract(of[amount], place, type_=BigInteger))


def _name_spread(query: SpendQuery, of: Any) -> list[ColumnElement[Any]]:  # noqa: ANN401 (columns)
    """Twice an ad's estimate for a window, times the days it is spread over; and these days."""
    if query.resolved_basis is not SpendBasis.ESTIMATE:
        return [literal(0).label("spread"), literal(1).label("spread_days")]
    shared = func.least(of.spread_to, of.last_day) - func.greatest(of.spread_from, of.first_day) + 1
    return [
        func.coalesce(of.middle_twice * func.greatest(0, shared), 0).label("spread"),
        func.coalesce(of.spread_to - of.spread_from + 1, 1).label("spread_days"),
    ]
