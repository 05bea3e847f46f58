"""`paidforby index`: how far the search copy has followed the archive, and to bring it on."""

import typer

from archive.names.following import bring_names_on
from archive.terminal import (
    DONE_WITH_REMAINDERS,
    FAILED,
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
from search.cli import plain
from search.copies.comparing import check_copy, tell_check
from search.copies.filling import SyncReport
from search.copies.status import IndexStatus, index_status
from search.copies.sync import rebuild_index, sync_index
from search.engines import open_search
from search.port import SearchEngine

app = typer.Typer(no_args_is_help=True, help="The search copy: how far it is, and bring it on.")


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
        *(f"wrong       {plain(fault)}" for fault in state.faults),
        *(f"rejected    {plain(row.id)}: {plain(row.reason)}" for row in state.rejected),
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
def check(as_json: AsJson = False) -> None:
    """Compare every document of the search copy with the archive, and put right what differs.

    It is brought up to date first. Exit code 3: it lacks ads it could not take.

    Example: paidforby index check
    """
    settings = Settings()
    archive = open_or_exit(settings)
    with plain_errors():
        search = open_search(settings, archive)
        found = check_copy(archive, search, utc_now(), tell_busy=note)
    if as_json:
        emit_json(found)
    else:
        say(f"{found.engine}: {tell_check(found)}")
        for line in found.named:
            say(plain(line))
        say("next: paidforby index status")
    if found.rejected:
        raise typer.Exit(DONE_WITH_REMAINDERS)


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
