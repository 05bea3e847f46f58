"""Filed payments that a later filing replaces or that are gone; ads that end before they start; how many figures a run withdrew."""

import sqlalchemy as sa
from alembic import op


revision = '0023'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain statements: a table that others refer to cannot be built anew on a full SQLite archive.
    for table in ('disclosure', 'disclosure_version'):
        for name in ('is_superseded', 'is_withdrawn'):
            op.add_column(table, sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index('disclosure_by_committee', table_name='disclosure')
    op.create_index('disclosure_by_report', 'disclosure', ['source', 'committee_ref', 'report_year', 'report_kind', 'filing_ref'])
    op.create_index('disclosure_by_transaction', 'disclosure', ['source', 'transaction_ref', 'committee_ref'])
    op.add_column('public_ad', sa.Column('dates_contradict', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('run', sa.Column('withdrawn', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
