"""The hash of the raw row that an ad was read from, and the secret of this archive that keys it."""

import secrets

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('ad', schema=None) as batch_op:
        batch_op.add_column(sa.Column('row_hash', sa.LargeBinary(), nullable=True))
    secret = op.create_table('archive_secret',
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.bulk_insert(secret, [{'name': 'row_hash_key', 'value': secrets.token_bytes(32)}])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
