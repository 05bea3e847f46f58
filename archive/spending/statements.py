"""What sources state that advertisers spent, for the days a question asks about.

Days add up, and so do weeks; a window is answered as the window it is. For each advertiser, currency and
country the answer comes from, in this order: the statement that covers just the period; its days, or its
weeks, if none is missing; windows, of which the longest inside says at least and the shortest around says at
most; else the days or weeks there are, with an open end; else windows that only share days with the period,
which leave it open. Known days raise a window's lower end; nothing else mixes. Where the first answer and
another contradict each other, both stand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row, String, cast, select
from sqlmodel import Session, col

from archive.models import AdvertiserSpend
from archive.records import Grain, Rounding
from archive.spending.items import statement_conditions, statement_keys
from archive.spending.periods import ONE_DAY, PeriodSlice, count_days
from archive.spending.query import PERIODS, SpendQuery
from archive.spending.rounding import bound_statement
from archive.spending.sums import AmountSum, SourceSum, SumKey, read_reason

ADDED = (Grain.DAY, Grain.WEEK)
"""Grains whose statements add up."""

ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Statement:
    """One stated amount; both days included; `lower` `None`: the source gives no amount."""

    dataset: str
    grain: Grain
    first_on: date
    last_on: date
    lower: int | None
    upper: int | None
    rounding: Rounding = Rounding.NONE
    """The bounds have half a step added each way, where it is known."""

    def is_within(self, asked: PeriodSlice) -> bool:
        """Whether all its days are asked about."""
        return asked.first_on <= self.first_on and self.last_on <= asked.last_on

    def is_around(self, asked: PeriodSlice) -> bool:
        """Whether all days asked about are its own."""
        return self.first_on <= asked.first_on and asked.last_on <= self.last_on

    def is_just(self, asked: PeriodSlice) -> bool:
        """Whether it is about the days asked about and no others."""
        return self.is_within(asked) and self.is_around(asked)


@dataclass(frozen=True)
class Answer:
    """What statements of one grain say of a period."""

    grain: Grain
    sum: AmountSum


Days = Mapping[str, frozenset[date]]
"""The days of a period of which anything is stated for anybody: by data set, and by source and countries."""


def sum_period(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery, asked: PeriodSlice
) -> Iterator[SourceSum]:
    """What is stated for each advertiser in a period, one sum for each grain that answers.

    Of a period that is part of a longer one, the key is its first day.
    """
    part = asked.first_on.isoformat() if query.by in PERIODS else None
    query = replace(query, by=None) if part else query
    grains = [query.grain] if query.grain else [Grain.DAY, Grain.WEEK, Grain.WINDOW]
    rows = _read_rows(session, stated, query, asked, grains)
    days = read_days(session, stated, query, asked)
    for (source, key, reason, currency, *_), of_unit in groupby(rows, key=_name_unit):
        of_one = list(of_unit)
        about = SumKey(part or key, read_reason(key, reason), currency)
        if query.convert_to:
            first_on = min(row.period_start_on for row in of_one)
            last_on = max(min(row.period_end_on, row.observed_at.date()) for row in of_one)
            last_on = min(asked.last_on, last_on)
            about = replace(about, first_on=max(asked.first_on, first_on), last_on=last_on)
        place = f"{source} {of_one[0].countries}"
        listed = frozenset() if query.grain else days.get(place, frozenset())
        statements = [_read_row(row) for row in of_one]
        for answer in answer_period(statements, asked, days, listed):
            yield SourceSum(about.of_grain(answer.grain), source, answer.sum)


def answer_period(
    statements: Sequence[Statement],
    asked: PeriodSlice,
    days: Days,
    listed: frozenset[date] = frozenset(),
) -> list[Answer]:
    """What the statements of one advertiser, currency and country say of a period; the best one first.

    A further answer stands beside it only where the two cannot both be true. `listed`: days of which the
    source names everybody who spent there; who is left out of all of them spent nothing.
    """
    exact = [Answer(s.grain, _sum_one(s)) for s in statements if s.is_just(asked)]
    added = [_add_up(grain, statements, asked, days) for grain in ADDED]
    sums = sorted((a for a in added if a), key=lambda answer: answer.sum.days_missing)
    if not sums and len(listed) == count_days(asked):
        sums = [Answer(Grain.DAY, AmountSum())]
    complete = [answer for answer in sums if not answer.sum.days_missing]
    around = _look_around(statements, asked, sums)
    told = [*exact, *complete, *around, *([] if complete else sums[:1])]
    told = told or _leave_open(statements)
    others = [other for other in told[1:] if _contradict(told[0].sum, other.sum)]
    return [answer for answer in (*told[:1], *others) if answer.sum.items]


def _add_up(
    grain: Grain, statements: Iterable[Statement], asked: PeriodSlice, days: Days
) -> Answer | None:
    """The sum of statements that add up; one that the period cuts may lie in it whole or not at all."""
    of_grain = [s for s in statements if s.grain is grain]
    if not of_grain:
        return None
    total = AmountSum()
    for one in of_grain:
        part = _sum_one(one)
        if not one.is_within(asked):
            part.lower = 0
        total.add(part)
    known: set[date] = set().union(*(days.get(s.dataset, frozenset()) for s in of_grain))
    total.days_missing = count_days(asked) - len(known)
    total.open_count = max(total.open_count, min(total.days_missing, 1))
    return Answer(grain, total)


def _look_around(
    statements: Iterable[Statement], asked: PeriodSlice, sums: Sequence[Answer]
) -> list[Answer]:
    """What windows prove: at least the greatest inside, or the known days; at most the least around.

    Where windows contradict each other the range holds both; known days that contradict them raise nothing.
    """
    windows = [s for s in statements if s.grain is Grain.WINDOW and s.lower is not None]
    inside = [s for s in windows if s.is_within(asked)]
    around = [s for s in windows if s.is_around(asked)]
    if not inside and not around:
        return []
    lower = max((s.lower or 0 for s in inside), default=0)
    upper = min((s.upper for s in around if s.upper is not None), default=None)
    if upper is not None and lower > upper:
        lower, upper = upper, lower
    known = max((answer.sum.lower for answer in sums), default=0)
    if upper is None or known <= upper:
        lower = max(lower, known)
    total = AmountSum(lower=lower, upper=upper or 0, items=len(inside) + len(around))
    for one in (*inside, *around):
        _count_rounding(total, one)
    total.unknown_step_count += sum(answer.sum.unknown_step_count for answer in sums)
    total.open_count = int(upper is None)
    return [Answer(Grain.WINDOW, total)]


def _leave_open(statements: Iterable[Statement]) -> list[Answer]:
    """What statements leave open that share some days with the period and are about others too."""
    total = AmountSum()
    for one in statements:
        part = _sum_one(one)
        part.lower = part.upper = 0
        part.open_count = part.items - part.unknown_count
        total.add(part)
    return [Answer(Grain.WINDOW, total)]


def _sum_one(statement: Statement) -> AmountSum:
    if statement.lower is None:
        return AmountSum(items=1, unknown_count=1)
    total = AmountSum(
        lower=statement.lower,
        upper=statement.upper or 0,
        items=1,
        open_count=int(statement.upper is None),
    )
    _count_rounding(total, statement)
    return total


def _count_rounding(total: AmountSum, statement: Statement) -> None:
    total.rounded_count += statement.rounding is not Rounding.NONE
    total.unknown_step_count += statement.rounding is Rounding.UNKNOWN


def _contradict(one: AmountSum, other: AmountSum) -> bool:
    """Whether two ranges of the same money have nothing in common."""
    too_low = not one.open_count and one.upper < other.lower
    return too_low or (not other.open_count and other.upper < one.lower)


def read_days(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery, asked: PeriodSlice
) -> Days:
    """The days of a period of which an amount of days or weeks is stated for anybody."""
    spans = (col(stated.period_start_on), col(stated.period_end_on))
    countries = cast(col(stated.countries), String).label("countries")
    rows = session.connection().execute(
        select(col(stated.source), col(stated.dataset), countries, *spans)
        .where(
            col(stated.grain).in_(ADDED),
            col(stated.period_start_on) <= asked.last_on,
            col(stated.period_end_on) >= asked.first_on,
            *([col(stated.source) == query.source] if query.source else []),
        )
        .distinct()
    )
    days: dict[str, set[date]] = {}
    for row in rows:
        first_on: date = max(row.period_start_on, asked.first_on)
        last_on: date = min(row.period_end_on, asked.last_on)
        span = [first_on + ONE_DAY * step for step in range((last_on - first_on).days + 1)]
        for key in (row.dataset, f"{row.source} {row.countries}"):
            days.setdefault(key, set()).update(span)
    return {key: frozenset(known) for key, known in days.items()}


def _read_rows(
    session: Session,
    stated: type[AdvertiserSpend],
    query: SpendQuery,
    asked: PeriodSlice,
    grains: Sequence[Grain],
) -> Iterator[Row[Any]]:
    """Statements that share a day with the period, those of one advertiser after another."""
    names = (
        "advertiser_id",
        "payer_name",
        "dataset",
        "grain",
        "period_start_on",
        "period_end_on",
        "observed_at",
    )
    amounts = ("spend_lower_minor", "spend_upper_minor", "is_rounded", "rounded_to_minor")
    countries = cast(col(stated.countries), String).label("countries")
    listed = (
        select(
            *statement_keys(stated, query),
            countries,
            *(col(getattr(stated, name)).label(name) for name in (*names, *amounts)),
        )
        .where(
            col(stated.grain).in_(grains),
            col(stated.period_start_on) <= asked.last_on,
            col(stated.period_end_on) >= asked.first_on,
            *statement_conditions(session, stated, query),
        )
        .order_by(
            col(stated.source),
            col(stated.advertiser_id),
            col(stated.currency),
            countries,
            col(stated.payer_name),
            col(stated.period_start_on),
            col(stated.id),
        )
    )
    read = session.connection().execute
    return iter(read(listed, execution_options={"yield_per": ROWS_AT_ONCE}))


def _name_unit(row: Row[Any]) -> tuple[Any, ...]:
    who = row.advertiser_id, row.payer_name
    return row.source, row.key, row.reason, row.currency, row.countries, *who


def _read_row(row: Row[Any]) -> Statement:
    return Statement(
        row.dataset,
        Grain(row.grain),
        row.period_start_on,
        row.period_end_on,
        *bound_statement(row),
    )


def list_newest_statements(
    session: Session, stated: type[AdvertiserSpend], advertiser_id: str, limit: int
) -> list[AdvertiserSpend]:
    """What sources state for one advertiser about days, weeks and windows, the newest days first."""
    days = (col(stated.period_end_on), col(stated.period_start_on))
    query = select(stated).where(
        col(stated.advertiser_id) == advertiser_id, col(stated.period_start_on).is_not(None)
    )
    query = query.order_by(*(day.desc() for day in days), col(stated.id)).limit(limit)
    return list(session.scalars(query))
