"""Commands that crawl sources when they are due: schedule, scheduler, worker."""

from datetime import timedelta
from typing import Annotated

import typer

from archive.runs.crawling_stops import find_stop, tell_stop
from archive.store.database import open_archive, read, write
from archive.terminal import (
    FAILED,
    AsJson,
    emit_json,
    format_time,
    note,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from oversight.rules.rule_book import read_rule_book
from scrapers.commands.crawl import report_runs
from scrapers.commands.importing import find_spider
from scrapers.commands.opening import open_or_init
from scrapers.work.crawl.crawl_process import choose_exit_code
from scrapers.work.dispatch.alerting import SENDING_LEASE
from scrapers.work.dispatch.tasks import schedule_on, work_from_queue
from scrapers.work.dispatch.worker import work_on, work_once
from scrapers.work.plan.election_mode import look_ahead
from scrapers.work.plan.planning import forecast_windows, list_standings
from scrapers.work.plan.refused_files import keep_refused_files
from scrapers.work.plan.resetting import reset_schedule
from scrapers.work.plan.schedule import read_schedules
from scrapers.work.plan.schedule_lines import (
    describe_forecast,
    describe_standing,
    describe_undated,
    tell_standings,
    tell_windows,
)


def scheduler() -> None:
    """Put what is due into the queue, until stopped; `paidforby worker --queue` takes it from there.

    Needs PostgreSQL. Refuses while another scheduler is at work, or a worker without --queue.

    Example: paidforby scheduler
    """
    settings = Settings()
    with plain_errors():
        schedule_on(settings, open_or_init(settings), utc_now)
    raise typer.Exit(FAILED)


app = typer.Typer(
    add_completion=False, help="When each source is crawled, and what that tells of rules' windows."
)


@app.callback(invoke_without_command=True)
def schedule(context: typer.Context, as_json: AsJson = False) -> None:
    """When each source is crawled, and which windows of rules will be decidable.

    Example: paidforby schedule
    """
    if context.invoked_subcommand:
        return
    settings, now = Settings(), utc_now()
    with plain_errors():
        engine = open_archive(settings)
        refused = keep_refused_files(settings, engine, is_told=True)
        book = read_rule_book(settings)
        with read(engine) as session:
            ahead = look_ahead(book, book.list_in_use(session), now)
        schedules = read_schedules(settings).values
        standings = list_standings(engine, settings, schedules, ahead.demands, now)
        forecasts = forecast_windows(engine, settings, schedules, ahead.demands, now)
    if as_json:
        emit_json(
            {
                "sources": [describe_standing(standing) for standing in standings],
                "windows": [describe_forecast(forecast) for forecast in forecasts],
                "undated": [describe_undated(window) for window in ahead.undated],
            }
        )
    else:
        for line in [*tell_standings(standings), "", *tell_windows(forecasts, ahead.undated)]:
            say(line)
    raise typer.Exit(choose_exit_code([], len(refused)))


@app.command("reset")
def reset(
    source: Annotated[str | None, typer.Argument(help="Only this source; without it: all.")] = None,
) -> None:
    """After a wrong clock: let this machine's clock count, and what was put off beyond it be due now.

    Example: paidforby schedule reset snap
    """
    settings, now = Settings(), utc_now()
    if source is not None:
        find_spider(source)
    longest = max(timedelta(seconds=settings.lease_seconds), SENDING_LEASE)
    with plain_errors(), write(open_archive(settings)) as session:
        done = reset_schedule(session, source, longest, now)
    say(f"this machine's clock counts from now on: {format_time(now)}")
    if done.newest_at:
        say(
            f"{done.runs:,} of the runs began at a time to come, the last at {format_time(done.newest_at)}; "
            "their partitions are due now, and what is read from now on takes the place of what they brought"
        )
    budgets = write_count(done.budgets, "request budget")
    say(f"begun anew: {budgets}, {write_count(done.leases, 'lease')}")
    say("next: paidforby schedule")


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is there to do, then end.")] = False,
    queue: Annotated[
        bool, typer.Option("--queue", help="Take work from the queue that a scheduler fills.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Crawl what is due, evaluate and index what changed, until stopped.

    Sources are crawled side by side. Without --queue one of several workers does all of it, and the
    others wait to take over; all refuse while a scheduler is at work.

    Example: paidforby worker --queue
    """
    settings = Settings()
    with plain_errors():
        engine = open_or_init(settings)
        if queue:
            refused = keep_refused_files(settings, engine, is_told=True)
            work_from_queue(settings, engine, utc_now, wait=not once)
            raise typer.Exit(choose_exit_code([], len(refused)))
        if not once:
            work_on(settings, engine, utc_now)
            raise typer.Exit(FAILED)
        refused = keep_refused_files(settings, engine, is_told=True)
        runs, aside = work_once(settings, engine, utc_now)
        with read(engine) as session:
            stop = find_stop(session)
    report_runs(engine, runs, as_json=as_json)
    if stop:
        note(f"crawling is {tell_stop(stop)}; type: paidforby crawling")
    raise typer.Exit(choose_exit_code(runs, aside + len(refused) + bool(stop)))
