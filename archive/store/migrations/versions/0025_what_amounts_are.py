"""What the amounts of a source are, by its own word, and which years have a partition of their own; ads by first day.

`archive.store.setup.write_sources` fills the columns from what each source's spider says.
"""

import sqlalchemy as sa
from alembic import op


revision = '0025'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain statements: a table that others refer to cannot be built anew on a full SQLite archive.
    for name, default in (('amounts', 'unknown'), ('amounts_tax', 'unknown'), ('amounts_because', '')):
        op.add_column('source', sa.Column(name, sa.String(), server_default=default, nullable=False))
    op.create_index('public_ad_by_start', 'public_ad', ['started_on', 'source'])
    op.add_column('source', sa.Column('first_partition_year', sa.Integer(), nullable=True))
    op.add_column('source', sa.Column('years_per_partition', sa.Integer(), server_default='1', nullable=False))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
