"""A request budget says how many requests it is about, for whoever watches what is left."""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('request_budget', schema=None) as batch_op:
        batch_op.add_column(sa.Column('requests_per_hour', sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
