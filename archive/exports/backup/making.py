"""Writes a backup: one moment of the archive, its evidence and its configuration, in a new folder.

`paidforby backup` calls it, while others read and write as they like. The folder gets its name when it is
whole; what a killed backup leaves has a name that starts with a dot and ends in `.part`.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import Engine
from sqlmodel import Session

from archive.exports.backup.folder import (
    MANIFEST,
    BackupError,
    BackupWriter,
    Manifest,
    Tell,
    list_files,
    name_table_file,
)
from archive.exports.dump import dump_table, list_tables
from archive.store.blobs import BlobStore
from archive.store.database import read
from archive.store.disk import replace_file, sync_path
from archive.store.evidence import list_named_blobs
from archive.store.ledger.checking import check_ledger
from archive.store.ledger.kept_head import read_kept_head
from archive.store.ledger.root import read_ledger_head
from archive.store.realm import read_realm
from archive.store.revisions import find_newest_revision, read_revision
from config.settings import Settings


def make_backup(
    engine: Engine, settings: Settings, target: Path, now: datetime, tell: Tell
) -> Manifest:
    """Write everything the archive stands by into a new folder.

    Evidence that is gone is named, and so is a row that does not give its leaf of the ledger.

    Raises:
        BackupError: if the folder is already there with something in it, or the tables are not those
            of this program.
        OSError: if the disk does not take it.
    """
    with _new_folder(target) as part, read(engine) as session:
        writer = BackupWriter(part, tell)
        revision = _require_newest(session)
        tables = {
            table.name: writer.write_lines(name_table_file(table.name), dump_table(session, table))
            for table in list_tables()
        }
        blobs, missing = _copy_blobs(session, BlobStore(settings.blobs_dir), writer)
        _copy_config(settings, writer)
        manifest = Manifest(
            schema_revision=revision,
            made_at=now,
            realm=read_realm(session),
            ledger=read_ledger_head(session),
            ledger_check=check_ledger(session, read_kept_head(settings), lambda _: None),
            tables=tables,
            blobs=blobs,
            missing_blobs=missing,
            sums_sha256=writer.close_sums(),
        )
        replace_file(part / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    return manifest


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its place when the block ends well."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"{target} is already there; a backup needs a folder of its own")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        yield part
        part.rename(target)
        sync_path(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _require_newest(session: Session) -> str:
    current = read_revision(session.connection())
    if current is None or current != find_newest_revision():
        raise BackupError("the tables are not those of this program; type: paidforby init")
    return current


def _copy_blobs(session: Session, store: BlobStore, writer: BackupWriter) -> tuple[int, list[str]]:
    """Copy every blob that a row names; returns how many, and the names of those not whole."""
    count, missing = 0, []
    for sha256, _ in list_named_blobs(session):
        if not store.is_whole(sha256):
            missing.append(sha256)
            continue
        path = store.path_of(sha256)
        writer.copy(f"blobs/{path.relative_to(store.root).as_posix()}", path)
        count += 1
    return count, missing


def _copy_config(settings: Settings, writer: BackupWriter) -> None:
    for path in sorted(list_files(settings.home / "config")):
        writer.copy(path.relative_to(settings.home).as_posix(), path)
