"""`paidforby quarantine`: the archive's own commands, and `release`, which needs a source's reader."""

from archive.commands.quarantine import (
    Because,
    By,
    Name,
    check_reason,
    quarantine,
    read_piece_number,
)
from archive.runs.lease import Counts
from archive.runs.quarantined_batches import read_batch_name
from archive.terminal import open_or_exit, plain_errors, say, utc_now
from config.settings import Settings
from scrapers.work.crawl.releasing import release_batch, release_piece


@quarantine.command("release")
def release(name: Name, by: By, because: Because = "") -> None:
    """Take in what was put aside: its file is read again, or ads that are gone are shown as gone."""
    settings = Settings()
    batch_id = read_batch_name(name)
    check_reason(batch_id, because)
    with plain_errors():
        engine = open_or_exit(settings)
        if batch_id is None:
            number = read_piece_number(name)
            counts = release_piece(settings, engine, number, by, utc_now).counts
        else:
            counts = release_batch(settings, engine, batch_id, by, because, utc_now)
    say(f"{name if batch_id else f'piece {name}'} is released: {_tell_counts(counts)}")


def _tell_counts(counts: Counts) -> str:
    told = f"{counts.new:,} new, {counts.changed:,} changed"
    return f"{told}, {counts.vanished:,} vanished" if counts.vanished else told


__all__ = ["quarantine"]
