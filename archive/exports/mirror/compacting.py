"""Makes one file of a table's many: each id once, as it is now.

The worker calls it when the files have become many, and `paidforby mirror compact`. Whoever began to read
before keeps the files they were told of; these go with the next compaction.
"""

import shutil
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import duckdb

from archive.exports.mirror.manifest import (
    MirroredTable,
    MirrorManifest,
    describe_part,
    hold_mirror,
    require_manifest,
    write_manifest,
)
from archive.exports.mirror.reading import quote_text, select_newest
from archive.store.disk import sync_path

MOST_PARTS = 50
"""A reader opens every file; from this many on, one file in their place costs less."""


def compact_mirror(folder: Path, now: datetime) -> MirrorManifest:
    """Replace the files of each table by one, and delete what the last compaction replaced.

    Raises:
        MirrorError: if there is no mirror, or another process is changing it.
    """
    with hold_mirror(folder):
        old = require_manifest(folder)
        tables = {name: _compact_table(folder, old, name) for name in old.tables}
        kept = {part.file for table in tables.values() for part in table.parts}
        replaced = [p.file for table in old.tables.values() for p in table.parts]
        manifest = old.model_copy(
            update={
                "written_at": now,
                "tables": tables,
                "retired": [file for file in replaced if file not in kept],
            }
        )
        write_manifest(folder, manifest)
        _delete_hidden(folder, kept.union(manifest.retired))
    return manifest


def _compact_table(folder: Path, old: MirrorManifest, name: str) -> MirroredTable:
    held = old.tables[name]
    if len(held.parts) == 1:
        return held
    file = f"{name}/{old.seq:012}-{token_hex(4)}.parquet"
    rows = _write_newest(folder, old, name, folder / file)
    return held.model_copy(update={"parts": [describe_part(folder, file, rows)]})


def _write_newest(folder: Path, old: MirrorManifest, name: str, path: Path) -> int:
    """Write the newest row of each id into one file, by rising id; returns how many."""
    newest = select_newest(folder, old, name, "*")
    statement = (
        f"COPY ({newest} ORDER BY id) TO {quote_text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    # What does not fit into memory is sorted on the disk, beside the files it comes from.
    aside = folder / ".sorting"
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = {quote_text(str(aside))}")
        connection.execute("SET TimeZone = 'UTC'")
        written = connection.execute(statement).fetchone()
    shutil.rmtree(aside, ignore_errors=True)
    sync_path(path)
    sync_path(path.parent)
    return int(written[0]) if written else 0


def _delete_hidden(folder: Path, listed: set[str]) -> None:
    """Delete files that no longer count, and those that a killed process left and that never did."""
    for path in folder.glob("*/*.parquet"):
        if path.relative_to(folder).as_posix() not in listed:
            path.unlink()
