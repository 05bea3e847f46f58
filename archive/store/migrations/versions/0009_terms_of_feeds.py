"""Terms of feeds, fields that are withheld, and how long a video is."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('withheld', sa.JSON(), server_default='{}', nullable=False))

    op.create_table('source_part',
    sa.Column('title', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('publisher', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('licence', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('republish', sa.JSON(), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'name')
    )
    with op.batch_alter_table('media_file', schema=None) as batch_op:
        batch_op.add_column(sa.Column('duration_ms', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
