"""Commands that collect from disk and say what was collected: init, import, sources, coverage."""

import gc
import shlex
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from archive.errors import NotInitialisedError, OtherTablesError
from archive.models.oversight import RuleAction
from archive.models.runs import Outcome
from archive.reading.rules import list_uses
from archive.records.escaping import escape_text
from archive.runs.quarantine import tell_piece
from archive.store.database import open_engine, write
from archive.store.disk import tell_openness
from archive.store.others_at_work import wait_for_others
from archive.store.outages import bounded_memory
from archive.store.revisions import require_current
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    WRONG_USAGE,
    AsJson,
    emit_json,
    note,
    note_refused,
    plain_errors,
    say,
    shown_stages,
    utc_now,
)
from config.counts import write_count
from config.faults import ask_nearest
from config.settings import Realm, Settings
from config.yaml_files import YamlFileError
from scrapers.commands.likely_sources import find_likely_source
from scrapers.commands.opening import bring_up_to_date, open_or_init
from scrapers.intake.importing import READING, ImportOrder, ImportReport, import_files
from scrapers.sources.spider import SourceSpider
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.following import RULES, SEARCH_COPY, follow_changes, naming_kept
from scrapers.work.plan.refused_files import keep_refused_files

EvaluateAfter = Annotated[bool, typer.Option(help="Evaluate the rules afterwards.")]
IndexAfter = Annotated[bool, typer.Option(help="Bring the search copy up to date afterwards.")]

SHOWN_AT_MOST = 20

MOST_ASKED_ABOUT = 5
"""Files whose source is looked for, of those in which nothing could be read."""

EARLIEST_DAY = date(1970, 1, 1)
"""No source of online ads, and no filing offered as data, is older: such a day is mistyped."""
EARLIEST_ZONE = timedelta(hours=14)
"""A day begins first where the clock is so far ahead of UTC (tz database: Pacific/Kiritimati)."""

YOUNG_OBJECTS = 500_000
"""Objects made between two runs of the garbage collector: a few pages of records hold as many."""


def init(as_json: AsJson = False) -> None:
    """Create the archive or bring it up to date; harmless when repeated.

    Example: paidforby init
    """
    settings = Settings()
    with plain_errors():
        _tell_move(settings)
        engine = bring_up_to_date(settings)
        in_use = _use_shipped_rules(settings, engine)
    database = engine.url.set(query={}).render_as_string()
    if advice := tell_openness(settings.home, settings.resolved_database_url):
        note(f"other accounts of this machine may read this archive; type: {advice}")
    if as_json:
        emit_json({"home": str(settings.home), "database": database, "rules_in_use": in_use})
        return
    say(f"the archive is ready: {database}")
    if in_use:
        say(f"rules in use: {', '.join(f'{n} {stage}' for stage, n in in_use.items())}")
    else:
        say(
            "the rules that came with it come into use with its first run, which says what it holds"
        )
    say("next: paidforby sources")


def _tell_move(settings: Settings) -> None:
    """Say from which revision the tables move to which, where there are any, and wait until nobody uses them.

    Raises:
        OtherTablesError: if a newer program made them.
        OthersAtWorkError: if others have them open in the end.
    """
    engine = open_engine(settings)
    try:
        require_current(engine)
    except NotInitialisedError:
        pass
    except OtherTablesError as error:
        if error.is_newer:
            raise
        note(f"the archive's tables move from {error.revision} to {error.wanted}")
        wait_for_others(engine, note)
    finally:
        engine.dispose()


def _use_shipped_rules(settings: Settings, engine: Engine) -> dict[str, int]:
    """Record the rules that came with the program, once there was a run; how many are in use, by stage.

    Why not before: `docs/decisions/0005-rules-come-into-use-with-the-first-run.md`.
    """
    # The rule language takes long to import, and an import needs it only afterwards.
    from oversight.rules.rule_book import read_rule_book  # noqa: PLC0415
    from oversight.rules.use import take_into_use  # noqa: PLC0415

    book = read_rule_book(settings)
    with write(engine) as session:
        take_into_use(session, book, utc_now())
        used = list_uses(session, RuleAction.USE)
        stages = (rule.stage for rule in book.list_in_use(session) if rule.id in used)
        return dict(sorted(Counter(stages).items()))


def import_(
    source: Annotated[str, typer.Argument(help="Source the files come from.")],
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    observed_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day the source said this; without it: now."),
    ] = None,
    complete: Annotated[
        str | None,
        typer.Option(
            help="Partition these files cover completely, so that absence means something."
        ),
    ] = None,
    map_name: Annotated[
        str | None,
        typer.Option("--map", help="Column map that says which column is which field (ad_feed)."),
    ] = None,
    evaluate: EvaluateAfter = True,
    index: IndexAfter = True,
    as_json: AsJson = False,
) -> None:
    """Read files of a source from disk: folders, CSV, JSON, zip.

    Example: paidforby import snap PoliticalAds.zip --observed-on 2026-11-01
    """
    settings = Settings()
    spider = find_spider(source)
    _check_day(observed_on)
    if map_name is not None:
        _check_map(settings, spider, map_name, complete)
    with plain_errors():
        engine = open_or_init(settings)
    order = ImportOrder(
        paths=tuple(paths),
        observed_on=observed_on.date() if observed_on else None,
        complete_partition=complete,
        realm=Realm.REAL,
        map_name=map_name,
    )
    # Else the collector walks all that was imported, over and over, while records come and go.
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    followed = [name for name, wanted in ((RULES, evaluate), (SEARCH_COPY, index)) if wanted]
    with plain_errors(), shown_stages([READING, *followed]) as reach:
        with bounded_memory(settings.crawl_memory_mb):
            report = import_files(settings, engine, spider, order, utc_now, reach)
        with naming_kept(report.counts.seen):
            aside = follow_changes(
                settings, engine, utc_now, evaluate=evaluate, index=index, reach=reach
            )
        refused = keep_refused_files(settings, engine, is_told=True)
    likely = _find_likely(settings, report)
    _report(report, likely, as_json=as_json)
    is_done = report.outcome == Outcome.DONE and not aside and not refused
    raise typer.Exit(DONE if is_done else DONE_WITH_REMAINDERS)


