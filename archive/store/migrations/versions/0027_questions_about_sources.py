"""Questions that a rule asks of a source once, instead of about each of its ads; what a missing end means."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('source_question',
    sa.Column('id', ID, nullable=False),
    sa.Column('rule_version_id', ID, nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('facts', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('asked_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['rule_version_id'], ['rule_version.id']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('rule_version_id', 'source', 'facts', name='source_question_once')
    )
    op.add_column('evaluation', sa.Column('source_question_id', ID, nullable=True))
    op.add_column('source', sa.Column('missing_end', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
    op.create_index('ix_evaluation_source_question_id', 'evaluation', ['source_question_id'])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
