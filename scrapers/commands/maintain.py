"""`paidforby maintain`: what keeps an archive well over the years; the worker does the same every night."""

from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.names.checking import count_names_anew
from archive.terminal import (
    DONE,
    FAILED,
    AsJson,
    emit_json,
    format_table,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings
from scrapers.commands.opening import clear_or_tell
from scrapers.work.shown_anew import show_anew
from scrapers.work.upkeep import Upkeep, keep_up


def maintain(
    anew: Annotated[
        bool,
        typer.Option(
            "--show-anew",
            help="First put what was recorded in the place of rows that show otherwise.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Refresh the database's statistics, sweep leftovers, compare what is shown and counted, look at backups.

    Exit code 1: something is wrong, which is named with what to type.

    Example: paidforby maintain
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors():
        if anew:
            _show_anew(settings, engine)
        done = keep_up(settings, engine, utc_now())
    is_well = not any(part.wrong for part in done)
    if as_json:
        emit_json({"is_well": is_well, "done": [part.model_dump() for part in done]})
    else:
        for line in tell_upkeep(done):
            say(line)
        say("next: paidforby doctor" if is_well else "next: what is named above, then again")
    raise typer.Exit(DONE if is_well else FAILED)


def _show_anew(settings: Settings, engine: Engine) -> None:
    """Make rows anew, say which, and let every copy follow."""
    told = show_anew(engine, utc_now())
    for line in told:
        note(f"shown anew: {line}")
    if told:
        clear_or_tell(settings, engine)
    if count_names_anew(engine, utc_now()):
        note("shown anew: who bears which name")


def tell_upkeep(done: list[Upkeep]) -> list[str]:
    """What was done as a table, then each thing that is wrong."""
    rows = [(part.name, "WRONG" if part.wrong else "well", part.told) for part in done]
    wrong = [f"{part.name}: {what}" for part in done for what in part.wrong]
    return [*format_table(("", "found", ""), rows), *wrong]
