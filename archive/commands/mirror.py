"""`paidforby mirror`: the Parquet copy of the public tables."""

import typer

from archive.exports.mirror import compact_mirror, find_folder, read_status, sync_mirror
from archive.terminal import (
    DONE,
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

app = typer.Typer(
    no_args_is_help=True, help="The public tables as Parquet files: bring on, tidy, status."
)


@app.command()
def sync(as_json: AsJson = False) -> None:
    """Add what changed since the last time; the first time, everything.

    Example: paidforby mirror sync
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors():
        report = sync_mirror(engine, find_folder(settings), utc_now())
    if as_json:
        emit_json(report)
        raise typer.Exit(DONE_WITH_REMAINDERS if report.put_aside else DONE)
    how = "made anew" if report.rebuilt else "brought on"
    written = ", ".join(f"{rows:,} {name}" for name, rows in report.rows.items())
    say(f"mirror {how} up to change {report.seq:,}: {written}")
    if report.put_aside:
        say(
            f"put aside: {write_count(len(report.put_aside), 'row')}; next: paidforby quarantine list"
        )
        raise typer.Exit(DONE_WITH_REMAINDERS)
    say("next: paidforby mirror status")


@app.command()
def compact(as_json: AsJson = False) -> None:
    """Make one file of each table's many; the old ones go with the next compaction.

    Example: paidforby mirror compact
    """
    settings = Settings()
    open_or_exit(settings)
    with plain_errors():
        manifest = compact_mirror(find_folder(settings), utc_now())
    if as_json:
        emit_json(manifest)
        return
    tables = write_count(len(manifest.tables), "table")
    say(f"one file for each of {tables}; {len(manifest.retired)} replaced")
    say("next: paidforby mirror status")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Up to which change the files tell, and how large they are.

    Example: paidforby mirror status
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors():
        answer = read_status(engine, find_folder(settings))
    if as_json:
        emit_json(answer)
        return
    as_of = format_time(answer.data_as_of) if answer.data_as_of else "before any change"
    say(f"{answer.folder}: up to change {answer.seq:,} ({as_of}), {answer.lag_changes:,} behind")
    rows = [[name, t.parts, t.rows, t.bytes] for name, t in answer.tables.items()]
    for line in format_table(["table", "files", "rows", "bytes"], rows):
        say(line)
    say("next: paidforby mirror sync" if answer.lag_changes else "nothing is left to do")
