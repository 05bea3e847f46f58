"""`paidforby watch-lists`: what sources are asked beyond the ads they label political.

The front door mounts it; `archive.curation.watch_lists` does the work.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from archive.curation.watch_lists import (
    WatchListView,
    add_entry,
    list_watch_lists,
    make_watch_list,
    read_watch_list,
    remove_entry,
)
from archive.models import EntryKind, WatchList, WatchListEntry, WatchListEntryView
from archive.records.escaping import escape_text
from archive.store.database import read, write
from archive.terminal import (
    WRONG_USAGE,
    AsJson,
    emit_json,
    format_table,
    format_time,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="What sources are asked about beyond the ads they label political.",
)

ListId = Annotated[str, typer.Argument(metavar="LIST", help="Short name, such as fr-2027.")]
Pages = Annotated[list[str] | None, typer.Option("--page", help="Id of a page at the source.")]
Advertisers = Annotated[
    list[str] | None, typer.Option("--advertiser", help="Our id of an advertiser.")
]
Terms = Annotated[list[str] | None, typer.Option("--term", help="Words that an ad must have.")]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only ads in it (ISO 639-1).")
]
By = Annotated[str, typer.Option("--by", help="Who does this; public.")]
Because = Annotated[str, typer.Option("--because", help="Why; public.")]


@app.command("add")
def add(
    list_id: ListId,
    by: By,
    because: Because,
    pages: Pages = None,
    advertisers: Advertisers = None,
    terms: Terms = None,
    languages: Languages = None,
    title: Annotated[str, typer.Option(help="For a new list: what is watched.")] = "",
    countries: Annotated[
        list[str] | None, typer.Option("--country", help="For a new list: where ads were shown.")
    ] = None,
    election: Annotated[str | None, typer.Option(help="For a new list: which election.")] = None,
    source: Annotated[str, typer.Option(help="For a new list: who is asked.")] = "meta_ad_library",
) -> None:
    """Put pages, advertisers, words or languages on a list; with a title and a country, begin it.

    Example: paidforby watch-lists add parties --page 123456 --by ada --because "runs in May"
    """
    now = utc_now()
    values = list(_gather_values(pages, advertisers, terms, languages))
    if not values and not title:
        note("nothing to add; give --page, --advertiser, --term or --language")
        raise typer.Exit(WRONG_USAGE)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        if title:
            head = WatchList(
                id=list_id,
                source=source,
                title=title,
                countries=sorted(set(countries or [])),
                election=election,
                added_by=by,
                reason=because,
                recorded_at=now,
            )
            make_watch_list(session, head)
        for kind, value in values:
            entry = WatchListEntry(
                list_id=list_id,
                kind=kind,
                value=value,
                added_by=by,
                reason=because,
                recorded_at=now,
            )
            add_entry(session, entry)
        view = read_watch_list(session, list_id)
    say(f"{escape_text(list_id)} asks by {write_count(_count_standing(view), 'entry', 'entries')}")
    say(f"next: paidforby crawl {view.watch_list.source} --partition {view.partition}")


@app.command("remove")
def remove(
    list_id: ListId,
    by: By,
    because: Because,
    pages: Pages = None,
    advertisers: Advertisers = None,
    terms: Terms = None,
    languages: Languages = None,
) -> None:
    """Take something off a list; that it was there stays on record.

    Example: paidforby watch-lists remove parties --page 123456 --by ada --because "does not run"
    """
    values = list(_gather_values(pages, advertisers, terms, languages))
    with plain_errors(), write(open_or_exit(Settings())) as session:
        for kind, value in values:
            remove_entry(
                session, list_id, kind, value, removed_by=by, reason=because, now=utc_now()
            )
        view = read_watch_list(session, list_id)
    say(f"{escape_text(list_id)} asks by {write_count(_count_standing(view), 'entry', 'entries')}")
    say("ads found by what was removed are not looked for again, and so never called vanished")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the watch lists.

    Example: paidforby watch-lists list
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        views = list(list_watch_lists(session))
    if as_json:
        emit_json([describe_list(view) for view in views])
        return
    rows = [
        [
            view.watch_list.id,
            view.watch_list.source,
            " ".join(view.watch_list.countries),
            _count_standing(view),
            view.watch_list.title,
        ]
        for view in views
    ]
    for line in format_table(["list", "source", "countries", "entries", "title"], rows):
        say(line)
    if not rows:
        say("nothing is watched")
        say(
            "next: paidforby watch-lists add LIST --title … --country FR --page … --by … --because …"
        )


@app.command("show")
def show(list_id: ListId, as_json: AsJson = False) -> None:
    """Show a list with everything that was ever on it: who added or removed it, when and why.

    Example: paidforby watch-lists show parties
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        view = read_watch_list(session, list_id)
    if as_json:
        emit_json(describe_list(view))
        return
    head = view.watch_list
    say(f"{escape_text(head.title)} ({head.source}, {' '.join(head.countries)})")
    say(
        f"begun {format_time(head.recorded_at)} by {escape_text(head.added_by)}: {escape_text(head.reason)}"
    )
    if head.election:
        say(f"kept for the election {escape_text(head.election)}")
    rows = [_tell_entry(entry) for entry in view.entries]
    for line in format_table(["asks by", "value", "since", "by", "because", "removed"], rows):
        say(line)


def describe_list(view: WatchListView) -> dict[str, Any]:
    """A list for programs: its head, its partition and all its entries."""
    entries = [entry.model_dump(exclude={"id", "list_id"}) for entry in view.entries]
    return view.watch_list.model_dump() | {"partition": view.partition, "entries": entries}


def _gather_values(
    pages: list[str] | None,
    advertisers: list[str] | None,
    terms: list[str] | None,
    languages: list[str] | None,
) -> Iterator[tuple[EntryKind, str]]:
    given = {
        EntryKind.PAGE: pages,
        EntryKind.ADVERTISER: advertisers,
        EntryKind.TERM: terms,
        EntryKind.LANGUAGE: languages,
    }
    for kind, values in given.items():
        yield from ((kind, value) for value in dict.fromkeys(values or []))


def _count_standing(view: WatchListView) -> int:
    return sum(entry.removed_at is None for entry in view.entries)


def _tell_entry(entry: WatchListEntryView) -> list[str]:
    removed = ""
    if entry.removed_at is not None:
        removed = f"{format_time(entry.removed_at)} by {entry.removed_by}: {entry.removal_reason}"
    since = format_time(entry.recorded_at)
    return [entry.kind, entry.value, since, entry.added_by, entry.reason, removed]
