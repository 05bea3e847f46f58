"""`paidforby reread SOURCE`: evidence read again, at its own time, by today's reader."""

from typing import Annotated, Any

import typer

from archive.records.escaping import escape_text
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.importing import EvaluateAfter, IndexAfter, find_spider
from scrapers.work.crawl.rereading import RereadReport, reread_source
from scrapers.work.dispatch.following import follow_changes, naming_kept


def reread(
    source: Annotated[str, typer.Argument(help="Source whose evidence is read again.")],
    evaluate: EvaluateAfter = True,
    index: IndexAfter = True,
    as_json: AsJson = False,
) -> None:
    """Read a source's kept evidence again with today's reader; goes on where it was stopped.

    Example: paidforby reread snap
    """
    settings = Settings()
    spider = find_spider(source)
    with plain_errors():
        engine = open_or_exit(settings)
        report = reread_source(
            settings, engine, spider, utc_now, lambda told: note(f"reads {told}")
        )
        with naming_kept(report.counts.seen):
            aside = follow_changes(settings, engine, utc_now, evaluate=evaluate, index=index)
    if as_json:
        emit_json(describe_reread(report))
    else:
        for line in tell_reread(report):
            say(escape_text(line))
    is_done = not (report.unreadable or report.left or aside)
    raise typer.Exit(DONE if is_done else DONE_WITH_REMAINDERS)


def describe_reread(report: RereadReport) -> dict[str, Any]:
    """What reading again brought, as programs read it."""
    counts = vars(report.counts)
    return {
        "source": report.source,
        "captures": report.captures,
        "read_before": report.before,
        **{name: counts[name] for name in ("seen", "new", "changed", "unchanged", "quarantined")},
        "unreadable": report.unreadable,
        "left": report.left,
    }


def tell_reread(report: RereadReport) -> list[str]:
    """What reading again brought, as people read it."""
    counts = report.counts
    before = f" ({report.before:,} more before it was stopped)" if report.before else ""
    head = (
        f"{report.source}: read {write_count(report.captures, 'capture')} again{before}: "
        f"{write_count(counts.seen, 'record')}, "
        f"{counts.new:,} new, {counts.changed:,} read otherwise, {counts.unchanged:,} as before"
    )
    lines = [head, *(f"  not read again: {each}" for each in report.left)]
    if report.unreadable:
        lines.append(f"  unreadable: {report.unreadable:,} (type: paidforby quarantine list)")
    return [*lines, f"next: paidforby corrections --source {report.source}"]
