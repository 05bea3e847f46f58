"""Pictures, videos and pages of ads, and what sources let this archive do with them."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('republish', sa.JSON(), server_default='{}', nullable=False))

    op.create_table('media_file',
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('media_type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('dhash', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('dhash_1', sa.Integer(), nullable=True),
    sa.Column('dhash_2', sa.Integer(), nullable=True),
    sa.Column('dhash_3', sa.Integer(), nullable=True),
    sa.Column('dhash_4', sa.Integer(), nullable=True),
    sa.Column('machine_text', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('machine_text_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('missing', sa.JSON(), nullable=False),
    sa.Column('kept_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('sha256')
    )
    with op.batch_alter_table('media_file', schema=None) as batch_op:
        batch_op.create_index('media_file_by_dhash_1', ['dhash_1'], unique=False)
        batch_op.create_index('media_file_by_dhash_2', ['dhash_2'], unique=False)
        batch_op.create_index('media_file_by_dhash_3', ['dhash_3'], unique=False)
        batch_op.create_index('media_file_by_dhash_4', ['dhash_4'], unique=False)

    op.create_table('ad_media',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('url', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('url_sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('looks', sa.Integer(), nullable=False),
    sa.Column('looked_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('retry_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id']),
    sa.ForeignKeyConstraint(['sha256'], ['media_file.sha256']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('ad_id', 'url_sha256', name='ad_media_address')
    )
    with op.batch_alter_table('ad_media', schema=None) as batch_op:
        batch_op.create_index('ad_media_by_address', ['url_sha256'], unique=False)
        batch_op.create_index('ad_media_by_retry', ['retry_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ad_media_sha256'), ['sha256'], unique=False)


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