def find_spider(source: str) -> type[SourceSpider]:
    """The spider of a source, or a list of those there are and exit code 2."""
    spiders = find_spiders()
    if source not in spiders:
        note(f"there is no source {source!r}{ask_nearest(source, spiders)}")
        raise typer.Exit(WRONG_USAGE)
    return spiders[source]


def _check_day(observed_on: datetime | None) -> None:
    """Refuse a day that has begun in no time zone, or is too early: later ones must become current."""
    if observed_on is None:
        return
    day, wrong = observed_on.date(), ""
    if day > (utc_now() + EARLIEST_ZONE).date():
        wrong = "has not come yet"
    elif day < EARLIEST_DAY:
        wrong = f"is before {EARLIEST_DAY}, and nothing here is so old"
    if wrong:
        note(f"--observed-on {day} {wrong}; give the day the source said it")
        raise typer.Exit(WRONG_USAGE)


def _check_map(
    settings: Settings, spider: type[SourceSpider], map_name: str, complete: str | None
) -> None:
    """Exit with code 2 unless the source reads by maps, has this one, and its partition is meant."""
    if not spider.reads_by_map:
        by_map = (name for name, each in find_spiders().items() if each.reads_by_map)
        note(f"--map is for {', '.join(by_map)}: {spider.info.id} knows its own columns")
        raise typer.Exit(WRONG_USAGE)
    if complete not in (None, map_name):
        note(
            f"what --map {map_name} reads is the partition {map_name}; type: --complete {map_name}"
        )
        raise typer.Exit(WRONG_USAGE)
    try:
        spider.reader_of(settings, map_name)
    except YamlFileError as error:
        note_refused(error.faults)
        raise typer.Exit(WRONG_USAGE) from None


def _find_likely(settings: Settings, report: ImportReport) -> dict[Path, str]:
    """What to type after `paidforby import` for files in which nothing could be read."""
    found = {
        path: find_likely_source(settings, path, report.source)
        for path in report.strange[:MOST_ASKED_ABOUT]
    }
    return {path: words for path, words in found.items() if words}


def _report(report: ImportReport, likely: Mapping[Path, str], *, as_json: bool) -> None:
    if as_json:
        looks_like = {str(path): words for path, words in likely.items()}
        emit_json(describe_import(report) | {"looks_like": looks_like})
    else:
        for line in tell_import(report):
            say(line)
    for path, words in likely.items():
        name = escape_text(shlex.quote(str(path)))
        note(f"{name} looks like {words}; type: paidforby import {words} {name}")
    for piece in report.unreadable[:SHOWN_AT_MOST]:
        note(tell_piece(piece))
    if len(report.unreadable) > SHOWN_AT_MOST:
        more = len(report.unreadable) - SHOWN_AT_MOST
        note(f"quarantined: {more:,} more; type: paidforby quarantine list")


def describe_import(report: ImportReport) -> dict[str, Any]:
    """An import as programs read it."""
    return {
        "source": report.source,
        "outcome": report.outcome,
        "reason": report.reason,
        "files": report.files,
        "already_captured": report.already_captured,
        **vars(report.counts),
        "unreadable": [piece.model_dump(exclude={"raw"}) for piece in report.unreadable],
        "not_read": [{"file": n.file, "reason": n.reason} for n in report.not_read],
    }


def tell_import(report: ImportReport) -> list[str]:
    """An import as people read it."""
    counts = report.counts
    head = (
        f"{report.source}: read {write_count(counts.seen, 'record')} "
        f"from {write_count(report.files, 'file')}: "
        f"{counts.new:,} new, {counts.changed:,} changed, {counts.unchanged:,} unchanged"
    )
    lines = [head]
    lines += [f"  already taken in before: {name}" for name in report.already_captured]
    lines += [f"  not read: {n.file} ({n.reason})" for n in report.not_read]
    if counts.vanished:
        lines.append(f"  vanished: {counts.vanished:,}")
    if counts.withdrawn:
        lines.append(f"  withdrawn statements and payments: {counts.withdrawn:,}")
    if report.unreadable:
        lines.append(f"  quarantined: {len(report.unreadable):,} (type: paidforby quarantine list)")
        if of_absence := report.reason.partition("; ")[2]:
            lines.append(f"  {of_absence}")
    following = "quarantine list" if report.unreadable else "stats"
    return [*map(escape_text, lines), f"next: paidforby {following}"]
