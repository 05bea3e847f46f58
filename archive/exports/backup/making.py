"""Writes a backup: one moment of the archive, its evidence and its configuration, in a new folder.

`paidforby backup` calls it, while others read and write as they like. The folder gets its name when it is
whole; what a killed backup leaves has a name that starts with a dot and ends in `.part`, and the next one
takes it away. Evidence that an earlier backup beside it holds is not copied again: both name the same bytes
on the disk (link(2)), and either can be deleted without the other.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp

from sqlalchemy import Engine
from sqlmodel import Session

from archive.exports.backup.folder import (
    MANIFEST,
    SUMS,
    BackupError,
    BackupWriter,
    Manifest,
    Tell,
    list_files,
    name_table_file,
    read_manifest,
)
from archive.exports.dump import dump_table, list_tables
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.disk import replace_file, sync_path
from archive.store.evidence import note_named_blobs
from archive.store.home_facts import note_backup
from archive.store.ledger.checking import check_ledger
from archive.store.ledger.kept_head import read_kept_head
from archive.store.ledger.root import read_ledger_head
from archive.store.readable import find_unreadable
from archive.store.realm import read_realm
from archive.store.revisions import find_newest_revision, read_revision
from config.settings import Settings


def make_backup(
    engine: Engine, settings: Settings, target: Path, now: datetime, tell: Tell
) -> Manifest:
    """Write everything the archive stands by into a new folder.

    Evidence that is gone is named, and so is a row that does not give its leaf of the ledger.

    Raises:
        BackupError: if the folder is already there with something in it, the tables are not those of this
            program, or a value in them is none of its column.
        OSError: if the disk does not take it.
    """
    with _new_folder(target) as part, TemporaryFile("w+") as names:
        writer = BackupWriter(part, tell)
        with read(engine) as session:
            manifest = _write_tables(session, settings, writer, now)
            note_named_blobs(session, names)
        # Evidence is never taken away, so it may be copied after the moment that names it.
        earlier = [BlobStore(folder / "blobs") for folder in _list_earlier(target)]
        store = BlobStore(settings.blobs_dir)
        manifest.blobs, manifest.missing_blobs = _copy_blobs(names, store, earlier[-1:], writer)
        _copy_config(settings, writer)
        manifest.sums_sha256 = writer.close_sums()
        replace_file(part / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    with write(engine) as session:
        note_backup(session, now)
    return manifest


def _write_tables(
    session: Session, settings: Settings, writer: BackupWriter, now: datetime
) -> Manifest:
    """Write the tables, all of one moment; gives the manifest without what follows them.

    Raises:
        BackupError: naming a value that no other database would take.
    """
    revision = _require_newest(session)
    for table in list_tables():
        if told := next(find_unreadable(session, table), ""):
            raise BackupError(f"{told}; to name all that is wrong, type: paidforby verify")
    return Manifest(
        schema_revision=revision,
        made_at=now,
        realm=read_realm(session),
        ledger=read_ledger_head(session),
        ledger_check=check_ledger(session, read_kept_head(settings), lambda _: None),
        tables={
            table.name: writer.write_lines(name_table_file(table.name), dump_table(session, table))
            for table in list_tables()
        },
        blobs=0,
        missing_blobs=[],
        sums_sha256="",
    )


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its place when the block ends well."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"{target} is already there; a backup needs a folder of its own")
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep_parts(target.parent)
    part = Path(mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    with hold_folder(part):
        # By it a folder that is left behind is known as ours.
        (part / SUMS).touch()
        try:
            yield part
            for folder in (part, *part.rglob("*/")):
                sync_path(folder)
            part.rename(target)
            sync_path(target.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _sweep_parts(folder: Path) -> None:
    """Delete what killed backups left there; one that is still written is held by its process."""
    for part in folder.glob(".*.part"):
        if (part / SUMS).is_file():
            with suppress(OSError), hold_folder(part):
                shutil.rmtree(part)


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder as ours until the block or the process ends.

    Raises:
        BlockingIOError: if another process holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _list_earlier(target: Path) -> list[Path]:
    """The finished backups beside a folder, the newest last."""
    made: list[tuple[datetime, Path]] = []
    for folder in target.parent.iterdir():
        with suppress(BackupError):
            made.append((read_manifest(folder).made_at, folder))
    return [folder for _, folder in sorted(made)]


def _require_newest(session: Session) -> str:
    current = read_revision(session.connection())
    if current is None or current != find_newest_revision():
        raise BackupError("the tables are not those of this program; type: paidforby init")
    return current


def _copy_blobs(
    names: Iterable[str], store: BlobStore, earlier: Sequence[BlobStore], writer: BackupWriter
) -> tuple[int, list[str]]:
    """Copy every blob that a row names, or name it where an earlier backup has it whole.

    Gives how many, and the names of those whole nowhere.
    """
    count, missing = 0, []
    for line in names:
        sha256 = line.split(" ", 1)[0]
        held = next((one for one in (*earlier, store) if one.is_whole(sha256)), None)
        if held is None:
            missing.append(sha256)
            continue
        path = held.path_of(sha256)
        relative = f"blobs/{path.relative_to(held.root).as_posix()}"
        if held is store or not writer.link(relative, path):
            writer.copy(relative, path)
        count += 1
    return count, missing


def _copy_config(settings: Settings, writer: BackupWriter) -> None:
    for path in sorted(list_files(settings.home / "config")):
        writer.copy(path.relative_to(settings.home).as_posix(), path)
