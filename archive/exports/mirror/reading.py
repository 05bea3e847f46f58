"""The mirror's newest rows, through DuckDB, and how it stands to the archive.

Analyses and `paidforby mirror status` read here, at any moment and without a lock.
"""

from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Engine, func
from sqlmodel import Field, SQLModel, col, select

from archive.exports.mirror.manifest import MirrorManifest, require_manifest
from archive.models import Change
from archive.store.database import read


class MirroredTableStatus(SQLModel):
    """How much of one table stands in the mirror."""

    parts: int = Field(description="Files.")
    rows: int = Field(description="Rows in them, replaced ones included.")
    bytes: int = Field(description="Their size.")


class MirrorStatus(SQLModel):
    """How the mirror stands to the archive."""

    folder: str = Field(description="Where it lies.")
    seq: int = Field(description="Every change up to this one is in the files, and none after it.")
    data_as_of: datetime | None = Field(
        description="When the archive learned the newest change in the files; empty: none yet."
    )
    lag_changes: int = Field(description="Changes not in the files yet.")
    tables: dict[str, MirroredTableStatus] = Field(description="The tables, by name.")


def read_mirror(folder: Path, table: str) -> duckdb.DuckDBPyRelation:
    """The rows of a mirrored table as they were at the mirror's mark, each id once, in no order.

    Take instants out through Arrow (`to_arrow_table`); DuckDB's own `fetchall` asks for pytz, which we do
    not carry.

    Raises:
        MirrorError: if there is no mirror.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection.sql(newest_rows_sql(folder, table))


def newest_rows_sql(folder: Path, table: str) -> str:
    """A SELECT for DuckDB that gives these rows; good for as long as the listed files are there.

    Files stay through one compaction and go with the next.

    Raises:
        MirrorError: if there is no mirror.
    """
    return select_newest(folder, require_manifest(folder), table, "* EXCLUDE (mirror_seq)")


def select_newest(folder: Path, manifest: MirrorManifest, table: str, columns: str) -> str:
    """A SELECT of the newest row of each id; no id stands twice in one file."""
    parts = manifest.tables[table].parts
    files = ", ".join(quote_text(str(folder / part.file)) for part in parts)
    newest = "row_number() OVER (PARTITION BY id ORDER BY mirror_seq DESC) = 1"
    only = f" QUALIFY {newest}" if len(parts) > 1 else ""
    return f"SELECT {columns} FROM read_parquet([{files}]){only}"  # noqa: S608 (every part is quoted)


def quote_text(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_status(engine: Engine, folder: Path) -> MirrorStatus:
    """Mark, lag and sizes.

    Raises:
        MirrorError: if there is no mirror.
    """
    manifest = require_manifest(folder)
    with read(engine) as session:
        waiting = select(func.count()).select_from(Change).where(col(Change.seq) > manifest.seq)
        lag = session.exec(waiting).one()
    return MirrorStatus(
        folder=str(folder),
        seq=manifest.seq,
        data_as_of=manifest.data_as_of,
        lag_changes=lag,
        tables={
            name: MirroredTableStatus(
                parts=len(table.parts),
                rows=sum(part.rows for part in table.parts),
                bytes=sum((folder / part.file).stat().st_size for part in table.parts),
            )
            for name, table in manifest.tables.items()
        },
    )
