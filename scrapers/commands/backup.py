"""`paidforby backup` and `paidforby restore`: a whole archive into one folder, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from archive.exports.backup import Manifest, Tell, make_backup, restore_backup
from archive.exports.backup.folder import list_files
from archive.store.database import open_archive
from archive.terminal import (
    DONE_WITH_REMAINDERS,
    FAILED,
    AsJson,
    emit_json,
    format_time,
    make_progress,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.verify import check_archive, show_checking, tell_findings

MADE_ANEW = "the search copy and the mirror are no part of a backup; they are made anew from it"


def backup(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder that is not there yet.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole archive, its evidence and its configuration into a folder.

    Of evidence that the newest backup beside the folder holds, nothing is copied: both folders name the same
    bytes, and either can be deleted.

    Example: paidforby backup --to /srv/backup/archive
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with _plain_disk_errors(), _show_progress(None) as tell:
        manifest = make_backup(engine, settings, to, utc_now(), tell)
    for sha256 in manifest.missing_blobs:
        note(f"the evidence {sha256} is gone or damaged and is not in the backup")
    if as_json:
        emit_json(manifest)
    else:
        _tell_manifest(manifest)
        say(f"next: paidforby restore --from {to} (with another PAIDFORBY_HOME)")
    if _note_ledger(manifest) or manifest.missing_blobs:
        raise typer.Exit(DONE_WITH_REMAINDERS)


def restore(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="Folder of a backup.")],
    as_json: AsJson = False,
) -> None:
    """Bring a backup back into an empty home and database; every file is checked first, all of it at the end.

    Exit code 3: it was brought back, and something in it is not sound, which is named.

    Example: paidforby restore --from /srv/backup/archive
    """
    settings = Settings()
    # Files of evidence and configuration pass twice: once to be checked, once to be copied.
    total = 2 * sum(path.stat().st_size for path in list_files(source))
    with _plain_disk_errors(), _show_progress(total) as tell:
        manifest = restore_backup(settings, source, tell)
    with plain_errors(), show_checking() as start:
        checks = check_archive(settings, open_archive(settings), start)
    if as_json:
        emit_json(manifest.model_dump() | {"checks": [check.model_dump() for check in checks]})
    else:
        _tell_manifest(manifest)
        for line in tell_findings(checks):
            say(line)
        say(MADE_ANEW)
        say("next: paidforby index rebuild, then paidforby mirror sync")
    if not all(check.ok for check in checks):
        raise typer.Exit(DONE_WITH_REMAINDERS)


def _note_ledger(manifest: Manifest) -> bool:
    """Say which rows are not what the ledger holds; whether there are any."""
    check = manifest.ledger_check
    if check is None or check.ok:
        return False
    for what in check.bad:
        note(what)
    differing = write_count(check.bad_count, "thing is", "things are")
    note(f"{differing} not what the ledger holds; type: paidforby verify")
    return True


def _tell_manifest(manifest: Manifest) -> None:
    say(f"archive      {manifest.realm or 'of no realm yet'}, {format_time(manifest.made_at)}")
    say(
        f"rows         {sum(manifest.tables.values()):,} in {write_count(len(manifest.tables), 'table')}"
    )
    missing = f", {len(manifest.missing_blobs):,} missing" if manifest.missing_blobs else ""
    say(f"evidence     {write_count(manifest.blobs, 'piece')}{missing}")
    leaves = write_count(manifest.ledger.size, "leaf", "leaves")
    say(f"ledger       {leaves}, root {manifest.ledger.root_sha256}")


@contextmanager
def _show_progress(total: int | None) -> Iterator[Tell]:
    with make_progress() as progress:
        task = progress.add_task("backup", total=total)

        def tell(what: str, size: int) -> None:
            progress.update(task, description=what[-40:], advance=size)

        yield tell


@contextmanager
def _plain_disk_errors() -> Iterator[None]:
    """A disk that is full or not ours is a sentence, like everything else that goes wrong."""
    try:
        with plain_errors():
            yield
    except OSError as error:
        note(f"the disk does not take it: {error}")
        raise typer.Exit(FAILED) from None
