"""Whether the mirror's files are those that were written, and hold as many rows as the archive.

`paidforby verify` calls it. A mirror that lags behind is compared with its own manifest only.
"""

from pathlib import Path

import duckdb
from sqlalchemy import func, select
from sqlmodel import Session

from archive.exports.mirror.manifest import MirrorManifest, ParquetPart, read_manifest
from archive.exports.mirror.reading import select_newest
from archive.exports.mirror.tables import MIRRORED
from archive.store.changes import last_change_seq
from archive.store.checking import ArchiveCheck, TellDone
from archive.store.disk import hash_file
from config.counts import write_count


def check_mirror(session: Session, folder: Path, tell: TellDone) -> ArchiveCheck:
    """Hash each file, count its rows, and count what the archive has of each table."""
    check = ArchiveCheck(name="mirror")
    manifest = read_manifest(folder)
    if manifest is None:
        check.detail = "there is no mirror; paidforby mirror sync makes one"
        return check
    for table in manifest.tables.values():
        for part in table.parts:
            _check_part(folder, part, check)
            tell(1)
    behind = last_change_seq(session) - manifest.seq
    if behind:
        check.detail = (
            f"{write_count(behind, 'change')} behind, so rows are not counted against the archive"
        )
    elif check.ok:
        _compare_counts(session, folder, manifest, check)
    return check


def _check_part(folder: Path, part: ParquetPart, check: ArchiveCheck) -> None:
    check.checked += 1
    path = folder / part.file
    if not path.is_file():
        check.note_bad(f"{part.file}: not there")
    elif part.sha256 and hash_file(path) != part.sha256:
        check.note_bad(f"{part.file}: not what was written")


def _compare_counts(
    session: Session, folder: Path, manifest: MirrorManifest, check: ArchiveCheck
) -> None:
    with duckdb.connect() as connection:
        # Curves are reckoned, not copied.
        for name in manifest.tables.keys() & MIRRORED.keys():
            newest = select_newest(folder, manifest, name, "id")
            counted = connection.execute(f"SELECT count(*) FROM ({newest})").fetchone()  # noqa: S608 (our own SELECT)
            rows = counted[0] if counted else 0
            table, _ = MIRRORED[name]
            kept = session.connection().scalar(select(func.count()).select_from(table))
            if rows != kept:
                check.note_bad(
                    f"{name}: {write_count(rows, 'row')} in the mirror, {kept:,} in the archive"
                )
