"""Watch lists, people's labels of political ads, and statements about windows of days."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # Made anew: before PostgreSQL 17 no value that was added to a type can be used before the commit, and
        # a restore fills its tables in the transaction that makes them (PostgreSQL, "ALTER TYPE").
        op.execute("ALTER TYPE grain RENAME TO grain_before")
        op.execute("CREATE TYPE grain AS ENUM ('DAY', 'WEEK', 'WINDOW', 'LIFETIME')")
        op.execute("ALTER TABLE advertiser_spend ALTER grain TYPE grain USING grain::text::grain")
        op.execute("DROP TYPE grain_before")

    op.create_table('watch_list',
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('title', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('countries', sa.JSON(), nullable=False),
    sa.Column('election', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('added_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('watch_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_watch_list_source'), ['source'], unique=False)

    op.create_table('watch_list_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('list_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('value', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('added_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('removed_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('removal_reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('removed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['list_id'], ['watch_list.id']),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('watch_list_entry', schema=None) as batch_op:
        batch_op.create_index('watch_list_entry_by_list', ['list_id', 'id'], unique=False)

    op.create_table('political_label',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('labelled_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('withdrawn_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('withdrawal_reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('withdrawn_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id']),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('political_label', schema=None) as batch_op:
        batch_op.create_index('political_label_by_ad', ['ad_id'], unique=False)


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
