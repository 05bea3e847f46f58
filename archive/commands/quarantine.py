"""`paidforby quarantine list`, `show` and `reject`: pieces by their number, batches as `batch-7`.

`scrapers.commands.quarantine` adds `release`, which needs a source's reader.
"""

from textwrap import shorten
from typing import Annotated, Any

import typer

from archive.models import QuarantinedBatch
from archive.models.runs import PieceStatus, QuarantinedPiece
from archive.records.escaping import escape_text
from archive.runs.quarantine import (
    NAME,
    Quarantined,
    list_quarantined,
    name_quarantined,
    read_quarantined,
    settle,
    tell_name,
    tell_next,
)
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.terminal import (
    AsJson,
    emit_json,
    format_table,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings

quarantine = typer.Typer(
    no_args_is_help=True,
    help="What could not be read (pieces) or was implausible (batches), and what became of it.",
)


def _check_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is neither a piece's number nor a batch's name")
    return name


def _check_words(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("it is blank")
    return text


Name = Annotated[
    str, typer.Argument(metavar="ID", help="A piece's number, or batch-N.", callback=_check_name)
]
By = Annotated[str, typer.Option(help="Who decides.", callback=_check_words)]
Because = Annotated[
    str,
    typer.Option(
        help="Why; it is kept, and that of a batch is shown to everyone.", callback=_check_words
    ),
]

HEADER = ("id", "stage", "source", "where", "line", "field or cause", "what is wrong", "status")
REASON_WIDTH = 90


@quarantine.command("list")
def list_quarantine(
    status: Annotated[
        str, typer.Option(help="quarantined, released, rejected or all.")
    ] = "quarantined",
    limit: Annotated[int, typer.Option(help="How many of each at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was put aside: batches first, newest first.

    Example: paidforby quarantine list --status all
    """
    wanted = None if status == "all" else _read_status(status)
    with plain_errors(), read(open_or_exit(Settings())) as session:
        found = list_quarantined(session, wanted, limit)
    if as_json:
        emit_json([describe_quarantined(held) for held in found])
        return
    for line in format_table(HEADER, [_tell_row(held) for held in found]):
        say(line)
    say()
    say("next: paidforby quarantine show ID" if found else "nothing is quarantined")


def describe_quarantined(held: Quarantined) -> dict[str, Any]:
    """A piece or a batch as programs read it: its row, and the name it is settled by."""
    return {"name": name_quarantined(held)} | held.model_dump(mode="json")


def _tell_row(held: Quarantined) -> tuple[object, ...]:
    place: tuple[object, ...]
    if isinstance(held, QuarantinedBatch):
        place = ("plausibility", held.source, held.partition, None, held.cause)
    else:
        place = (held.stage, held.source, held.file or held.subject, held.line, held.field)
    reason = shorten(held.reason, REASON_WIDTH, placeholder=" …")
    return name_quarantined(held), *place, reason, held.status


def _read_status(status: str) -> PieceStatus:
    try:
        return PieceStatus(status)
    except ValueError:
        allowed = ", ".join([*PieceStatus, "all"])
        raise typer.BadParameter(f"{status!r} is none of {allowed}") from None


@quarantine.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one piece with its first bytes, or one batch with the figures that were compared.

    Example: paidforby quarantine show 7
    """
    settings = Settings()
    with plain_errors(), read(open_or_exit(settings)) as session:
        held = read_quarantined(session, name)
        shown, what_next = describe_quarantined(held), tell_next(held)
        if isinstance(held, QuarantinedPiece):
            shown["start"] = read_start(settings, held.sha256) if held.sha256 else ""
    if as_json:
        emit_json(shown)
        return
    for key, value in shown.items():
        say(f"{key:<15} {escape_text(str(value))}")
    if shown["status"] == PieceStatus.QUARANTINED:
        say(f"next: {what_next} (or: reject)")


def read_start(settings: Settings, sha256: str) -> str:
    """The first bytes of a blob, as they can be shown."""
    with BlobStore(settings.blobs_dir).open(sha256) as stream:
        return repr(stream.read(400))[2:-1]


@quarantine.command("reject")
def reject(name: Name, by: By, because: Because) -> None:
    """Note that a piece or a batch is not to be taken in: it stays as evidence.

    Example: paidforby quarantine reject 7 --by ada --because "a test row"
    """
    with plain_errors(), write(open_or_exit(Settings())) as session:
        told = tell_name(settle(session, name, PieceStatus.REJECTED, by, because, utc_now()))
    say(f"{told} is rejected; its bytes stay as evidence")
