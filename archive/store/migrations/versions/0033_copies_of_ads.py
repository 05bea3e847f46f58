"""Each distinct shown text once, by what it is found, and which ad shows it."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('shown_text',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('words', TEXT, nullable=False),
    sa.Column('marks', TEXT, nullable=False),
    sa.Column('words_hash', TEXT, nullable=False),
    sa.Column('frame_hash', TEXT, nullable=True),
    sa.Column('sketch', sa.LargeBinary(), nullable=False),
    sa.Column('creative', TEXT, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('shown_text_by_words', 'shown_text', ['words_hash'])
    op.create_index('shown_text_by_frame', 'shown_text', ['frame_hash'])
    op.create_index('shown_text_by_creative', 'shown_text', ['creative'])
    op.create_table('text_band',
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('text_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'text_id')
    )
    op.create_table('ad_text',
    sa.Column('ad_id', BIG_ID, nullable=False),
    sa.Column('text_id', BIG_ID, nullable=True),
    sa.Column('creative', TEXT, nullable=True),
    sa.PrimaryKeyConstraint('ad_id')
    )
    op.create_index('ix_ad_text_text_id', 'ad_text', ['text_id'])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
