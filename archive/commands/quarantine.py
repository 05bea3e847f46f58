"""`paidforby quarantine list`, `show` and `reject`: pieces by their number, batches as `batch-7`.

`scrapers.commands.quarantine` adds `release`, which needs a source's reader.
"""

from typing import Annotated, Any

import typer
from sqlmodel import Session

from archive.models import QuarantinedBatch
from archive.models.runs import PieceStatus, QuarantinedPiece
from archive.records.escaping import escape_text
from archive.runs.quarantine import list_pieces, read_piece, settle_piece
from archive.runs.quarantined_batches import (
    list_batches,
    name_batch,
    read_batch,
    read_batch_name,
    settle_batch,
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

Name = Annotated[str, typer.Argument(metavar="ID", help="A piece's number, or batch-N.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Because = Annotated[str, typer.Option(help="Why; needed for a batch, and shown to everyone.")]

HEADER = ("id", "source", "where", "line", "field or cause", "what is wrong", "status")
REASON_WIDTH = 90


@quarantine.command("list")
def list_quarantine(
    status: Annotated[
        str, typer.Option(help="quarantined, released, rejected or all.")
    ] = "quarantined",
    limit: Annotated[int, typer.Option(help="How many of each at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was put aside: batches first, newest first."""
    wanted = None if status == "all" else _read_status(status)
    with read(open_or_exit(Settings())) as session:
        batches = list_batches(session, wanted, limit)
        pieces = list_pieces(session, wanted, limit)
    if as_json:
        emit_json([*map(describe_batch, batches), *pieces])
        return
    rows = [*map(_tell_batch, batches), *map(_tell_piece, pieces)]
    for line in format_table(HEADER, rows):
        say(line)
    say()
    say("next: paidforby quarantine show ID" if rows else "nothing is quarantined")


def describe_batch(batch: QuarantinedBatch) -> dict[str, Any]:
    """A batch as programs read it: its row, and the name it is settled by."""
    return {"name": name_batch(batch.id)} | batch.model_dump(mode="json")


def _tell_batch(batch: QuarantinedBatch) -> tuple[object, ...]:
    reason = batch.reason[:REASON_WIDTH]
    name = name_batch(batch.id)
    return name, batch.source, batch.partition, None, batch.cause, reason, batch.status


def _tell_piece(piece: QuarantinedPiece) -> tuple[object, ...]:
    reason = piece.reason[:REASON_WIDTH]
    return str(piece.id), piece.source, piece.file, piece.line, piece.field, reason, piece.status


def _read_status(status: str) -> PieceStatus:
    try:
        return PieceStatus(status)
    except ValueError:
        allowed = ", ".join([*PieceStatus, "all"])
        raise typer.BadParameter(f"{status!r} is none of {allowed}") from None


@quarantine.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one piece with its first bytes, or one batch with the figures that were compared."""
    settings = Settings()
    batch_id = read_batch_name(name)
    with plain_errors(), read(open_or_exit(settings)) as session:
        if batch_id is None:
            shown = _describe_piece(settings, session, read_piece_number(name))
        else:
            shown = describe_batch(read_batch(session, batch_id))
    if as_json:
        emit_json(shown)
        return
    for key, value in shown.items():
        say(f"{key:<15} {escape_text(str(value))}")
    if shown["status"] == PieceStatus.QUARANTINED:
        because = "" if batch_id is None else " --because WHY"
        say(f"next: paidforby quarantine release {name} --by WHO{because} (or: reject)")


def read_piece_number(name: str) -> int:
    """The number of a piece as typed.

    Raises:
        BadParameter: if it is neither that nor the name of a batch.
    """
    if not (name.isascii() and name.isdigit()):
        raise typer.BadParameter(f"{name!r} is neither a piece's number nor a batch's name")
    return int(name)


def _describe_piece(settings: Settings, session: Session, piece_id: int) -> dict[str, Any]:
    piece = read_piece(session, piece_id)
    with BlobStore(settings.blobs_dir).open(piece.sha256) as stream:
        begins = repr(stream.read(400))[2:-1]
    return piece.model_dump(mode="json") | {"start": begins}


@quarantine.command("reject")
def reject(name: Name, by: By, because: Because = "") -> None:
    """Note that a piece or a batch is not to be taken in: it stays as evidence."""
    batch_id = read_batch_name(name)
    check_reason(batch_id, because)
    with plain_errors(), write(open_or_exit(Settings())) as session:
        if batch_id is None:
            number = read_piece_number(name)
            piece = settle_piece(session, number, PieceStatus.REJECTED, by, utc_now())
            told = f"piece {piece.id} of {escape_text(piece.file)}"
        else:
            settle_batch(session, batch_id, PieceStatus.REJECTED, by, because, utc_now())
            told = name
    say(f"{told} is rejected; its bytes stay as evidence")


def check_reason(batch_id: int | None, because: str) -> None:
    """Refuse to settle a batch without a reason, and to take one that nobody would keep.

    Raises:
        BadParameter: if `--because` lacks for a batch or is given for a piece.
    """
    if batch_id is not None and not because.strip():
        raise typer.BadParameter("a batch is settled for a reason: give --because")
    if batch_id is None and because:
        raise typer.BadParameter("--because is for batches; a piece is settled without it")
