"""Statements about what an advertiser spent in one region."""

from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("ALTER TYPE grain ADD VALUE IF NOT EXISTS 'REGION'")


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
