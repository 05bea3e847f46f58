"""What any step puts aside, with its stage and subject; tries of readers that did not report their end."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('quarantined_piece', schema=None) as batch_op:
        batch_op.add_column(sa.Column('stage', sqlmodel.sql.sqltypes.AutoString(), server_default='reading', nullable=False))
        batch_op.add_column(sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('detail', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
        batch_op.alter_column('run_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)
        batch_op.alter_column('sha256', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        batch_op.create_index('quarantined_piece_by_subject', ['status', 'stage', 'subject'], unique=False)
    with op.batch_alter_table('consumer_position', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tries', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('suspects', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
