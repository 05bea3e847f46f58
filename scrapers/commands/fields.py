"""`paidforby fields`: what sources say beyond what we know, and what of it everybody may see."""

from typing import Annotated

import typer

from archive.privacy.allowed_fields import (
    allow_field,
    list_decisions,
    list_unknown,
    withdraw_field,
)
from archive.records.escaping import escape_text
from archive.store.database import read, write
from archive.terminal import (
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    format_table,
    format_time,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.opening import clear_or_tell

app = typer.Typer(
    no_args_is_help=True,
    help="Fields of sources that nobody has looked at are kept and not shown until a person allows them.",
)

SourceId = Annotated[str, typer.Argument(metavar="SOURCE", help="Id of the source, such as snap.")]
FieldName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name as `fields list` shows it; `reach.*`: all below it."),
]
By = Annotated[str, typer.Option(help="Who decides.")]
Because = Annotated[str, typer.Option(help="Why.")]


@app.command("list")
def list_fields(as_json: AsJson = False) -> None:
    """List the fields that nobody has looked at, and what was decided about others.

    Example: paidforby fields list
    """
    with plain_errors(), read(open_or_exit(Settings())) as session:
        unknown, decided = list_unknown(session), list_decisions(session)
    if as_json:
        decisions = [row.model_dump(exclude={"id"}) for row in decided]
        emit_json({"unknown": unknown, "decided": decisions})
        return
    say(f"not shown, because nobody has looked at them: {len(unknown):,}")
    rows = [[row.source, row.name, row.records, format_time(row.since_at)] for row in unknown]
    for line in format_table(["source", "field", "records", "since"], rows) if rows else []:
        say(line)
    for row in decided:
        say()
        say(escape_text(f"{row.source} {row.name}"))
        when = format_time(row.recorded_at)
        say(escape_text(f"  allowed by {row.allowed_by}, {when}: {row.because}"))
        if row.withdrawn_at:
            when = format_time(row.withdrawn_at)
            say(escape_text(f"  taken back by {row.withdrawn_by}, {when}: {row.withdrawn_because}"))
    say("next: paidforby fields allow SOURCE NAME --by NAME --because TEXT")


@app.command("allow")
def allow(source: SourceId, name: FieldName, by: By, because: Because) -> None:
    """Let everybody see a field, in all that is kept of the source and all to come.

    Example: paidforby fields allow snap BuyerName --by ada --because "names a company"
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors(), write(engine) as session:
        changed = allow_field(session, source, name, by, because, utc_now())
    have = write_count(changed, "record has", "records have")
    say(escape_text(f"{name} of {source} is shown from now on: {have} it"))
    say("next: paidforby index sync, then paidforby mirror sync")


@app.command("withhold")
def withhold(source: SourceId, name: FieldName, by: By, because: Because) -> None:
    """Take back that a field is shown: out of every answer and every copy.

    Example: paidforby fields withhold snap BuyerName --by ada --because "names a person"
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors(), write(engine) as session:
        changed = withdraw_field(session, source, name, by, because, utc_now())
    say(
        escape_text(
            f"{name} of {source} is shown no longer: {write_count(changed, 'record')} had it"
        )
    )
    if not clear_or_tell(settings, engine):
        raise typer.Exit(DONE_WITH_REMAINDERS)
    say("next: paidforby fields list")
