"""What sources are expected to give, what monitors found, and which alerts were mailed."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('fewest_records_per_look', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('most_records_per_look', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('expected_blank_shares', sa.JSON(), server_default='{}', nullable=False))

    op.create_table('monitor_finding',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('partition', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('monitor', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('field', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('found_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['run.id']),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('monitor_finding', schema=None) as batch_op:
        batch_op.create_index('monitor_finding_by_source', ['source', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_monitor_finding_run_id'), ['run_id'], unique=False)

    op.create_table('look_rhythm',
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('every_seconds', sa.Integer(), nullable=False),
    sa.Column('since_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('source')
    )

    op.create_table('mailed_alert',
    sa.Column('alert_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('mailed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('alert_id')
    )


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
