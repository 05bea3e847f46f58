"""Snapshots of tables: which blocks of lines stood there, kept as one small Parquet file a partition.

`scrapers.readers.row_memory` writes one when a run has ended well; `scrapers.readers.matching` lays the
tables of the next run beside it. Nothing here knows what a line means. A snapshot is an aid: it may be
deleted at any time.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from scrapers.readers.laid_out import escape_text, find_laid_out

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUFFIX = ".blocks.parquet"

MAKE_BLOCKS = "CREATE TEMP TABLE block (tbl VARCHAR, hash UUID, refs VARCHAR, lines UUID[])"
"""A block of a table: its hash, and for each of its lines the ref of its ad, or nothing, and its hash."""

KEEP_KNOWN = """INSERT INTO block
    SELECT before.* FROM before SEMI JOIN blocks USING (hash) WHERE tbl = $table"""

ADD_NEW = """INSERT INTO block SELECT DISTINCT ON (hash) * FROM (
    SELECT $table, any_value(hash) AS hash,
        string_agg(coalesce(ref, ''), ' ' ORDER BY row), list(line ORDER BY row)
    FROM lines JOIN blocks USING (number) LEFT JOIN (
        SELECT line, any_value(ref) AS ref FROM (
            SELECT line, ref FROM noted WHERE tbl = $table UNION ALL SELECT line, ref FROM again
        ) GROUP BY line
    ) USING (line) GROUP BY number
)"""

LAY_OUT_LINES = """CREATE TEMP TABLE line AS
    SELECT tbl, hash, unnest(range(len(lines))) AS row, unnest(string_split(refs, ' ')) AS ref
    FROM block"""

DROP_REPEATED = """UPDATE line SET ref = '' WHERE ref IN (
    SELECT ref FROM line WHERE ref <> '' GROUP BY ref HAVING count(*) > 1
)"""
"""Ads that stood in several rows: what the archive holds of them is the last row's."""

LIST_BLOCKS = """SELECT tbl, hash, string_agg(ref, ' ' ORDER BY row) AS refs, any_value(lines) AS lines
    FROM line JOIN block USING (tbl, hash) GROUP BY tbl, hash HAVING max(ref) <> '' ORDER BY tbl"""
"""Blocks of which a line is known."""

NOTED = {"tbl": "VARCHAR", "line": "UUID", "ref": "VARCHAR"}

ROOT = Path(__file__).parents[2]
READERS = ("archive", "config", "scrapers")


class SnapshotName(NamedTuple):
    """What the name of a snapshot says: the run it is of, and the key of its hashes."""

    run_id: int
    observed_at: datetime
    key: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """The name of a file.

        Raises:
            ValueError: if it is no snapshot.
        """
        run_id, microseconds, key = path.name.removesuffix(SUFFIX).split("_")
        at = datetime.fromtimestamp(0, UTC) + int(microseconds) * datetime.resolution
        return cls(int(run_id), at, key)

    def __str__(self) -> str:
        since = self.observed_at - datetime.fromtimestamp(0, UTC)
        return f"{self.run_id}_{since // datetime.resolution}_{self.key}{SUFFIX}"


def name_folder(home: Path, source: str, partition: str) -> Path:
    """Where a partition's snapshot lies; partitions may be called anything."""
    return home / "snapshots" / source / sha256(partition.encode()).hexdigest()[:16]


def find_snapshot(folder: Path) -> Path | None:
    """The newest snapshot in a folder."""
    return max(folder.glob(f"*_*_*{SUFFIX}"), key=lambda p: SnapshotName.of(p).run_id, default=None)


def make_key() -> str:
    """A new key for the hashes of a partition's lines."""
    return secrets.token_hex(16)


@lru_cache(maxsize=4)
def hash_readers(own_config: Path) -> str:
    """The hash of all that decides what a row means: our code and configuration, the operator's."""
    digest = sha256()
    for folder in (*(ROOT / name for name in READERS), own_config):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".yaml"} and path.is_file():
                digest.update(f"{path.relative_to(folder)}\n".encode(errors="surrogateescape"))
                digest.update(path.read_bytes())
    return digest.hexdigest()


def name_table(readers_sha256: str, file_name: str, columns: Iterable[str]) -> str:
    """What must be the same for a line to mean the same: its file, its columns and its readers."""
    return sha256("\n".join((readers_sha256, file_name, *columns)).encode()).hexdigest()[:16]


def write_snapshot(work: Path, before: Path | None, target: Path) -> None:
    """Make a snapshot of what a run laid out and noted, and of what still stands of the one before.

    Raises:
        OSError: if there is no room, or DuckDB's own error.
    """
    part, noted = work / "snapshot", work / "noted.csv"
    noted.touch()
    with open_duckdb(work) as connection:
        connection.execute(MAKE_BLOCKS)
        escape_text(connection, "noted", noted, NOTED)
        if before:
            show_snapshot(connection, "before", before)
        for table in find_laid_out(work):
            table.show(connection, "blocks", "lines", "again")
            if before:
                connection.execute(KEEP_KNOWN, {"table": table.name})
            connection.execute(ADD_NEW, {"table": table.name})
        connection.execute(LAY_OUT_LINES)
        connection.execute(DROP_REPEATED)
        connection.sql(LIST_BLOCKS).write_parquet(str(part))
    former = set(target.parent.glob("*.parquet")) - {target}
    part.replace(target)
    for path in former:
        path.unlink()


def show_snapshot(connection: "DuckDBPyConnection", name: str, path: Path) -> None:
    """Let a connection ask a snapshot under a name."""
    connection.read_parquet(str(path)).create_view(name)


def open_duckdb(work: Path) -> "DuckDBPyConnection":
    """A database of its own in memory, which spills into the run's folder."""
    import duckdb  # noqa: PLC0415 (a tenth of a second that most commands need not spend)

    spill = str(work / "spill")
    return duckdb.connect(config={"memory_limit": "1GB", "temp_directory": spill})
