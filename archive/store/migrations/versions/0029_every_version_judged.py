"""Every version of an ad judged: one answer each; signals that name their evaluator and say what ended them."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.add_column('rule_version', sa.Column('meaning_sha256', TEXT, server_default='', nullable=False))
    with op.batch_alter_table('evaluation') as batch_op:
        batch_op.drop_constraint('evaluation_once', type_='unique')
        batch_op.create_unique_constraint('evaluation_once', ['rule_version_id', 'ad_version_id', 'election_id'])
    with op.batch_alter_table('signal') as batch_op:
        batch_op.add_column(sa.Column('evaluator', sa.Integer(), server_default='2', nullable=False))
        batch_op.add_column(sa.Column('superseded_because', TEXT, server_default='', nullable=False))
        batch_op.drop_constraint('signal_once', type_='unique')
        batch_op.create_unique_constraint('signal_once', ['rule_version_id', 'ad_version_id', 'election_id', 'facts_sha256', 'evaluator'])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
