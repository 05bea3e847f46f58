"""Commands that say what was collected: every source with its last look, and where there are gaps."""

from datetime import datetime
from enum import StrEnum
from textwrap import shorten
from typing import Annotated

import typer

from archive.cli import AsJson
from archive.countries_seen import ALL_COUNTRIES
from archive.database import read
from archive.plain import show_plain
from archive.reading.coverage import WeekCoverage, cover_source, cover_weeks
from archive.reading.held import find_held
from archive.reading.sources import list_sources
from archive.reading.views import SourceCoverage, SourceView
from archive.records import SourceKind
from archive.terminal import (
    NOT_COUNTED,
    emit_json,
    format_table,
    format_time,
    open_or_exit,
    say,
    utc_now,
)
from config.settings import Settings

HEADER = ("source", "ads", "versions", "disclosures", "held back", "last look")
GAPS_SHOWN = 5
REASON_WIDTH = 60
WEEKS_SHOWN = 26


class CoverageBy(StrEnum):
    """What one line of coverage is about."""

    SOURCE = "source"
    WEEK = "week"


def sources(as_json: AsJson = False) -> None:
    """Every source: what the archive holds of it, and the last look."""
    engine = open_or_exit(Settings())
    with read(engine) as session:
        views, held = list_sources(session), find_held(session)
    if as_json:
        emit_json(
            [
                view.model_dump(mode="json") | {"held_batches": held.get(view.id, [])}
                for view in views
            ]
        )
        return
    for line in tell_sources(views):
        say(line)
    for batch in [batch for batches in held.values() for batch in batches]:
        reason = show_plain(f"{batch.source}/{batch.partition}: {batch.reason}")
        say(f"{batch.name} is held: {reason}; type: paidforby quarantine show {batch.name}")
    for view in views:
        if view.needs and view.last_run is None:
            say(f"{view.id} needs {view.needs}")
    say("next: paidforby crawl SOURCE, or: paidforby import SOURCE PATH")


def tell_sources(views: list[SourceView]) -> list[str]:
    """Sources as an aligned table, one line each."""
    return format_table(HEADER, [_tell_source(view) for view in views])


def _tell_source(view: SourceView) -> tuple[object, ...]:
    gives_ads = view.kind == SourceKind.ADS
    return (
        view.id,
        view.ads if gives_ads else NOT_COUNTED,
        view.ad_versions if gives_ads else NOT_COUNTED,
        NOT_COUNTED if gives_ads else view.disclosures,
        view.quarantined,
        _tell_last_look(view),
    )


def _tell_last_look(view: SourceView) -> str:
    run = view.last_run
    if run is None:
        return "never"
    how = "complete" if run.complete else run.outcome
    reason = "" if run.complete else shorten(run.reason, REASON_WIDTH, placeholder="…")
    return f"{format_time(run.observed_at)}, {how}{f' ({reason})' if reason else ''}"


def coverage(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    country: Annotated[
        str | None, typer.Option(help="By week, only this country (ISO alpha-2; * for all as one).")
    ] = None,
    by: Annotated[
        CoverageBy, typer.Option(help="A line a source, or a line a source and week.")
    ] = CoverageBy.SOURCE,
    as_json: AsJson = False,
) -> None:
    """Where the archive looked, what it saw of what sources claim, and the gaps between."""
    engine, now = open_or_exit(Settings()), utc_now()
    with read(engine) as session:
        names = [source] if source else [view.id for view in list_sources(session)]
        covered = [cover_source(session, name, now=now) for name in names]
        weeks = cover_weeks(session, now, source=source, country=country)
    if by is CoverageBy.WEEK or country is not None:
        emit_json(weeks) if as_json else _say_weeks(weeks, country or ALL_COUNTRIES)
        return
    if as_json:
        emit_json([_join_weeks(each, weeks) for each in covered])
        return
    header = ("source", "days looked at", "of", "looks", "last look")
    say("\n".join(format_table(header, [_tell_coverage(each) for each in covered])))
    for line in [line for each in covered for line in _tell_gaps(each)]:
        say(show_plain(line))
    say("next: paidforby coverage --by week")


def _join_weeks(covered: SourceCoverage, weeks: list[WeekCoverage]) -> dict[str, object]:
    """A source's coverage with its weeks, country by country."""
    return covered.model_dump() | {
        "weeks": [week for week in weeks if week.source == covered.source]
    }


def _say_weeks(weeks: list[WeekCoverage], country: str) -> None:
    chosen = [week for week in weeks if week.country == country]
    shown = chosen[:WEEKS_SHOWN]
    header = (
        "source",
        "week of",
        "days looked at",
        "looks",
        "seen",
        "claimed",
        "missing",
        "vanished",
    )
    say("\n".join(format_table(header, [_tell_week(week) for week in shown])))
    if len(chosen) > len(shown):
        say(f"… and {len(chosen) - len(shown):,} earlier weeks; --json gives all of them")
    for line in [line for week in shown for line in _tell_week_gaps(week)][:WEEKS_SHOWN]:
        say(show_plain(line))
    say("next: paidforby coverage --by week --country GR, or --json for every country")


def _tell_week(week: WeekCoverage) -> tuple[object, ...]:
    counts = (week.seen, week.claimed, week.missing, week.vanished)
    return (
        week.source,
        week.week_on,
        f"{week.days_looked_at} of {week.days}",
        week.looks,
        *("unknown" if count is None else count for count in counts),
    )


def _tell_week_gaps(week: WeekCoverage) -> list[str]:
    return [
        f"gap: {week.source} {', '.join(gap.partitions)}, {gap.start_on} to {gap.end_on}: {gap.reason}"
        for gap in week.gaps
    ]


def _tell_coverage(covered: SourceCoverage) -> tuple[str, int, int, int, str]:
    last = _tell_time(covered.last_look_at)
    return covered.source, covered.days_looked_at, covered.days, covered.looks, last


def _tell_time(value: datetime | None) -> str:
    return format_time(value) if value else "never"


def _tell_gaps(covered: SourceCoverage) -> list[str]:
    """The newest gaps of a source, one line each."""
    lines = [
        f"gap: {covered.source}, {gap.start_on} to {gap.end_on}: {gap.reason or 'nobody looked'}"
        for gap in reversed(covered.gaps)
    ]
    more = len(lines) - GAPS_SHOWN
    return lines[:GAPS_SHOWN] + ([f"gap: {covered.source}, {more} earlier"] if more > 0 else [])
