"""Which revision an archive's tables are at, and whether this program is made for it."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from archive.errors import NotInitialisedError, OtherTablesError

MIGRATIONS_DIR = Path(__file__).parent / "migrations"


def read_revision(connection: Connection) -> str | None:
    """The revision a database is at; `None` where it holds no archive."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def find_newest_revision() -> str:
    """The newest migration's number, which begins its file's name."""
    return max(path.name.split("_")[0] for path in MIGRATIONS_DIR.glob("versions/[0-9]*.py"))


def require_current(engine: Engine) -> None:
    """Refuse tables that this program was not made for; nothing is changed.

    Raises:
        NotInitialisedError: if there are none.
        OtherTablesError: if they are older or newer.
    """
    with engine.connect() as connection:
        revision = read_revision(connection)
    if revision is None:
        raise NotInitialisedError(
            f"there is no archive at {engine.url.set(query={}).render_as_string()}; type: paidforby init"
        )
    if revision != find_newest_revision():
        raise OtherTablesError(revision, find_newest_revision())
