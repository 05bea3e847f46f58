"""`paidforby sources`: every source with its last run, and what stands out about it."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten, wrap
from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.models import Run
from archive.models.runs import Outcome
from archive.reading.sources.quarantined import find_quarantined
from archive.reading.sources.sources import list_sources, show_run
from archive.reading.sources.watched_sources import (
    AlertView,
    WatchedSourceView,
    list_watched_sources,
    show_alert,
)
from archive.records.escaping import escape_text
from archive.runs.alerts import Alert
from archive.runs.lease import last_runs
from archive.runs.partitions import PartitionStatus, find_worst, list_partitions, list_running
from archive.store.clock import tell_clock
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
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.new_source import write_source
from scrapers.commands.source_pages import write_pages
from scrapers.sources.terms import TERMS_SHOWN, tell_terms
from scrapers.work.plan.credentials import list_standings, list_warnings

HEADER = ("source", "last complete", "records", "state", "alert")
TITLE_WIDTH = 28
REASON_WIDTH = 240

ALERT_WORDS = {
    "silent": "silent",
    "few_records": "few",
    "many_records": "many",
    "fall": "fall",
    "blank_field": "blanks",
    "credential": "key ends",
}
"""Kinds of alerts, short enough for the table."""


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
    """Every source: its last complete run, its records, its state, and what stands out.

    Example: paidforby sources
    """
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
        partitions = list_partitions(session, now)
        running = list_running(session, now)
        clock = tell_clock(session, now)
    if as_json:
        emit_json(
            [
                view.model_dump(mode="json")
                | {
                    "quarantined_batches": held.get(view.id, []),
                    "last_run_detail": kept.get(view.id),
                    "running": [show_run(run) for run in running if run.source == view.id],
                }
                for view in views
            ]
        )
        return
    notes = tell_notes(views, partitions, running)
    for line in [*tell_sources(views, running), *notes, *([clock] if clock else [])]:
        say(line)
    for batch in [batch for batches in held.values() for batch in batches]:
        reason = escape_text(f"{batch.source}/{batch.partition}: {batch.reason}")
        say(f"{batch.name} is quarantined: {reason}; type: paidforby quarantine show {batch.name}")
    say("next: paidforby crawl SOURCE, or: paidforby import SOURCE PATH")


@app.command("new")
def new_source(
    source: Annotated[str, typer.Argument(metavar="ID", help="Id of the source, in snake_case.")],
) -> None:
    """Begin a source in a checkout: spider, fixture, schedule, test and page (docs/add-a-source.md).

    Example: paidforby sources new my_source
    """
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


def tell_sources(views: list[WatchedSourceView], running: Sequence[Run] = ()) -> list[str]:
    """Sources as an aligned table that fits 80 columns; under each title, the id to type."""
    at_work = {run.source for run in running}
    rows = [_tell_source(view, is_running=view.id in at_work) for view in views]
    header, *lines = format_table(HEADER, rows)
    named = zip(lines, views, strict=True)
    return [header, *(line for row, view in named for line in (row, f"  {view.id}"))]


def _tell_source(view: WatchedSourceView, *, is_running: bool) -> tuple[object, ...]:
    last = view.last_complete_at
    return (
        shorten(view.title, TITLE_WIDTH, placeholder="…"),
        f"{last:%d %b %Y}".removeprefix("0") if last else "never",
        view.ads + view.advertiser_spend + view.disclosures,
        view.outcome or ("running" if is_running else "not begun"),
        _name_alerts(view.alerts),
    )


def _name_alerts(alerts: list[AlertView]) -> str:
    kinds = list(dict.fromkeys(ALERT_WORDS[alert.kind] for alert in alerts))
    return kinds[0] if len(kinds) == 1 else write_count(len(alerts), "alert") if kinds else ""


def tell_notes(
    views: list[WatchedSourceView],
    partitions: list[PartitionStatus],
    running: Sequence[Run] = (),
) -> list[str]:
    """What the table has no room for, one sentence each, broken to 80 columns.

    `partitions`: how each last ended, in words for operators.
    """
    told = [
        f"{view.id}: {words}"
        for view in views
        for words in [
            *_list_notes(view, [each for each in partitions if each.source == view.id]),
            *(_tell_running(run) for run in running if run.source == view.id),
        ]
    ]
    return [
        line
        for words in told
        for line in wrap(escape_text(words), subsequent_indent="  ", width=80)
    ]


def _list_notes(view: WatchedSourceView, partitions: list[PartitionStatus]) -> list[str]:
    notes = [f"{ALERT_WORDS[alert.kind]}: {alert.reason}" for alert in view.alerts]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    promised = [each for each in partitions if each.every]
    worst = find_worst(partitions)
    for each in promised or ([worst] if worst else []):
        if each.reason and each.outcome != Outcome.DONE:
            why = f"the last run was {each.outcome}: {shorten(each.reason, REASON_WIDTH)}"
            alike[why].append(each.partition)
    notes += [f"{', '.join(names)}: {why}" for why, names in alike.items()]
    if view.quarantined:
        pieces = write_count(view.quarantined, "piece")
        notes.append(f"{pieces} quarantined; type: paidforby quarantine list")
    if view.needs and view.last_run is None:
        notes.append(f"needs {view.needs}")
    return notes


def _tell_running(run: Run) -> str:
    records = write_count(run.seen, "record")
    return f"{run.partition}: running since {format_time(run.started_at)}, {records} so far"
