"""Commands of the archive's own room: init, stats, quarantine."""

from typing import Annotated, Any

import typer

from archive.blobs import BlobStore
from archive.database import read, write
from archive.models.collecting import PieceStatus, QuarantinedPiece
from archive.plain import show_plain
from archive.quarantine import list_pieces, read_piece, settle_piece
from archive.stats import count_archive
from archive.terminal import (
    emit_json,
    format_table,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]

quarantine = typer.Typer(
    no_args_is_help=True, help="What could not be read or believed, and what became of it."
)


def stats(as_json: AsJson = False) -> None:
    """Count what the archive holds."""
    engine = open_or_exit(Settings())
    with read(engine) as session:
        counts = count_archive(session)
    if as_json:
        emit_json(counts)
        return
    _show_counts(counts)


def _show_counts(counts: dict[str, Any]) -> None:
    by_source = counts.pop("by_source")
    for name, number in counts.items():
        say(f"{name.replace('_', ' '):<18} {number if isinstance(number, str) else _spell(number)}")
    say()
    header = ["source", "ads", "versions", "advertiser spend", "disclosures", "held back"]
    keys = ["ads", "ad_versions", "advertiser_spend", "disclosures", "quarantined"]
    for line in format_table(header, [[s, *(n[k] for k in keys)] for s, n in by_source.items()]):
        say(line)


def _spell(number: int | None) -> str:
    return "not set before the first run" if number is None else f"{number:>12,}"


@quarantine.command("list")
def list_quarantine(
    status: Annotated[str, typer.Option(help="held, released, rejected or all.")] = "held",
    limit: Annotated[int, typer.Option(help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was put aside, newest first."""
    wanted = None if status == "all" else _read_status(status)
    with read(open_or_exit(Settings())) as session:
        pieces = list_pieces(session, wanted, limit)
    if as_json:
        emit_json(pieces)
        return
    rows = [[p.id, p.source, p.file, p.line, p.field, p.reason[:90], p.status] for p in pieces]
    header = ["id", "source", "file", "line", "field", "what is wrong", "status"]
    for line in format_table(header, rows):
        say(line)
    say()
    say("next: paidforby quarantine show ID" if pieces else "nothing is held back")


def _read_status(status: str) -> PieceStatus:
    try:
        return PieceStatus(status)
    except ValueError:
        allowed = ", ".join([*PieceStatus, "all"])
        raise typer.BadParameter(f"{status!r} is none of {allowed}") from None


@quarantine.command("show")
def show_piece(piece_id: int, as_json: AsJson = False) -> None:
    """Show one piece with its first bytes."""
    settings = Settings()
    with plain_errors(), read(open_or_exit(settings)) as session:
        piece = read_piece(session, piece_id)
        start = _read_start(settings, piece)
    if as_json:
        emit_json(piece.model_dump(mode="json") | {"start": start})
        return
    for name, value in piece.model_dump(mode="json").items():
        say(f"{name:<12} {show_plain(str(value))}")
    say(f"begins       {start}")


def _read_start(settings: Settings, piece: QuarantinedPiece) -> str:
    with BlobStore(settings.blobs_dir).open(piece.sha256) as stream:
        return repr(stream.read(400))[2:-1]


@quarantine.command("reject")
def reject_piece(piece_id: int, by: Annotated[str, typer.Option(help="Who decides.")]) -> None:
    """Note that a piece is not to be read: it stays as evidence."""
    with plain_errors(), write(open_or_exit(Settings())) as session:
        piece = settle_piece(session, piece_id, PieceStatus.REJECTED, by, utc_now())
        say(f"piece {piece.id} of {show_plain(piece.file)} is rejected; its bytes stay as evidence")
