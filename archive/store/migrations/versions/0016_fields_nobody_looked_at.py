"""Fields that nobody has looked at stay with what they stand in and out of what is public."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

HOLDERS = ('ad_version', 'advertiser_spend', 'disclosure', 'disclosure_version', 'committee')


def upgrade() -> None:
    op.create_table('allowed_field',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('allowed_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('because', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('withdrawn_by', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('withdrawn_because', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('withdrawn_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_allowed_field_source', 'allowed_field', ['source'])
    op.add_column('source', sa.Column('shown_fields', sa.JSON(), server_default='[]', nullable=False))
    op.add_column('redaction', sa.Column('rule', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
    for table in HOLDERS:
        op.add_column(table, sa.Column('withheld', sa.JSON(), nullable=True))
    with op.batch_alter_table('public_ad', schema=None) as batch_op:
        batch_op.add_column(sa.Column('payer_address_given', sa.Boolean(), nullable=True))
        batch_op.alter_column('content_sha256', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
