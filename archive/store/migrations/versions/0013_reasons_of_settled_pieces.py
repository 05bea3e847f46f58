"""A piece of the quarantine is settled for a reason, as a held batch is."""

import sqlalchemy as sa
from alembic import op
import sqlmodel


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('quarantined_piece', schema=None) as batch_op:
        batch_op.add_column(sa.Column('settled_because', sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
