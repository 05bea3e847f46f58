"""Commands that look at sources when they are due: the scheduler, and the worker."""

from typing import Annotated

import typer

from archive.cli import AsJson
from archive.terminal import plain_errors, utc_now
from config.settings import Settings
from scrapers.crawl_cli import choose_exit_code, open_or_init, report_runs
from scrapers.scheduler import schedule_on
from scrapers.worker import work_on, work_once


def scheduler() -> None:
    """Start what is due, each source in its turn, until stopped."""
    settings = Settings()
    with plain_errors():
        schedule_on(settings, open_or_init(settings), utc_now)


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Crawl what is due, evaluate and index what changed, on and on."""
    settings = Settings()
    with plain_errors():
        engine = open_or_init(settings)
        if not once:
            work_on(settings, engine, utc_now)
        runs = work_once(settings, engine, utc_now)
    report_runs(engine, runs, as_json=as_json)
    raise typer.Exit(choose_exit_code(runs))
