"""History, gaps, corrections and held batches."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('advertiser_alias',
    sa.Column('old_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('new_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('observed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('capture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.PrimaryKeyConstraint('old_id')
    )
    with op.batch_alter_table('advertiser_alias', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_advertiser_alias_new_id'), ['new_id'], unique=False)

    op.create_table('correction',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('measure', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('advertiser_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('before_observed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('observed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('capture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('correction', schema=None) as batch_op:
        batch_op.create_index('correction_by_source', ['source', 'id'], unique=False)
        batch_op.create_index('correction_by_subject', ['measure', 'subject'], unique=False)
        batch_op.create_index(batch_op.f('ix_correction_advertiser_id'), ['advertiser_id'], unique=False)

    op.create_table('stated_total',
    sa.Column('dataset', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('country', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('ads_count', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('partition', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('observed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('capture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('stated_total', schema=None) as batch_op:
        batch_op.create_index('stated_total_by_source', ['source', 'observed_at'], unique=False)

    op.create_table('held_batch',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('capture_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('partition', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('cause', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('status', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('held_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('settled_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.Column('settled_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('settled_because', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['run.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('held_batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_held_batch_source'), ['source'], unique=False)

    op.create_table('redaction',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('field', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('basis', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('decided_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('redaction', schema=None) as batch_op:
        batch_op.create_index('redaction_by_ad', ['ad_id'], unique=False)

    op.create_table('run_country',
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('country', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('vanished', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['run.id'], ),
    sa.PrimaryKeyConstraint('run_id', 'country')
    )
    with op.batch_alter_table('advertiser_spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_withdrawn', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('public_ad', schema=None) as batch_op:
        batch_op.add_column(sa.Column('declared_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True))

    with op.batch_alter_table('run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pages', sa.Integer(), server_default='0', nullable=False))

    # The notes of sweeps under way go: such a sweep can no longer tell what has vanished.
    op.drop_table('sighting')
    op.create_table('sighting',
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('block', sa.Integer(), nullable=False),
    sa.Column('first_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('last_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ids', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', 'kind', 'block')
    )
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('believable_fall_share', sa.Float(), server_default='0.2', nullable=False))
        batch_op.add_column(sa.Column('believable_spend_minor', sa.BigInteger(), server_default='10000000000', nullable=False))

    # The names PostgreSQL gave the keys by itself; SQLite's have none until they are read so.
    named = {'fk': '%(table_name)s_%(column_0_name)s_fkey'}
    for table, column in (('ad_version', 'ad_id'), ('ad_metric', 'ad_id'), ('public_ad', 'id')):
        with op.batch_alter_table(table, schema=None, naming_convention=named) as batch_op:
            batch_op.drop_constraint(f'{table}_{column}_fkey', type_='foreignkey')
            if table == 'public_ad':
                batch_op.drop_constraint('public_ad_public_id', type_='unique')
                batch_op.drop_index('public_ad_by_source')
    if op.get_bind().dialect.name == 'postgresql':
        # By default a row above 2 kB is compressed and torn apart, which costs more than writing it.
        for table in ('public_ad', 'ad_version'):
            op.execute(f'ALTER TABLE {table} SET (toast_tuple_target = 8160)')


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
