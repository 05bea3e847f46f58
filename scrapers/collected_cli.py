"""Commands that say what was collected: every source with its last look, and where there are gaps."""

from datetime import datetime
from textwrap import shorten

from archive.cli import AsJson
from archive.database import read
from archive.reading.coverage import cover_source
from archive.reading.sources import list_sources
from archive.reading.views import SourceCoverage, SourceView
from archive.records import SourceKind
from archive.terminal import NOT_COUNTED, emit_json, format_table, format_time, open_or_exit, say
from config.settings import Settings

HEADER = ("source", "ads", "versions", "disclosures", "held back", "last look")
GAPS_SHOWN = 5
REASON_WIDTH = 60


def sources(as_json: AsJson = False) -> None:
    """Every source: what the archive holds of it, and the last look."""
    engine = open_or_exit(Settings())
    with read(engine) as session:
        views = list_sources(session)
    if as_json:
        emit_json([view.model_dump(mode="json") for view in views])
        return
    for line in tell_sources(views):
        say(line)
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


def coverage(as_json: AsJson = False) -> None:
    """Where the archive looked, when, and the gaps between."""
    engine = open_or_exit(Settings())
    with read(engine) as session:
        covered = [cover_source(session, view.id) for view in list_sources(session)]
    if as_json:
        emit_json([each.model_dump(mode="json") for each in covered])
        return
    header = ("source", "days looked at", "of", "looks", "last look")
    say("\n".join(format_table(header, [_tell_coverage(each) for each in covered])))
    for line in [line for each in covered for line in _tell_gaps(each)]:
        say(line)
    say("next: paidforby sources")


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
