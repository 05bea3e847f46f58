"""Archives with their tables, made by copying: migrating takes longer than most tests.

Fixtures and tests call `init_fresh` where the product calls `init_archive`.
"""

import shutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from archive.records import SourceInfo
from archive.store.database import create_archive_engine
from archive.store.setup import init_archive, migrate
from config.settings import Settings


def init_fresh(settings: Settings, sources: Iterable[SourceInfo]) -> Engine:
    """The archive `init_archive` makes; on PostgreSQL it is migrated."""
    if settings.database_url is None:
        lay_tables(settings)
    return init_archive(settings, sources)


def lay_tables(settings: Settings) -> None:
    """Put the tables where an archive on SQLite has them, unless it has some."""
    target = settings.home / "archive.sqlite3"
    if not target.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated_file(), target)


def copy_tables(folder: Path) -> str:
    """Address of an archive of its own in the folder, with its tables and nothing in them."""
    return f"sqlite:///{shutil.copy(migrated_file(), folder / 'archive.sqlite3')}"


def migrated_file() -> Path:
    """An SQLite file with the archive's tables and nothing in them, one for each test process."""
    return Path(_make_template().name) / "archive.sqlite3"


@lru_cache(maxsize=1)
def _make_template() -> "TemporaryDirectory[str]":
    folder = TemporaryDirectory(prefix="paidforby-tables-")
    engine = create_archive_engine(f"sqlite:///{folder.name}/archive.sqlite3")
    migrate(engine)
    engine.dispose()
    return folder
