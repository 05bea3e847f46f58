"""Brings a backup back into an empty home and an empty database, whichever of the two it came from.

`paidforby restore` calls it. Every file is checked before anything is loaded, and all rows come in one
transaction: a restore that was cut leaves a database without tables, and may be begun again.
"""

import shutil
from pathlib import Path

from sqlalchemy import Table, inspect
from sqlmodel import Session

from archive.exports.backup.folder import (
    BackupError,
    Manifest,
    Tell,
    check_files,
    list_files,
    name_table_file,
    read_lines,
    read_manifest,
)
from archive.exports.backup.loading import count_rows, load_table, move_sequence, reflect_tables
from archive.exports.backup.schema import upgrade_tables
from archive.store.checking import ArchiveCheck
from archive.store.database import open_engine, write
from archive.store.disk import sync_file, sync_path
from archive.store.home import mark_home
from archive.store.home_facts import note_backup
from archive.store.ledger.checking import check_ledger
from archive.store.ledger.kept_head import keep_head
from archive.store.ledger.root import read_ledger_head
from config.counts import write_count
from config.settings import Settings

KEPT_FOLDERS = ("blobs", "config")
MADE_ANEW = ("parquet",)


def restore_backup(settings: Settings, root: Path, tell: Tell) -> Manifest:
    """Make the archive of the settings the one that was backed up.

    Gives the manifest with the ledger as it was found here.

    Raises:
        BackupError: if the folder is no whole backup, or home or database are not empty, or what was
            loaded is not what the backup says.
    """
    manifest = read_manifest(root)
    check_files(root, manifest, tell)
    _refuse_strangers(settings, root)
    engine = open_engine(settings)
    with write(engine) as session:
        if inspect(session.connection()).get_table_names():
            raise BackupError(f"{engine.url!r} holds tables; a backup goes into an empty database")
        _copy_files(settings, root, tell)
        upgrade_tables(session.connection(), manifest.schema_revision)
        tables = _find_tables(session, manifest)
        _load_tables(session, tables, root, tell)
        _check_loaded(session, tables, manifest)
        upgrade_tables(session.connection(), "head")
        manifest.ledger_check = _check_ledger(session, manifest)
        note_backup(session, manifest.made_at)
        mark_home(session, settings)
    engine.dispose()
    if manifest.ledger_check.ok:
        keep_head(settings, manifest.ledger, manifest.made_at)
    return manifest


def _refuse_strangers(settings: Settings, root: Path) -> None:
    """A home may hold what an earlier try at this very backup has copied, and nothing else."""
    for folder in (*KEPT_FOLDERS, *MADE_ANEW):
        for path in list_files(settings.home / folder):
            if folder in MADE_ANEW or not (root / path.relative_to(settings.home)).is_file():
                raise BackupError(f"{path} is in the way; a backup goes into an empty home")


def _copy_files(settings: Settings, root: Path, tell: Tell) -> None:
    """Evidence and configuration, on disk before any row names them."""
    for folder in KEPT_FOLDERS:
        for path in list_files(root / folder):
            target = settings.home / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
                sync_file(copy)
            tell(path.relative_to(root).as_posix(), path.stat().st_size)
        for kept in (settings.home / folder).rglob("*/"):
            sync_path(kept)
    sync_path(settings.home)


def _find_tables(session: Session, manifest: Manifest) -> list[Table]:
    unknown = set(manifest.tables) - set(inspect(session.connection()).get_table_names())
    if unknown:
        raise BackupError(f"the backup has a table that its revision lacks: {min(unknown)}")
    return reflect_tables(session, manifest.tables)


def _load_tables(session: Session, tables: list[Table], root: Path, tell: Tell) -> None:
    for table in tables:
        relative = name_table_file(table.name)
        load_table(session, table, read_lines(root, relative))
        move_sequence(session, table)
        tell(relative, (root / relative).stat().st_size)


def _check_loaded(session: Session, tables: list[Table], manifest: Manifest) -> None:
    loaded = {table.name: count_rows(session, table) for table in tables}
    for name, expected in manifest.tables.items():
        if loaded.get(name) != expected:
            rows = write_count(loaded.get(name, 0), "row")
            raise BackupError(f"{name} has {rows}; the backup says {expected}")
    head = read_ledger_head(session)
    if head != manifest.ledger:
        raise BackupError(
            f"the ledger's root is {head.root_sha256} over {write_count(head.size, 'leaf', 'leaves')}; "
            f"the backup says {manifest.ledger.root_sha256} over {manifest.ledger.size}"
        )


def _check_ledger(session: Session, manifest: Manifest) -> ArchiveCheck:
    """Recompute the leaves of what was loaded; what was sound when it was backed up must be so here."""
    check = check_ledger(session, None, lambda _: None)
    if manifest.ledger_check and manifest.ledger_check.ok and not check.ok:
        raise BackupError(f"the backup says its ledger was sound; here {check.bad[0]}")
    return check
