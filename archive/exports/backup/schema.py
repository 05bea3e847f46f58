"""Tables brought to a named revision, which restore makes before it fills them."""

from alembic import command
from alembic.util import CommandError
from sqlalchemy import Connection

from archive.exports.backup.folder import BackupError
from archive.store.setup import alembic_config


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
