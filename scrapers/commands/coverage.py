"""`paidforby coverage`: where we crawled, what of each source is here, and where there are gaps."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from archive.reading.coverage import SourceReport, WeekCoverage, cover_weeks, report_source
from archive.reading.coverage.answers import say_share
from archive.reading.sources.sources import list_sources
from archive.reading.views import SourceCoverage
from archive.records.escaping import escape_text
from archive.runs.countries import ALL_COUNTRIES
from archive.store.database import read
from archive.terminal import (
    AsJson,
    emit_json,
    format_table,
    format_time,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings

GAPS_SHOWN = 5
WEEKS_SHOWN = 26


class CoverageBy(StrEnum):
    """What one line of coverage is about."""

    SOURCE = "source"
    WEEK = "week"


def coverage(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    country: Annotated[
        str | None, typer.Option(help="By week, only this country (ISO alpha-2; * for all as one).")
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="By week, only sources of this platform.")
    ] = None,
    watch_list: Annotated[
        str | None, typer.Option(help="By week, only runs at this watch list.")
    ] = None,
    by: Annotated[
        CoverageBy, typer.Option(help="A line a source, or a line a source and week.")
    ] = CoverageBy.SOURCE,
    as_json: AsJson = False,
) -> None:
    """What the archive crawled, what it saw of what sources state, and the gaps between.

    Example: paidforby coverage --source snap --by week
    """
    engine, now = open_or_exit(Settings()), utc_now()
    with plain_errors(), read(engine) as session:
        names = [source] if source else [view.id for view in list_sources(session)]
        covered = [report_source(session, name, now) for name in names]
        weeks = cover_weeks(
            session, now, source=source, country=country, platform=platform, watch_list=watch_list
        )
    if by is CoverageBy.WEEK or country or platform or watch_list:
        emit_json(weeks) if as_json else _say_weeks(weeks, country or ALL_COUNTRIES)
        return
    if as_json:
        emit_json([_join_weeks(each, weeks) for each in covered])
        return
    header = ("source", "days crawled", "partly", "failed", "of", "runs", "last run")
    say("\n".join(format_table(header, [_tell_coverage(each) for each in covered])))
    for line in [line for each in covered for line in (*_tell_contents(each), *_tell_gaps(each))]:
        say(escape_text(line))
    say("next: paidforby coverage --by week")


def _tell_contents(covered: SourceReport) -> list[str]:
    """What of a source is here, and whom its ads name; nothing of one that was never read."""
    told = [covered.contents.sentence, *(field.sentence for field in covered.disclosed)]
    return [f"{covered.source}: {sentence}" for sentence in told] if covered.runs else []


def _join_weeks(covered: SourceReport, weeks: list[WeekCoverage]) -> dict[str, object]:
    """A source's coverage with its weeks, country by country."""
    return covered.model_dump() | {
        "weeks": [week for week in weeks if week.source == covered.source]
    }


def _say_weeks(weeks: list[WeekCoverage], country: str) -> None:
    chosen = [week for week in weeks if week.country == country]
    shown = chosen[:WEEKS_SHOWN]
    header = (
        "source",
        "platform",
        "week of",
        "days crawled",
        "runs",
        "seen",
        "source_total",
        "missing",
        "vanished",
    )
    say("\n".join(format_table(header, [_tell_week(week) for week in shown])))
    if len(chosen) > len(shown):
        say(f"… and {len(chosen) - len(shown):,} earlier weeks; --json gives all of them")
    for line in [line for week in shown for line in _tell_week_gaps(week)][:WEEKS_SHOWN]:
        say(escape_text(line))
    say("next: paidforby coverage --by week --country GR, or --json for every country")


def _tell_week(week: WeekCoverage) -> tuple[object, ...]:
    missing: int | str | None = week.missing
    if week.missing and week.source_total:
        missing = f"{week.missing:,} ({say_share(week.missing, week.source_total)})"
    counts = (week.seen, week.source_total, missing, week.vanished)
    return (
        week.source,
        ", ".join(week.platforms),
        week.week_on,
        f"{week.days_crawled} of {week.days}",
        week.runs,
        *("unknown" if count is None else count for count in counts),
    )


def _tell_week_gaps(week: WeekCoverage) -> list[str]:
    return [
        f"gap: {week.source} {escape_text(', '.join(gap.names))}, "
        f"{gap.start_on} to {gap.end_on}: {gap.reason}"
        for gap in week.gaps
    ]


def _tell_coverage(covered: SourceCoverage) -> tuple[object, ...]:
    days = (covered.days_crawled, covered.days_partial, covered.days_failed, covered.days)
    return (covered.source, *days, covered.runs, _tell_time(covered.last_crawled_at))


def _tell_time(value: datetime | None) -> str:
    return format_time(value) if value else "never"


def _tell_gaps(covered: SourceCoverage) -> list[str]:
    """The newest gaps of a source, one line each."""
    lines = [
        f"gap: {covered.source}, {gap.start_on} to {gap.end_on}: {gap.reason or 'not crawled'}"
        for gap in reversed(covered.gaps)
    ]
    more = len(lines) - GAPS_SHOWN
    return lines[:GAPS_SHOWN] + ([f"gap: {covered.source}, {more} earlier"] if more > 0 else [])
