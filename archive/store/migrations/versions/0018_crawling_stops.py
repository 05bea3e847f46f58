"""One switch stops all crawling: who turned it, when and why."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('crawling_stop',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stopped_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('stopped_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('because', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('resumed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('resumed_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('resumed_because', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
