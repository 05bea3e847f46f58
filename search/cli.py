"""`paidforby search`: an answer as people read it, or as JSON."""

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import Annotated

import typer
from rich.cells import cell_len, set_cell_size
from sqlalchemy import Engine

from archive.commands.moment_options import AsOf, ValidAt, read_options, tell_moment
from archive.commands.stats import IncludeToo
from archive.reading.as_of.moment import Moment
from archive.records.escaping import escape_text
from archive.records.money import format_bounds
from archive.store.database import read
from archive.terminal import (
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
from search.answering.answers import answer_query, cover_sources
from search.answering.names import tell_names
from search.copies.status import index_status
from search.engines import open_search
from search.hits import MARK_END, MARK_START, SearchHit, SearchPage
from search.question.language import QueryError
from search.question.query import (
    ALL_FILTERS,
    LAST_RESULT,
    AdQuery,
    Copies,
    Sort,
    build_query,
    split_filter,
)
from search.result_sets.asked import AskedSet, Sample
from search.result_sets.command import Excel, SampleSize, Seed, To, take_away

_FACETS = ("source", "platform", "country", "language", "currency", "state")
INDENT = "    "
HITS = 20
"""On a page."""


WhichCopies = Annotated[str, typer.Option(help="once: of each creative the first ad alone; every.")]


def _refuse_filter(value: str | None) -> None:
    """Say how a filter is written to whoever writes one as an option."""
    if value is not None:
        names = ", ".join(ALL_FILTERS)
        note(f"did you mean --filter NAME={escape_text(value[:60])}? NAME is one of {names}")
        raise typer.Exit(WRONG_USAGE)


NoOption = Annotated[
    str | None,
    typer.Option(
        *(f"--{name.replace('_', '-')}" for name in ALL_FILTERS if name != "to"),
        hidden=True,
        callback=_refuse_filter,
    ),
]
"""A filter is none: people are told how it is written."""


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words, or a phrase in quotation marks; none: every ad."),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME=VALUE", help="Narrow down; may be repeated."),
    ] = None,
    copies: WhichCopies = Copies.EVERY.value,
    sort: Annotated[str, typer.Option(help=", ".join(Sort))] = Sort.RELEVANCE.value,
    limit: Annotated[int, typer.Option(help="Results on a page, at most 100.")] = 20,
    page: Annotated[int, typer.Option(help="Which page, from 1.")] = 1,
    include: IncludeToo = None,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: AsJson = False,
    to: To = None,
    excel: Excel = False,
    sample: SampleSize = None,
    seed: Seed = "1",
    _filter: NoOption = None,
) -> None:
    """Find ads by their words, addresses, names or id.

    A word is that word; "clean air" stands side by side, -air is left out, a OR b, clean*, payer:clean.
    At an earlier moment only whole words count, and the newest start comes first.

    Example: paidforby search "climate act" --filter country=FR --sort newest
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        text, given = " ".join(words or []), list(map(split_filter, filters or []))
        asked = build_query(
            text,
            filters=given,
            copies=copies,
            sort=sort,
            limit=limit,
            page=page,
            facets=_FACETS,
            include=include,
        )
        moment = read_options(as_of, valid_at)
        _check_file_options(to, sort, limit, page, only_with_file=excel or sample is not None)
        if to:
            drawn = Sample(sample, seed) if sample else None
            whole = AskedSet(text, given, include, drawn, settings.data_licence)
            take_away(settings, archive, asked, moment, whole, to, excel=excel)
            return
        answer = _answer(settings, archive, asked, moment)
    if as_json:
        emit_json(answer)
        return
    for line in tell_page(answer, asked, get_terminal_size().columns):
        say(line)


def _check_file_options(
    to: Path | None, sort: str, limit: int, page: int, *, only_with_file: bool
) -> None:
    if to and (sort, limit, page) != (Sort.RELEVANCE, HITS, 1):
        raise QueryError("to", "a file has all ads, newest first: leave --sort, --limit and --page")
    if only_with_file and not to:
        raise QueryError("to", "--sample and --excel go with --to FILE")


def _answer(settings: Settings, archive: Engine, query: AdQuery, moment: Moment) -> SearchPage:
    engine = open_search(settings, archive)

    def list_faults() -> list[str]:
        return index_status(archive, engine, utc_now()).faults

    cover = partial(cover_sources, today=utc_now().date())
    with read(archive) as session:
        return answer_query(session, engine, query, moment, cover, list_faults)


def tell_page(page: SearchPage, query: AdQuery, width: int) -> list[str]:
    """An answer as people read it, so wide at most; a longer id is cut, and whole in JSON.

    Nothing an ad says reaches the terminal as a control code.
    """
    lines = [_tell_total(page), *filter(None, [page.engine_away]), *_tell_creatives(page)]
    lines += map(plain, tell_names(page.names) if page.names else ())
    for name, counts in page.facets.items():
        unknown = page.facet_unknown.get(name, 0)
        if counts or unknown:
            told = [f"{plain(value)} {n:,}" for value, n in counts.items()]
            told += [f"not known {unknown:,}"] if unknown else []
            lines.append(f"{name:<9} {' · '.join(told)}")
    lines += _tell_unknown(page)
    lines += _tell_others(page)
    hits = [line for hit in page.hits for line in ("", *_tell_hit(hit, width))]
    crawled = [f"{plain(each.source)}: {each.sentence}" for each in page.coverage]
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


def _tell_creatives(page: SearchPage) -> Iterator[str]:
    """How many creatives were found, where each is shown once."""
    if page.folded_by and page.total:
        creatives = "not all compared yet" if page.creatives is None else f"{page.creatives:,}"
        yield f"creatives: {creatives}. {page.folded_by}"


def _tell_unknown(page: SearchPage) -> Iterator[str]:
    """What could not be judged, and where the words that are searched come from."""
    for name, ads in page.bounds_unknown.items():
        if ads:
            figure = write_count(ads, "more ad leaves", "more ads leave")
            yield f"{name}: {figure} this figure unknown or open"
    if others := {name: n for name, n in page.words_from.items() if name != "source" and n}:
        told = {"machine_read": "only words a machine read in a picture", "none": "no words"}
        yield "of the ads looked among " + ", ".join(
            f"{write_count(n, 'has', 'have')} {told[name]}" for name, n in others.items()
        )


def _tell_others(page: SearchPage) -> Iterator[str]:
    """What other words would find, each with the question to type."""
    for what, found in (("near spellings", page.near), ("longer words", page.longer)):
        if found:
            words = "; ".join(f"{', '.join(others)} for {w}" for w, others in found.words.items())
            ads = write_count(found.total, "more ad" if page.total else "ad")
            yield f"{what}: {ads} ({plain(words)}): paidforby search {shlex.quote(found.q)}"


def _tell_hit(hit: SearchHit, width: int) -> list[str]:
    began = f"{hit.started_on:%d %b %Y}".removeprefix("0") if hit.started_on else "unknown"
    spend = format_bounds(hit.spend_lower_minor, hit.spend_upper_minor, hit.currency)
    head = f"began {began}; spend {spend}; paid for by {hit.payer or 'unknown'}"
    former = (f"{name} {each}" for name, names in hit.former_names.items() for each in names)
    formerly = f"; formerly {', '.join(former)}" if hit.former_names else ""
    same = hit.copies or 1
    copies = f"; {write_count(same, 'copy', 'copies')}" if same > 1 else ""
    texts = (head + formerly + copies, INDENT + hit.snippet, INDENT + hit.id)
    return [_shorten(text, width) for text in texts]


def _shorten(text: str, width: int) -> str:
    """On one line, so many columns wide at most: some characters take two."""
    indent = INDENT if text.startswith(INDENT) else ""
    shown = indent + plain(text)
    return shown if cell_len(shown) <= width else f"{set_cell_size(shown, width - 1).rstrip()}…"


def plain(text: str) -> str:
    """Text of others on one line, without marks and control codes."""
    unmarked = text.replace(MARK_START, "").replace(MARK_END, "")
    return " ".join("".join(c if c.isprintable() else " " for c in unmarked).split())


def _tell_next(page: SearchPage, query: AdQuery) -> str:
    if page.engine_away:
        return "next: paidforby index status"
    if page.waiting_ads or page.copy_faults:
        return "next: paidforby index sync, then the same again"
    if not page.total:
        return "next: fewer or other words, or paidforby index status"
    if query.offset + len(page.hits) < min(page.hits_total, LAST_RESULT):
        return f"next: the same with --page {query.page + 1}, or --json"
    return "next: the same with --filter NAME=VALUE, or --json"
