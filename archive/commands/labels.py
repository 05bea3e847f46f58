"""`paidforby labels`, `paidforby registers`: what people say of ads; official lists rules look into."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from archive.commands.watch_lists import Because, By
from archive.curation.label_tables import LabelOrder, import_labels
from archive.curation.labels import LabelWord, label_ad, withdraw_label
from archive.curation.registers import import_register, list_copies
from archive.models import LabelTerm
from archive.reading.ads.ads import find_ad_row
from archive.records.escaping import escape_text
from archive.store.database import read, write
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    format_table,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What people, and programs they run, say of ads.")
registers = typer.Typer(no_args_is_help=True, help="Official lists that rules look things up in.")

AdId = Annotated[str, typer.Argument(metavar="AD", help="Permanent id, such as snap:3543bda6.")]
Term = Annotated[LabelTerm, typer.Option(help="What it is about.")]
Method = Annotated[
    str | None, typer.Option(help="Program that says so, with its version; without it, a person.")
]
TableFile = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, a list of JSON, JSON Lines.")]


@app.command("add")
def add(
    ad: AdId,
    by: By,
    because: Because,
    term: Term = LabelTerm.POLITICAL,
    says: Annotated[bool, typer.Option("--yes/--no", help="Whether the ad is that.")] = True,
    method: Method = None,
    rule_id: Annotated[
        str | None, typer.Option(help="The rule that pointed to it, if any.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Label an ad; one that a person calls political is in lists and sums from then on.

    Example: paidforby labels add snap:123 --term political --by ada --because "it names a candidate"
    """
    word = LabelWord(term, says, method)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        label = label_ad(session, find_ad_row(session, ad), by, because, utc_now(), rule_id, word)
        told = label.model_dump(exclude={"id", "ad_id"}) | {"ad": ad}
    if as_json:
        emit_json(told)
        return
    say(f"{escape_text(ad)}: {'' if says else 'not '}{_name_term(term)}, says {escape_text(by)}")
    say("next: paidforby index sync")


@app.command("withdraw")
def withdraw(
    ad: AdId, by: By, because: Because, term: Term = LabelTerm.POLITICAL, method: Method = None
) -> None:
    """End the label of an ad that holds; that it was given stays on record.

    Example: paidforby labels withdraw snap:123 --term political --by ada --because "it sells boats"
    """
    word = LabelWord(term, method=method)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        withdraw_label(session, find_ad_row(session, ad), by, because, utc_now(), word)
    say(f"{escape_text(ad)}: the label is withdrawn, by {escape_text(by)}")
    say("next: paidforby index sync")


@app.command("import")
def import_table(
    shape: Annotated[str, typer.Argument(metavar="MAP", help="Name of its map, labels/MAP.yaml.")],
    path: TableFile,
    by: By,
    because: Because,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day a complete table says it is of."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give the labels of a table, or none if a row is at fault; exit code 3 if some found no place.

    Example: paidforby labels import my_labels labels.csv --by ada --because "coded by two people"
    """
    settings = Settings()
    with plain_errors(), write(open_or_exit(settings)) as session:
        order = LabelOrder(shape, path, by, because, on.date() if on else None)
        report = import_labels(session, settings, order, utc_now())
    if as_json:
        emit_json(report)
    else:
        say(f"{write_count(report.given, 'label')} given, {report.unchanged:,} there before")
        if report.sha256:
            say(f"kept as a label list; SHA-256 {report.sha256}")
    left = {"not in this archive": report.not_held, "the opposite is said": report.contradicted}
    for why, ads in left.items():
        if ads:
            note(f"{len(ads):,} {why}: {escape_text(', '.join(ads[:5]))}{' …' if ads[5:] else ''}")
    raise typer.Exit(DONE_WITH_REMAINDERS if any(left.values()) else DONE)


@registers.command("import")
def import_copy(
    register: Annotated[
        str, typer.Argument(metavar="REGISTER", help="Its id: the map is registers/REGISTER.yaml.")
    ],
    path: TableFile,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it says it is of.")],
    by: By,
    because: Because,
    as_json: AsJson = False,
) -> None:
    """Keep a copy of an official list, whole or not at all; copies held before stay.

    Example: paidforby registers import parties parties.csv --on 2026-11-01 --by ada --because "the new list"
    """
    settings = Settings()
    with plain_errors(), write(open_or_exit(settings)) as session:
        given = (register, path, on.date())
        copy, row, is_new = import_register(session, settings, given, (by, because), utc_now())
        sha256 = row.sha256
    if as_json:
        head = copy.model_dump(exclude={"entries"})
        emit_json(head | {"entries": len(copy.entries), "sha256": sha256, "is_new": is_new})
        return
    say(f"{copy.title}, as of {copy.holds_on:%-d %b %Y}: {len(copy.entries):,} in it")
    days = write_count(copy.fresh_days, "day")
    say(f"it speaks for {days}, until {copy.stale_on:%-d %b %Y}; SHA-256 {sha256}")
    if not is_new:
        say("this very copy was held already")


@registers.command("list")
def list_registers(as_json: AsJson = False) -> None:
    """List every copy of every register, whether it still speaks today, and who brought it.

    Example: paidforby registers list
    """
    today = utc_now().date()
    with plain_errors(), read(open_or_exit(Settings())) as session:
        copies = [
            copy.model_dump(exclude={"entries", "source"})
            | {"entries": len(copy.entries), "stale_on": copy.stale_on}
            | {"is_stale": copy.stale_on <= today, "sha256": row.sha256, "by_name": row.by_name}
            | {"because": row.because, "recorded_at": row.recorded_at}
            for copy, row in list_copies(session)
        ]
    if as_json:
        emit_json(copies)
        return
    names = ("id", "holds_on", "entries", "is_complete", "stale_on", "is_stale", "by_name")
    heads = ("register", "as of", "entries", "complete", "speaks until", "stale", "brought by")
    for line in format_table(heads, [[each[name] for name in names] for each in copies]):
        say(line)
    if not copies:
        say("no register is loaded; rules that look into one cannot tell")
        say("next: paidforby registers import REGISTER FILE --on DAY --by NAME --because TEXT")


def _name_term(term: LabelTerm) -> str:
    return term.replace("_", " ")
