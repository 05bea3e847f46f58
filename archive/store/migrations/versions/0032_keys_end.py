"""Keys have a last day, and say on which day they were last used; those there are have no end."""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('api_key', sa.Column('ends_on', sa.Date(), nullable=True))
    op.add_column('api_key', sa.Column('last_used_on', sa.Date(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
