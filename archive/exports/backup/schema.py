"""Which revision the tables are of, and tables brought to a named one (archive/migrations).

Backup notes the revision; restore makes the tables of that revision before it fills them.
"""

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from archive.exports.backup.folder import BackupError
from archive.store.setup import alembic_config


def read_revision(connection: Connection) -> str | None:
    """Revision of the tables that are there; `None`: there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def read_newest(connection: Connection) -> str | None:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(alembic_config(connection)).get_current_head()


def upgrade_tables(connection: Connection, revision: str) -> None:
    """Bring the tables to a revision, inside the caller's transaction.

    Raises:
        BackupError: if this program does not know the revision.
    """
    try:
        command.upgrade(alembic_config(connection), revision)
    except CommandError as error:
        raise BackupError(
            f"the backup's tables are of revision {revision}, made by another program: {error}"
        ) from None
