"""How sources round what they state for advertisers, beside each amount as printed.

`archive.store.setup.write_sources` fills the columns from what each source's spider says.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0020'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rounding', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('rounded_to_minor', sa.JSON(), server_default='{}', nullable=False))
    with op.batch_alter_table('advertiser_spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_rounded', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('rounded_to_minor', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
