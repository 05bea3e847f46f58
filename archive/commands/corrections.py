"""`paidforby corrections`: figures that sources changed or took back."""

from typing import Annotated

import typer

from archive.commands.moment_options import AsOf, ValidAt, read_options
from archive.commands.stats import IncludeToo
from archive.reading.corrections import (
    KINDS,
    CorrectionFilter,
    list_corrections,
    tell_both,
)
from archive.store.database import read
from archive.terminal import AsJson, emit_json, format_table, open_or_exit, plain_errors, say
from config.settings import Settings

HEADER = ["learned", "source", "what", "", "before", "after"]


def corrections(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    include: IncludeToo = None,
    limit: Annotated[int, typer.Option(help="How many at most, up to 100.")] = 50,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: AsJson = False,
) -> None:
    """List published figures that changed otherwise than by time going on, newest first.

    Example: paidforby corrections --source snap
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        moment = read_options(as_of, valid_at)
        wanted = CorrectionFilter(source=source, include=include)
        page = list_corrections(session, wanted, limit=limit, moment=moment)
    if as_json:
        emit_json(page.items)
        return
    rows = [[c.recorded_at, c.source, c.figure, KINDS[c.kind], *tell_both(c)] for c in page.items]
    for line in format_table(HEADER, rows):
        say(line)
    say()
    say("next: paidforby spend --measure reported" if rows else "no figure was corrected")
