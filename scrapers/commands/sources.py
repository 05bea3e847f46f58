"""Commands that say what was collected: every source with its last run, and where there are gaps."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from textwrap import shorten, wrap
from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.models.runs import Outcome
from archive.reading.coverage import WeekCoverage, cover_source, cover_weeks
from archive.reading.sources.quarantined import find_quarantined
from archive.reading.sources.sources import list_sources
from archive.reading.sources.watched_sources import (
    AlertView,
    WatchedSourceView,
    list_watched_sources,
    show_alert,
)
from archive.reading.views import SourceCoverage
from archive.records.escaping import escape_text
from archive.runs.alerts import Alert
from archive.runs.countries import ALL_COUNTRIES
from archive.runs.lease import last_runs
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
from scrapers.commands.new_source import write_source
from scrapers.commands.source_pages import write_pages
from scrapers.sources.terms import TERMS_SHOWN, tell_terms
from scrapers.work.plan.credentials import list_standings, list_warnings

HEADER = ("source", "last complete", "records", "state", "alert")
TITLE_WIDTH = 28
GAPS_SHOWN = 5
REASON_WIDTH = 240
WEEKS_SHOWN = 26

ALERT_WORDS = {
    "silent": "silent",
    "few_records": "few",
    "many_records": "many",
    "fall": "fall",
    "blank_field": "blanks",
    "credential": "key ends",
}
"""Kinds of alerts, short enough for the table."""


class CoverageBy(StrEnum):
    """What one line of coverage is about."""

    SOURCE = "source"
    WEEK = "week"


app = typer.Typer(add_completion=False, help="Every source: publisher, licence, needs, last run.")


@app.callback(invoke_without_command=True)
def sources(
    context: typer.Context,
    docs: Annotated[
        Path | None, typer.Option(help="Write a page about each source into this folder instead.")
    ] = None,
    terms: Annotated[
        bool, typer.Option("--terms", help="What of each source may be republished, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every source: its last complete run, its records, its state, and what stands out."""
    if context.invoked_subcommand:
        return
    settings, now = Settings(), utc_now()
    if docs:
        write_pages(docs)
        say(f"written: a page for each source in {docs}")
        return
    engine = open_or_exit(settings)
    if terms:
        _say_terms(engine, as_json=as_json)
        return
    with plain_errors():
        warnings = list_warnings(list_standings(settings), now.date())
    with read(engine) as session:
        views = [_add_warnings(view, warnings) for view in list_watched_sources(session, now)]
        held = find_quarantined(session)
        kept = {source: run.reason for source, run in last_runs(session).items()}
    if as_json:
        emit_json(
            [
                view.model_dump(mode="json")
                | {
                    "quarantined_batches": held.get(view.id, []),
                    "last_run_detail": kept.get(view.id),
                }
                for view in views
            ]
        )
        return
    for line in [*tell_sources(views), *tell_notes(views, kept)]:
        say(line)
    for batch in [batch for batches in held.values() for batch in batches]:
        reason = escape_text(f"{batch.source}/{batch.partition}: {batch.reason}")
        say(f"{batch.name} is quarantined: {reason}; type: paidforby quarantine show {batch.name}")
    say("next: paidforby crawl SOURCE, or: paidforby import SOURCE PATH")


@app.command("new")
def new_source(
    source: Annotated[str, typer.Argument(metavar="ID", help="Id of the source, in snake_case.")],
) -> None:
    """Begin a source in a checkout: spider, fixture, schedule, test and page (docs/add-a-source.md)."""
    with plain_errors():
        written = write_source(source)
    for path in written:
        say(f"written: {path}")
    say(f"next: edit {written[0]} and {written[-1]}; docs/add-a-source.md says how")


def _say_terms(engine: Engine, *, as_json: bool) -> None:
    with read(engine) as session:
        views = list_sources(session)
    if as_json:
        emit_json([view.model_dump(mode="json", include=TERMS_SHOWN) for view in views])
        return
    for line in [line for view in views for line in tell_terms(view)]:
        say(line)
    say("next: paidforby media fetch")


def _add_warnings(view: WatchedSourceView, warnings: list[Alert]) -> WatchedSourceView:
    own = [show_alert(warning) for warning in warnings if warning.source == view.id]
    return view.model_copy(update={"alerts": [*own, *view.alerts]})


def tell_sources(views: list[WatchedSourceView]) -> list[str]:
    """Sources as an aligned table that fits 80 columns; under each title, the id to type."""
    header, *lines = format_table(HEADER, [_tell_source(view) for view in views])
    named = zip(lines, views, strict=True)
    return [header, *(line for row, view in named for line in (row, f"  {view.id}"))]


def _tell_source(view: WatchedSourceView) -> tuple[object, ...]:
    last = view.last_complete_at
    return (
        shorten(view.title, TITLE_WIDTH, placeholder="…"),
        f"{last:%d %b %Y}".removeprefix("0") if last else "never",
        view.ads + view.advertiser_spend + view.disclosures,
        view.last_run.outcome if view.last_run else "not begun",
        _name_alerts(view.alerts),
    )


def _name_alerts(alerts: list[AlertView]) -> str:
    kinds = list(dict.fromkeys(ALERT_WORDS[alert.kind] for alert in alerts))
    return kinds[0] if len(kinds) == 1 else f"{len(alerts)} alerts" if kinds else ""


def tell_notes(views: list[WatchedSourceView], kept: Mapping[str, str]) -> list[str]:
    """What the table has no room for, one sentence each, broken to 80 columns.

    `kept`: how the last run ended in words for operators, by source.
    """
    told = [
        f"{view.id}: {words}" for view in views for words in _list_notes(view, kept.get(view.id))
    ]
    return [
        line
        for words in told
        for line in wrap(escape_text(words), subsequent_indent="  ", width=80)
    ]


def _list_notes(view: WatchedSourceView, reason: str | None) -> list[str]:
    notes = [f"{ALERT_WORDS[alert.kind]}: {alert.reason}" for alert in view.alerts]
    run = view.last_run
    if run and reason and run.outcome != Outcome.DONE:
        notes.append(f"the last run was {run.outcome}: {shorten(reason, REASON_WIDTH)}")
    if view.quarantined:
        notes.append(f"{view.quarantined:,} pieces quarantined; type: paidforby quarantine list")
    if view.needs and run is None:
        notes.append(f"needs {view.needs}")
    return notes


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
    """What the archive crawled, what it saw of what sources state, and the gaps between."""
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
    header = ("source", "days crawled", "of", "runs", "last run")
    say("\n".join(format_table(header, [_tell_coverage(each) for each in covered])))
    for line in [line for each in covered for line in _tell_gaps(each)]:
        say(escape_text(line))
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
    counts = (week.seen, week.source_total, week.missing, week.vanished)
    return (
        week.source,
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


def _tell_coverage(covered: SourceCoverage) -> tuple[str, int, int, int, str]:
    last = _tell_time(covered.last_crawled_at)
    return covered.source, covered.days_crawled, covered.days, covered.runs, last


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
