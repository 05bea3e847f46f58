"""How many ads the source itself says it holds, week by week, as it last stated it.

Two kinds of statements tell: totals (`source_total`), and counts beside what advertisers spent
(`advertiser_spend`, whole lives). They are never added to each other: of several data sets, the one
that states most stands.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, String, cast, select
from sqlmodel import Session, col

from archive.models import AdvertiserSpend, Run, SourceTotal
from archive.models.runs import ENDED_WELL
from archive.records import Grain
from archive.runs.countries import ALL_COUNTRIES

WEEK = timedelta(days=7)

UNIONS = frozenset({"EU"})
"""Codes that stand beside the countries in Google's lists of regions, and are none themselves."""


@dataclass(frozen=True)
class WeekTotal:
    """What a source says it holds for one country, or in all."""

    ads: int
    dataset: str


WeekTotals = dict[tuple[date, str], WeekTotal]
"""By the week's Monday and the country."""


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def read_week_totals(
    session: Session, source: str, weeks: Sequence[date], partitions: Set[str] | None = None
) -> WeekTotals:
    """The source's own totals in each of these weeks, given by their Mondays in rising order.

    `partitions`: only totals of these; what it states beside advertisers' spending is of none.

    A week counts a total that stood at its end. Give only weeks in which the source was crawled: in
    any other nobody knows what it stated.
    """
    week_totals: WeekTotals = {}
    if not weeks:
        return week_totals
    found = [*_sum_totals(session, source, weeks, partitions)]
    if partitions is None:
        found += _sum_statements(session, source, weeks)
    for key, week_total in found:
        if key not in week_totals or week_totals[key].ads < week_total.ads:
            week_totals[key] = week_total
    return week_totals


def _sum_totals(
    session: Session, source: str, weeks: Sequence[date], partitions: Set[str] | None
) -> Iterator[tuple[tuple[date, str], WeekTotal]]:
    """Totals of the newest run of each week, partition and data set that ended well."""
    newest: dict[tuple[date, str, str], tuple[int, dict[tuple[str, str], int]]] = {}
    for row in _list_totals(session, source, weeks):
        if partitions is not None and row.partition not in partitions:
            continue
        place = (week_of(row.observed_at.astimezone(UTC).date()), row.partition, row.dataset)
        run_id, totals = newest.get(place, (row.run_id, {}))
        if run_id != row.run_id:
            run_id, totals = row.run_id, {}
        totals[row.subject, row.country or ALL_COUNTRIES] = row.ads_count
        newest[place] = run_id, totals
    sums: Counter[tuple[date, str, str]] = Counter()
    for (week_on, _, dataset), (_, totals) in newest.items():
        for (subject, country), ads in totals.items():
            # A total of the whole stands above those of its parts.
            if not subject or ("", country) not in totals:
                sums[week_on, country, dataset] += ads
    for (week_on, country, dataset), ads in sums.items():
        yield (week_on, country), WeekTotal(ads, dataset)


def _list_totals(session: Session, source: str, weeks: Sequence[date]) -> Iterator[Row[Any]]:
    query = (
        select(
            col(SourceTotal.run_id),
            col(SourceTotal.partition),
            col(SourceTotal.observed_at),
            col(SourceTotal.dataset),
            col(SourceTotal.subject),
            col(SourceTotal.country),
            col(SourceTotal.ads_count),
        )
        .join(Run, col(Run.id) == col(SourceTotal.run_id))
        .where(
            col(SourceTotal.source) == source,
            col(SourceTotal.observed_at) >= _start_of(weeks[0]),
            col(SourceTotal.observed_at) < _start_of(weeks[-1] + WEEK),
            col(Run.outcome).in_(ENDED_WELL),
        )
        .order_by(col(SourceTotal.observed_at), col(SourceTotal.id))
    )
    return iter(session.connection().execute(query))


@dataclass
class DatasetTotals:
    """The newest statement of every advertiser in one data set, added up as they come in."""

    statements: dict[str, Row[Any]] = field(default_factory=dict)
    ads: Counter[str] = field(default_factory=Counter)
    """By country; only statements that name one country can be told apart."""
    counted: Counter[str] = field(default_factory=Counter)
    unsplit: Counter[str] = field(default_factory=Counter)
    """Statements that name the country among several."""
    uncounted: int = 0
    placeless: int = 0

    def take(self, row: Row[Any]) -> None:
        """Put a statement in the place of the one before it in its series."""
        before = self.statements.pop(row.series, None)
        if before is not None:
            self._count(before, -1)
        if not row.is_withdrawn:
            self.statements[row.series] = row
            self._count(row, 1)

    def _count(self, row: Row[Any], sign: int) -> None:
        if row.ads_count is None:
            self.uncounted += sign
            return
        countries = _read_countries(row.countries)
        for country in (ALL_COUNTRIES, *countries) if len(countries) == 1 else (ALL_COUNTRIES,):
            self.ads[country] += sign * row.ads_count
            self.counted[country] += sign
        if len(countries) > 1:
            self.unsplit.update(dict.fromkeys(countries, sign))
        self.placeless += 0 if countries else sign

    def list_week_totals(self) -> Iterator[tuple[str, int]]:
        """Country and ads, wherever every statement can be counted there."""
        if self.uncounted:
            return
        for country, statements in self.counted.items():
            is_split = not self.unsplit[country] and not self.placeless
            if statements and (country == ALL_COUNTRIES or is_split):
                yield country, self.ads[country]


def _sum_statements(
    session: Session, source: str, weeks: Sequence[date]
) -> Iterator[tuple[tuple[date, str], WeekTotal]]:
    standing: defaultdict[str, DatasetTotals] = defaultdict(DatasetTotals)
    statements = _list_statements(session, source, weeks[-1] + WEEK)
    row = next(statements, None)
    for week_on in weeks:
        while row is not None and row.observed_at < _start_of(week_on + WEEK):
            standing[row.dataset].take(row)
            row = next(statements, None)
        for dataset, stated in standing.items():
            for country, ads in stated.list_week_totals():
                yield (week_on, country), WeekTotal(ads, dataset)


def _list_statements(session: Session, source: str, before_on: date) -> Iterator[Row[Any]]:
    """Statements about whole lives, oldest observation first."""
    query = (
        select(
            col(AdvertiserSpend.series),
            col(AdvertiserSpend.dataset),
            col(AdvertiserSpend.observed_at),
            col(AdvertiserSpend.ads_count),
            cast(col(AdvertiserSpend.countries), String).label("countries"),
            col(AdvertiserSpend.is_withdrawn),
        )
        .where(
            col(AdvertiserSpend.source) == source,
            col(AdvertiserSpend.grain) == Grain.LIFETIME,
            col(AdvertiserSpend.observed_at) < _start_of(before_on),
        )
        .order_by(col(AdvertiserSpend.observed_at), col(AdvertiserSpend.id))
        .execution_options(yield_per=1000)
    )
    return iter(session.connection().execute(query))


@lru_cache(maxsize=10_000)
def _read_countries(text: str) -> frozenset[str]:
    """The countries of a list kept as JSON; a few lists stand in a great many statements."""
    return frozenset(json.loads(text)) - UNIONS


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
