"""The command that goes to a source now: one partition in this process, several in a child each."""

from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.models import Run
from archive.reading.sources.sources import show_run
from archive.runs.crawling_stops import require_crawling
from archive.store.database import read
from archive.store.outages import STOPPED_BY_OPERATOR, bounded_memory
from archive.terminal import (
    DONE,
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
from scrapers.commands.importing import EvaluateAfter, IndexAfter, find_spider
from scrapers.commands.opening import open_or_init
from scrapers.sources.spider import SourceSpider
from scrapers.work.crawl.checking import check_source
from scrapers.work.crawl.children import crawl_in_child, tell_stopped
from scrapers.work.crawl.crawl_process import (
    choose_exit_code,
    find_realm,
    note_quarantined_pieces,
    require_partition,
)
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl
from scrapers.work.crawl.progress import shown_progress
from scrapers.work.dispatch.alerting import promise_crawls_of
from scrapers.work.dispatch.following import follow_changes, naming_kept
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.refused_files import keep_refused_files

CHECKED_ANSWERS = 5


def crawl(
    source: Annotated[str, typer.Argument(help="Source to crawl.")],
    partition: Annotated[
        str | None, typer.Option(help="Only this year, country or file; without it: all.")
    ] = None,
    base_url: Annotated[
        str, typer.Option(help="Another address in the source's place, such as the replica's.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Compare the source with what we expect; keep nothing.")
    ] = False,
    evaluate: EvaluateAfter = True,
    index: IndexAfter = True,
    as_json: AsJson = False,
) -> None:
    """Crawl one source now.

    Example: paidforby crawl snap --partition 2024
    """
    settings = Settings()
    spider = find_spider(source)
    partitions = _choose_partitions(settings, spider, partition)
    realm = find_realm(base_url)
    if check:
        _check_source(settings, CrawlOrder(spider, partitions[0], base_url, realm), as_json=as_json)
        return
    with plain_errors():
        engine = open_or_init(settings)
        with read(engine) as session:
            require_crawling(session)
        promise_crawls_of(settings, engine, source, partitions, utc_now)
        if partition:
            order = CrawlOrder(spider, partition, base_url, realm)
            runs: list[Run | None] = _crawl_here(settings, engine, order)
        else:
            crawl_jobs = [CrawlJob(source, each, base_url) for each in partitions]
            runs = _crawl_in_children(settings, engine, crawl_jobs)
        if any(run and run.reason.startswith(STOPPED_BY_OPERATOR) for run in runs):
            raise KeyboardInterrupt(tell_stopped(runs))
        with naming_kept(sum(run.seen for run in runs if run)):
            aside = follow_changes(settings, engine, utc_now, evaluate=evaluate, index=index)
        refused = keep_refused_files(settings, engine, is_told=True)
    report_runs(engine, runs, as_json=as_json)
    raise typer.Exit(choose_exit_code(runs, aside + len(refused)))


def _choose_partitions(
    settings: Settings, spider: type[SourceSpider], partition: str | None
) -> list[str]:
    if partition is None:
        return spider.list_partitions(settings, utc_now().date())
    require_partition(settings, spider, partition)
    return [partition]


def _crawl_here(settings: Settings, engine: Engine, order: CrawlOrder) -> list[Run | None]:
    with (
        shown_progress(engine, [(order.spider.info.id, order.partition)]),
        bounded_memory(settings.crawl_memory_mb),
    ):
        return [run_crawl(settings, engine, order, utc_now)]


def _crawl_in_children(
    settings: Settings, engine: Engine, crawl_jobs: list[CrawlJob]
) -> list[Run | None]:
    with shown_progress(engine, [(each.source, each.partition) for each in crawl_jobs]):
        return [crawl_in_child(settings, engine, crawl_job, utc_now) for crawl_job in crawl_jobs]


def report_runs(engine: Engine, runs: list[Run | None], *, as_json: bool) -> None:
    """Say how runs ended, and what of them was put aside."""
    ended = [run for run in runs if run]
    if as_json:
        emit_json({"runs": [show_run(run) for run in ended]})
    else:
        for run in ended:
            say(tell_run(run))
        say("next: paidforby stats")
    note_quarantined_pieces(engine, ended)


def tell_run(run: Run) -> str:
    """A run as people read it."""
    line = (
        f"{run.source}/{run.partition}: {run.outcome}, {write_count(run.seen, 'record')}: {run.new:,} new, "
        f"{run.changed:,} changed, {run.unchanged:,} unchanged"
    )
    if run.vanished:
        line += f", {run.vanished:,} vanished"
    if run.withdrawn:
        line += f", {run.withdrawn:,} withdrawn"
    if run.quarantined:
        line += f", {run.quarantined:,} quarantined"
    if run.reason:
        line += f" ({run.reason})"
    if run.not_before_at:
        line += f"; goes on from {format_time(run.not_before_at)}"
    return line


def _check_source(settings: Settings, order: CrawlOrder, *, as_json: bool) -> None:
    """Compare the beginning of a partition with what we expect, and say how it went."""
    with plain_errors():
        check = check_source(settings, order, utc_now, CHECKED_ANSWERS)
    for line in check.unreadable:
        note(line)
    for doubt in check.would_hold:
        note(f"a crawl would hold this: {doubt}")
    for finding in check.findings:
        note(f"the monitors would say: {finding}")
    if as_json:
        emit_json(vars(check) | {"run": show_run(check.run), "as_expected": check.is_as_expected})
    else:
        words = "as expected" if check.is_as_expected else "not as expected"
        say(f"{words}: {tell_run(check.run)}")
    raise typer.Exit(DONE if check.is_as_expected else FAILED)
