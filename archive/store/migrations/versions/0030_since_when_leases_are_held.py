"""A lease of one process at a time says since when it is held."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('singleton_lease', sa.Column('taken_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
