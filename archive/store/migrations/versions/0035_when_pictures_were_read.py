"""Pictures say when a machine looked for words in them, so that a search as of a time knows them or not."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('media_file', sa.Column('read_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    # Until now each was read when it was kept, or soon after; when exactly was not written down.
    op.execute("UPDATE media_file SET read_at = kept_at WHERE machine_text IS NOT NULL")


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
