"""Commands of the search room: `search` and `index status, sync, rebuild`."""

import shlex
from collections.abc import Iterator
from functools import partial
from shutil import get_terminal_size
from textwrap import wrap
from typing import Annotated

import typer
from rich.cells import cell_len, set_cell_size

from archive.commands.moment_options import AsOf, ValidAt, read_options, tell_moment
from archive.commands.stats import IncludeToo
from archive.names.following import bring_names_on
from archive.records.escaping import escape_text
from archive.records.money import format_bounds
from archive.store.database import read
from archive.terminal import (
    DONE_WITH_REMAINDERS,
    FAILED,
    WRONG_USAGE,
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
from search.answers import answer_query, cover_sources
from search.engines import open_search
from search.filling import SyncReport
from search.hits import MARK_END, MARK_START, SearchHit, SearchPage
from search.names import tell_names
from search.port import SearchEngine
from search.query import (
    BOUND_FILTERS,
    LAST_RESULT,
    VALUE_FILTERS,
    AdQuery,
    Sort,
    build_query,
    split_filter,
)
from search.status import IndexStatus, index_status
from search.sync import rebuild_index, sync_index

app = typer.Typer(no_args_is_help=True, help="The search copy: how far it is, and bring it on.")

_FACETS = ("source", "platform", "country", "language", "currency", "state")
INDENT = "    "


def _refuse_filter(value: str | None) -> None:
    """Say how a filter is written to whoever writes one as an option."""
    if value is not None:
        names = ", ".join([*VALUE_FILTERS, *BOUND_FILTERS])
        note(f"did you mean --filter NAME={escape_text(value[:60])}? NAME is one of {names}")
        raise typer.Exit(WRONG_USAGE)


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words, or a phrase in quotation marks; none: every ad."),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME=VALUE", help="Narrow down; may be repeated."),
    ] = None,
    sort: Annotated[str, typer.Option(help=", ".join(Sort))] = Sort.RELEVANCE.value,
    limit: Annotated[int, typer.Option(help="Results on a page, at most 100.")] = 20,
    page: Annotated[int, typer.Option(help="Which page, from 1.")] = 1,
    include: IncludeToo = None,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: AsJson = False,
    _filter: Annotated[
        str | None,
        typer.Option(
            *(f"--{name.replace('_', '-')}" for name in (*VALUE_FILTERS, *BOUND_FILTERS)),
            hidden=True,
            callback=_refuse_filter,
        ),
    ] = None,
) -> None:
    """Find ads by their words, addresses, names or id.

    A word is that word; "clean air" stands side by side, -air is left out, a OR b, clean*, payer:clean.
    At an earlier moment only whole words count, and the newest start comes first.

    Example: paidforby search "climate act" --filter country=FR --sort newest
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        asked = build_query(
            " ".join(words or []),
            filters=map(split_filter, filters or []),
            sort=sort,
            limit=limit,
            page=page,
            facets=_FACETS,
            include=include,
        )
        moment = read_options(as_of, valid_at)
        with read(archive) as session:
            search_engine = open_search(settings, archive)

            def list_faults() -> list[str]:
                return index_status(archive, search_engine, utc_now()).faults

            cover = partial(cover_sources, today=utc_now().date())
            answer = answer_query(session, search_engine, asked, moment, cover, list_faults)
    if as_json:
        emit_json(answer)
        return
    for line in tell_page(answer, asked, get_terminal_size().columns):
        say(line)


def tell_page(page: SearchPage, query: AdQuery, width: int) -> list[str]:
    """An answer as people read it, so wide at most; a longer id is cut, and whole in JSON.

    Nothing an ad says reaches the terminal as a control code.
    """
    lines = [_tell_total(page)]
    for name, counts in page.facets.items():
        if counts:
            values = " · ".join(f"{_plain(value)} {n:,}" for value, n in counts.items())
            lines.append(f"{name:<9} {values}")
    lines += [*_tell_others(page), *map(_plain, tell_names(page.names) if page.names else ())]
    hits = [line for hit in page.hits for line in ("", *_tell_hit(hit, width))]
    crawled = [f"{_plain(each.source)}: {each.sentence}" for each in page.coverage]
    wrapped = [_wrap(part, width) for part in (lines, [*crawled, _tell_next(page, query)])]
    return [*wrapped[0], *hits, "", *wrapped[1]]


def _wrap(lines: list[str], width: int) -> list[str]:
    told = (wrap(line, width, subsequent_indent=INDENT, break_on_hyphens=False) for line in lines)
    return [part for parts in told for part in parts]


_MATCHED_IN_WORDS = {
    "everything": "",
    "all_words": "",
    "near_spellings": "; none has these words, these have near spellings",
}


def _tell_total(page: SearchPage) -> str:
    known = tell_moment(page.as_of or page.data_as_of, page.valid_at)
    ads = write_count(page.waiting_ads, "newer or changed ad is", "newer or changed ads are")
    waiting = f" for what is indexed; {ads} not searchable yet" if page.waiting_ads else ""
    waiting += "".join(f"; {fault.rstrip('.')}" for fault in page.copy_faults)
    about = f"({page.total_from}{waiting}; engine: {page.engine}{f', {known}' if known else ''})"
    return f"{write_count(page.total, 'ad')} {about}{_MATCHED_IN_WORDS[page.matched]}"


def _tell_others(page: SearchPage) -> Iterator[str]:
    """What other words would find, each with the question to type."""
    for what, found in (("near spellings", page.near), ("longer words", page.longer)):
        if found:
            words = "; ".join(f"{', '.join(others)} for {w}" for w, others in found.words.items())
            ads = write_count(found.total, "more ad" if page.total else "ad")
            yield f"{what}: {ads} ({_plain(words)}): paidforby search {shlex.quote(found.q)}"


def _tell_hit(hit: SearchHit, width: int) -> list[str]:
    began = f"{hit.started_on:%d %b %Y}".removeprefix("0") if hit.started_on else "unknown"
    spend = format_bounds(hit.spend_lower_minor, hit.spend_upper_minor, hit.currency)
    head = f"began {began}; spend {spend}; paid for by {hit.payer or 'unknown'}"
    return [_shorten(text, width) for text in (head, INDENT + hit.snippet, INDENT + hit.id)]


def _shorten(text: str, width: int) -> str:
    """On one line, so many columns wide at most: some characters take two."""
    indent = INDENT if text.startswith(INDENT) else ""
    plain = indent + _plain(text)
    return plain if cell_len(plain) <= width else f"{set_cell_size(plain, width - 1).rstrip()}…"


def _plain(text: str) -> str:
    unmarked = text.replace(MARK_START, "").replace(MARK_END, "")
    return " ".join("".join(c if c.isprintable() else " " for c in unmarked).split())


def _tell_next(page: SearchPage, query: AdQuery) -> str:
    if page.waiting_ads or page.copy_faults:
        return "next: paidforby index sync, then the same again"
    if not page.total:
        return "next: fewer or other words, or paidforby index status"
    if query.offset + len(page.hits) < min(page.total, LAST_RESULT):
        return f"next: the same with --page {query.page + 1}, or --json"
    return "next: the same with --filter NAME=VALUE, or --json"


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say how far the search copy has followed the archive, and whether it is right.

    Exit code 1: it is not, or was never filled; 3: it is behind, or lacks ads it could not take.

    Example: paidforby index status
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        search_engine = open_search(settings, archive)
        state = index_status(archive, search_engine, utc_now())
    if as_json:
        emit_json(state)
    else:
        for line in tell_status(state):
            say(line)
        say(f"next: {_find_next(state, search_engine)}")
    if state.faults or (state.documents is None and state.ads):
        raise typer.Exit(FAILED)
    if state.lag_changes or state.rejected:
        raise typer.Exit(DONE_WITH_REMAINDERS)


def tell_status(state: IndexStatus) -> list[str]:
    """How the copy stands, as people read it."""
    filled = "none yet" if state.documents is None else f"{state.documents:,}"
    oldest = write_count(round(state.lag_seconds), "second")
    return [
        f"engine      {state.engine}",
        f"ads         {state.ads:,} in the archive, {filled} in the engine",
        f"behind      {write_count(state.lag_changes, 'change')}, the oldest {oldest}",
        *(f"wrong       {_plain(fault)}" for fault in state.faults),
        *(f"rejected    {_plain(row.id)}: {_plain(row.reason)}" for row in state.rejected),
    ]


def _find_next(state: IndexStatus, search_engine: SearchEngine) -> str:
    if state.is_foreign:
        return search_engine.how_to_move
    if state.faults or state.lag_changes or state.documents is None:
        return "paidforby index sync"
    return 'paidforby search "climate"'


@app.command()
def sync(as_json: AsJson = False) -> None:
    """Send what changed in the archive since the last time; what is wrong with the copy is repaired.

    While another process fills the copy, this one says so and waits.

    Example: paidforby index sync
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        bring_names_on(archive, utc_now())
        search = open_search(settings, archive)
        _report(sync_index(archive, search, utc_now(), tell_busy=note), as_json=as_json)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the search copy anew; the old one answers until it is complete.

    Example: paidforby index rebuild
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        search = open_search(settings, archive)
        _report(rebuild_index(archive, search, utc_now(), tell_busy=note), as_json=as_json)


def _report(report: SyncReport, *, as_json: bool) -> None:
    if as_json:
        emit_json(report)
    else:
        made = "made anew" if report.rebuilt else write_count(report.changes, "change")
        say(
            f"{report.engine}: {made}: {write_count(report.documents, 'ad')} sent, {report.moved:,} with "
            f"numbers only, {report.deleted:,} taken out, {len(report.rejected):,} rejected"
        )
        say(
            "next: paidforby index status"
            if report.rejected
            else 'next: paidforby search "climate"'
        )
    if report.rejected:
        raise typer.Exit(DONE_WITH_REMAINDERS)
