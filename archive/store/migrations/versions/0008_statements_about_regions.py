"""Statements about what an advertiser spent in one region."""

from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        # Made anew, as in 0007.
        op.execute("ALTER TYPE grain RENAME TO grain_before")
        op.execute("CREATE TYPE grain AS ENUM ('DAY', 'WEEK', 'WINDOW', 'LIFETIME', 'REGION')")
        op.execute("ALTER TABLE advertiser_spend ALTER grain TYPE grain USING grain::text::grain")
        op.execute("DROP TYPE grain_before")


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
