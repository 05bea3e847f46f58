"""Coverage by source, country and week: runs, ads seen, the source's own total, and what is missing.

Weeks begin on Monday, days are those of UTC, and a run belongs to the day on which the source said
what was read.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypedDict

from sqlmodel import Session, col, select

from archive.curation.watch_lists import find_list_id, read_titles
from archive.models import AdvertiserSpend, PublicAd, Run, RunCountry
from archive.reading.coverage.answers import WeekCoverage, WeekGap, say_complete, tell_crawled_days
from archive.reading.coverage.expected import Expectations, find_expectations
from archive.reading.coverage.gaps import find_gaps
from archive.reading.coverage.runs import PastRun, list_past_runs
from archive.reading.coverage.source_totals import WEEK, WeekTotal, read_week_totals, week_of
from archive.reading.coverage.stops import StoppedDays, list_stopped_days
from archive.reading.coverage.tried import sort_runs
from archive.runs.countries import ALL_COUNTRIES
from archive.runs.lease import UNNAMED_PARTITION
from archive.store.batches import cut_batches

COUNTRY_CODE = re.compile("[A-Z]{2}")
"""Some sources are crawled country by country: a partition is then named by its code."""

Counts = Mapping[int, Mapping[str, tuple[int, int]]]
"""By run and country: ads seen, ads vanished."""


@dataclass(frozen=True)
class SourceWeeks:
    """Everything that the weeks of one source are made from."""

    source: str
    platforms: list[str]
    watch_list: str
    runs: Mapping[date, Sequence[PastRun]]
    """By week, in the order of time."""
    expectations: Expectations
    counts: Counts
    week_totals: Mapping[tuple[date, str], WeekTotal]
    countries_with_total: frozenset[str]
    countries: Mapping[str, frozenset[str]]
    """By partition, the countries in which it ever showed an ad."""
    today: date
    stops: Sequence[StoppedDays]

    def list_countries(self) -> list[str]:
        """All countries together, then each of them."""
        named = {c for countries in self.countries.values() for c in countries}
        named |= self.countries_with_total
        named |= {name for name in self.expectations.days if COUNTRY_CODE.fullmatch(name)}
        return [ALL_COUNTRIES, *sorted(named - {ALL_COUNTRIES})]

    def shows(self, partition: str, country: str) -> bool:
        """Whether a partition shows ads in a country, or should by what the source states."""
        if country in {ALL_COUNTRIES, partition}:
            return True
        has_total = country in self.countries_with_total
        of_all_countries = COUNTRY_CODE.fullmatch(partition) is None
        return country in self.countries.get(partition, ()) or (has_total and of_all_countries)


def cover_weeks(
    session: Session,
    now: datetime,
    *,
    source: str | None = None,
    country: str | None = None,
    platform: str | None = None,
    watch_list: str | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
) -> list[WeekCoverage]:
    """Coverage of whole weeks, newest first, then by source; all countries first, then each.

    `country`: only this one (`*`: all together, empty text: ads of which none is known). `platform`:
    only sources of it; `watch_list`: only runs at this one. `from_on` and `to_on` choose the weeks they fall
    in; without them, from the first run to `now`. A week in which nobody was to crawl, nor did, has no row.
    """
    names = [source] if source is not None else _list_sources(session)
    rows = []
    for name in names:
        gathered = _gather(session, name, now, from_on, to_on, watch_list)
        if platform is not None and platform not in gathered.platforms:
            continue
        countries = gathered.list_countries() if country is None else [country]
        for week_on in gathered.runs:
            covered = (_cover_week(gathered, week_on, each) for each in countries)
            rows += [row for row in covered if row.runs or row.gaps]
    _name_gaps(session, rows)
    return sorted(rows, key=lambda row: row.week_on, reverse=True)


def _name_gaps(session: Session, rows: Sequence[WeekCoverage]) -> None:
    """Give gaps the titles of the watch lists they are of."""
    gaps = [gap for row in rows for gap in row.gaps]
    titles = read_titles(session, sorted({each for gap in gaps for each in gap.partitions}))
    for gap in gaps:
        gap.titles = {each: titles[each] for each in gap.partitions if each in titles}


def _list_sources(session: Session) -> Sequence[str]:
    return session.exec(select(Run.source).distinct().order_by(Run.source)).all()


def _gather(
    session: Session,
    source: str,
    now: datetime,
    from_on: date | None,
    to_on: date | None,
    watch_list: str | None,
) -> SourceWeeks:
    today = now.astimezone(UTC).date()
    runs = list_past_runs(session, source, now=now)
    if watch_list is not None:
        runs = [run for run in runs if find_list_id(run.partition) == watch_list]
    partitions = None if watch_list is None else {run.partition for run in runs}
    expectations = find_expectations(session, source, sort_runs(runs))
    if watch_list is not None:
        expectations = expectations.limit(lambda name: find_list_id(name) == watch_list)
    weeks = _sort_into_weeks(runs, from_on, min(to_on or today, today))
    crawled = [week for week, taken in weeks.items() if any(run.ended_well for run in taken)]
    week_totals = read_week_totals(session, source, crawled, partitions)
    return SourceWeeks(
        source=source,
        platforms=_list_platforms(session, source),
        watch_list=watch_list or "",
        runs=weeks,
        expectations=expectations,
        counts=_read_counts(session, [run.run_id for taken in weeks.values() for run in taken]),
        week_totals=week_totals,
        countries_with_total=frozenset(country for _, country in week_totals),
        countries=_read_countries(session, source),
        today=today,
        stops=list_stopped_days(session),
    )


def _list_platforms(session: Session, source: str) -> list[str]:
    found: set[str] = set()
    for table in (PublicAd, AdvertiserSpend):
        found |= {*session.exec(select(table.platform).where(table.source == source).distinct())}
    return sorted(found)


def _sort_into_weeks(
    runs: Sequence[PastRun], from_on: date | None, to_on: date
) -> dict[date, list[PastRun]]:
    """Every week asked for, also those without a run, in rising order."""
    # Nobody crawled before the first run, however early a question begins.
    first_on = max(from_on or date.min, min((run.day_on for run in runs), default=to_on))
    week_on, weeks = week_of(first_on), dict[date, list[PastRun]]()
    while week_on <= to_on:
        weeks[week_on] = []
        week_on += WEEK
    for run in runs:
        if (within := weeks.get(week_of(run.day_on))) is not None:
            within.append(run)
    return weeks


def _read_counts(session: Session, run_ids: Sequence[int]) -> Counts:
    counts: defaultdict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    for some in cut_batches(run_ids):
        query = select(
            RunCountry.run_id, RunCountry.country, RunCountry.seen, RunCountry.vanished
        ).where(col(RunCountry.run_id).in_(some))
        for run_id, country, seen, vanished in session.exec(query):
            counts[run_id][country] = (seen, vanished)
    return counts


def _read_countries(session: Session, source: str) -> dict[str, frozenset[str]]:
    joined: defaultdict[str, set[str]] = defaultdict(set)
    query = (
        select(Run.partition, RunCountry.country)
        .join(RunCountry, col(RunCountry.run_id) == col(Run.id))
        .where(Run.source == source)
        .distinct()
    )
    for partition, country in session.exec(query):
        joined[partition].add(country)
    return {partition: frozenset(countries) for partition, countries in joined.items()}


def _cover_week(gathered: SourceWeeks, week_on: date, country: str) -> WeekCoverage:
    runs = [x for x in gathered.runs[week_on] if gathered.shows(x.partition, country)]
    days = [week_on + timedelta(days=i) for i in range(7)]
    days = [day for day in days if day <= gathered.today]
    good = [run for run in runs if run.ended_well]
    seen = _count_seen(gathered.counts, good, country)
    week_total = gathered.week_totals.get((week_on, country)) if good else None
    source_total = week_total.ads if week_total else None
    looked_at = len({run.day_on for run in good})
    last_at = good[-1].observed_at if good else None
    crawled = tell_crawled_days(len(days), looked_at, last_at)
    return WeekCoverage(
        source=gathered.source,
        platforms=gathered.platforms,
        watch_list=gathered.watch_list,
        country=country,
        week_on=week_on,
        days=len(days),
        days_crawled=looked_at,
        runs=len(runs),
        outcomes=dict(Counter(run.outcome.value for run in runs)),
        seen=seen,
        source_total=source_total,
        source_total_from=week_total.dataset if week_total else "",
        **compare_total(seen, source_total),
        vanished=_count_vanished(gathered.counts, runs, country),
        gaps=_find_week_gaps(gathered, runs, days, country),
        sentence=f"{crawled}; {say_complete(seen, source_total)}",
    )


class TotalComparison(TypedDict):
    """What of a total was not seen, and what was seen beyond it."""

    missing: int | None
    missing_share: float | None
    beyond_source_total: int | None


def compare_total(seen: int | None, source_total: int | None) -> TotalComparison:
    """Hold what was seen against a total; neither difference is below 0, both unknown without a total."""
    if seen is None or source_total is None:
        return {"missing": None, "missing_share": None, "beyond_source_total": None}
    missing = max(source_total - seen, 0)
    return {
        "missing": missing,
        "missing_share": missing / source_total if source_total else None,
        "beyond_source_total": max(seen - source_total, 0),
    }


def _count_seen(counts: Counts, good: Sequence[PastRun], country: str) -> int | None:
    """Ads in the newest telling run of each partition; `None`: no run tells.

    A run tells if it covered its partition or met any ad: one that found the file unchanged, or was
    stopped at the door, says nothing about what is there.
    """
    newest = {}
    for run in good:
        seen = counts.get(run.run_id, {})
        if seen and (run.complete or seen[ALL_COUNTRIES][0]):
            newest[run.partition] = seen
    if len(newest) > 1:
        newest.pop(UNNAMED_PARTITION, None)
    if not newest:
        return None
    return sum(seen.get(country, (0, 0))[0] for seen in newest.values())


def _count_vanished(counts: Counts, runs: Sequence[PastRun], country: str) -> int | None:
    told = [counts[run.run_id] for run in runs if run.complete and run.run_id in counts]
    return sum(each.get(country, (0, 0))[1] for each in told) if told else None


def _find_week_gaps(
    gathered: SourceWeeks, runs: Sequence[PastRun], days: Sequence[date], country: str
) -> list[WeekGap]:
    by_partition: defaultdict[str, list[PastRun]] = defaultdict(list)
    for run in runs:
        by_partition[run.partition].append(run)
    expected = {
        partition: [day for day in days if gathered.expectations.is_expected(partition, day)]
        for partition in gathered.expectations.days
        if gathered.shows(partition, country)
    }
    return find_gaps(by_partition, expected, days, gathered.today, gathered.stops)
