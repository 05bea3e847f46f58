"""`paidforby quarantine`: the archive's own commands, and `release`, which needs a source's reader."""

from typing import Annotated

import typer

from archive.cli import quarantine
from archive.terminal import open_or_exit, plain_errors, say, utc_now
from config.settings import Settings
from scrapers.releasing import release_piece


@quarantine.command("release")
def release(piece_id: int, by: Annotated[str, typer.Option(help="Who decides.")]) -> None:
    """Read a piece's file again with today's reader; what can now be read enters the archive."""
    settings = Settings()
    with plain_errors():
        intake = release_piece(settings, open_or_exit(settings), piece_id, by, utc_now)
    counts = intake.counts
    say(f"piece {piece_id} is released: {counts.new:,} new, {counts.changed:,} changed")


__all__ = ["quarantine"]
