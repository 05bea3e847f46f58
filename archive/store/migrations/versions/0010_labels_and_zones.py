"""Labels that a rule pointed to, the zone of days of statements, and an index of ads not declared political."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('political_label', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rule_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    with op.batch_alter_table('advertiser_spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('day_zone', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    # These days were Pacific ones before there was a column to say so.
    op.execute(
        "UPDATE advertiser_spend SET day_zone = 'America/Los_Angeles' WHERE source = 'meta_ad_library_report'"
    )
    op.create_index(
        'public_ad_not_declared',
        'public_ad',
        ['source'],
        sqlite_where=sa.text('declared_political IS NOT 1'),
        postgresql_where=sa.text('declared_political IS NOT true'),
    )


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
