"""`paidforby crawling`: whether sources are crawled, and the one switch that stops all of it at once."""

from typing import Annotated

import typer
from sqlmodel import Session, col, func, select

from archive.commands.quarantine import By
from archive.models import CrawlingStop, Run
from archive.models.runs import Outcome, RunKind
from archive.runs.crawling_stops import find_stop, resume_crawling, stop_crawling, tell_stop
from archive.store.database import read, write
from archive.terminal import AsJson, emit_json, open_or_exit, plain_errors, say, utc_now
from config.counts import write_count
from config.settings import Settings

crawling = typer.Typer(help="Whether sources are crawled; stop all of it, or let it go on.")

Because = Annotated[str, typer.Option(help="Why; everyone is shown it.")]


@crawling.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Say whether crawling is stopped: by whom, since when, why.

    Example: paidforby crawling
    """
    if context.invoked_subcommand is not None:
        return
    with plain_errors(), read(open_or_exit(Settings())) as session:
        stop, running = find_stop(session), _count_running(session)
    if as_json:
        emit_json({"is_stopped": stop is not None, "stop": stop, "runs_under_way": running})
    else:
        say(_tell(stop, running))


@crawling.command("stop")
def stop_all(by: By, because: Because) -> None:
    """Stop all fetching at once, on every machine; imports of files go on.

    Example: paidforby crawling stop --by ada --because "a source asked for it"
    """
    if not because.strip():
        raise typer.BadParameter("it is blank", param_hint="--because")
    with plain_errors(), write(open_or_exit(Settings())) as session:
        stop = stop_crawling(session, by, because, utc_now())
        told = _tell(stop, _count_running(session))
    say(told)


@crawling.command("resume")
def resume_all(by: By, because: Because = "") -> None:
    """Let crawling go on where it was stopped.

    Example: paidforby crawling resume --by ada --because "it is settled"
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        resume_crawling(session, by, because, utc_now())
    say("crawling goes on; what was stopped is due at once")
    say("next: paidforby schedule")


def _count_running(session: Session) -> int:
    query = select(func.count()).where(
        col(Run.outcome) == Outcome.RUNNING, col(Run.kind) == RunKind.CRAWL
    )
    return session.exec(query).one()


def _tell(stop: CrawlingStop | None, running: int) -> str:
    under_way = f"{write_count(running, 'run')} under way"
    if stop is None:
        return f'crawling is not stopped; {under_way}\nnext: paidforby crawling stop --by NAME --because "…"'
    ends = f"; {under_way}, to end within seconds" if running else ""
    return (
        f"crawling is {tell_stop(stop)} (by {stop.stopped_by}){ends}\n"
        "next: paidforby crawling resume --by NAME"
    )
