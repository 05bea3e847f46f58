"""`paidforby quarantine`: the archive's own commands, and what needs readers and steps: release, retry."""

from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.commands.quarantine import Because, By, Name, quarantine
from archive.models import QuarantinedPiece
from archive.records import QuarantineStage
from archive.runs.quarantine import list_open_pieces, name_quarantined, read_unsettled
from archive.store.database import read
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings
from scrapers.work.crawl.releasing import release_quarantined
from scrapers.work.retrying import retry_pieces


def _check_piece(name: str | None) -> str | None:
    """A batch is implausible, and stays so: a person settles it."""
    if name is not None and not name.isdecimal():
        raise typer.BadParameter(f"{name!r} is no piece's number")
    return name


@quarantine.command("release")
def release(name: Name, by: By, because: Because) -> None:
    """Take in what was put aside: its file is read again, or ads that are gone are shown as gone.

    Example: paidforby quarantine release batch-7 --by ada --because "the source confirms it"
    """
    settings = Settings()
    with plain_errors():
        engine = open_or_exit(settings)
        told, counts = release_quarantined(settings, engine, name, by, because, utc_now)
    gone = f", {counts.vanished:,} vanished" if counts.vanished else ""
    gone += f", {counts.withdrawn:,} withdrawn" if counts.withdrawn else ""
    say(f"{told} is released: {counts.new:,} new, {counts.changed:,} changed{gone}")


@quarantine.command("retry")
def retry(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this piece.", callback=_check_piece)
    ] = None,
    stage: Annotated[
        QuarantineStage | None, typer.Option(help="Only what this step put aside.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Do again the steps that put pieces aside; what goes through is settled.

    Example: paidforby quarantine retry --stage search
    """
    settings = Settings()
    with plain_errors():
        engine = open_or_exit(settings)
        pieces = _choose_pieces(engine, name, stage)
        retry_pieces(settings, engine, pieces, utc_now)
        with read(engine) as session:
            open_ids = {piece.id for piece in list_open_pieces(session)}
    tried = [
        {
            "name": name_quarantined(piece),
            "stage": piece.stage,
            "subject": piece.subject,
            "passed": piece.id not in open_ids,
        }
        for piece in pieces
    ]
    stay = [each for each in tried if not each["passed"]]
    if as_json:
        emit_json({"tried": tried, "stay": len(stay)})
    else:
        say(f"tried again: {len(tried):,}; went through: {len(tried) - len(stay):,}")
        say("next: paidforby quarantine list" if stay else "next: paidforby stats")
    raise typer.Exit(DONE_WITH_REMAINDERS if stay else DONE)


def _choose_pieces(
    engine: Engine, name: str | None, stage: QuarantineStage | None
) -> list[QuarantinedPiece]:
    """The open pieces asked for, with what they say."""
    with read(engine) as session:
        if name is not None:
            # Says by whom and why, if it is settled.
            read_unsettled(session, name)
        pieces = list_open_pieces(session, stage)
        session.expunge_all()
    return [piece for piece in pieces if name is None or name_quarantined(piece) == name]


__all__ = ["quarantine"]
