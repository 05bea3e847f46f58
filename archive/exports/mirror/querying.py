"""SQL of the archive's own tables over the mirror's files: PostgreSQL's, as DuckDB takes it.

Every SELECT is written once, for the archive, and runs here as it is. DuckDB reads the files that a manifest
lists, nothing else on the disk, nothing from the network, and spills nothing.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection, Dialect, Engine, Enum, QueuePool, make_url
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect

from archive.exports.mirror.manifest import MirrorManifest
from archive.exports.mirror.reading import quote_text, select_newest

MEMORY = "256MB"
THREADS = 2
SETTINGS = (
    f"SET memory_limit = '{MEMORY}'",
    f"SET threads = {THREADS}",
    "SET TimeZone = 'UTC'",
    "SET temp_directory = ''",
    "SET preserve_insertion_order = false",
    "SET autoload_known_extensions = false",
    "SET parquet_metadata_cache = true",
    # DuckDB 2.0.0 fails with it where some files of a table keep a column as a dictionary and others do
    # not ("dict-surviving join: … build pipeline is not single-source").
    "SET disabled_optimizers = 'join_filter_pushdown'",
)


class DuckCompiler(PGCompiler):
    """PostgreSQL's SQL but for the division of whole numbers, which DuckDB writes apart."""

    def visit_floordiv_binary(self, binary: Any, operator: Any, **kw: Any) -> str:  # noqa: ANN401, ARG002 (as SQLAlchemy calls it)
        """`//`: the whole part."""
        return f"{self.process(binary.left, **kw)} // {self.process(binary.right, **kw)}"


class WrittenEnum(Enum):
    """A word of a fixed list: the files hold the word, where the database holds its name in Python."""

    def bind_processor(self, _dialect: Dialect) -> Any:  # noqa: ANN401 (a function)
        """The word itself."""
        return lambda value: None if value is None else str(value)


class DuckDialect(PGDialect):
    """DuckDB under SQLAlchemy, for reading."""

    name = "duckdb"
    driver = "duckdb"
    default_paramstyle = "qmark"
    statement_compiler = DuckCompiler
    colspecs = PGDialect.colspecs | {Enum: WrittenEnum}
    supports_statement_cache = True

    def initialize(self, connection: Connection) -> None:
        """Ask the server nothing: what PostgreSQL is asked, DuckDB need not know."""

    def do_rollback(self, dbapi_connection: Any) -> None:  # noqa: ANN401 (a raw DBAPI connection)
        """End nothing: each statement is its own transaction."""

    do_commit = do_rollback


def forget_files() -> None:
    """Open the files anew for the next question: DuckDB refuses all further ones after a fault of its own."""
    _open.cache_clear()


def open_files(folder: Path, manifest: MirrorManifest) -> Engine:
    """An engine over the files of a manifest; the same one as long as these count."""
    folder = folder.resolve()
    tables = [(name, select_newest(folder, manifest, name, "*")) for name in manifest.tables]
    return _open(folder, tuple(tables))


@lru_cache(maxsize=1)
def _open(folder: Path, tables: Sequence[tuple[str, str]]) -> Engine:
    duck = duckdb.connect()
    for statement in SETTINGS:
        duck.execute(statement)
    duck.execute(f"SET allowed_directories = [{quote_text(str(folder))}]")
    duck.execute("SET enable_external_access = false")
    for name, rows in tables:
        # No file of ours has the column that says what is withheld, and no row what it would hold.
        duck.execute(f"CREATE VIEW {name} AS SELECT *, NULL AS withheld FROM ({rows})")  # noqa: S608 (our own SELECT)
    duck.execute("SET lock_configuration = true")
    dialect = DuckDialect(dbapi=duckdb, paramstyle="qmark")  # type: ignore[no-untyped-call]
    # Who asks beyond that waits: all share one memory.
    connect: Any = duck.cursor
    pool = QueuePool(connect, THREADS, max_overflow=0, timeout=60, reset_on_return=None)
    return Engine(pool, dialect, make_url("duckdb://"))
