"""Labels of any term, by people or programs; the texts rules rest on, by hash; the stage of a rule in use."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.drop_index('political_label_by_ad', table_name='political_label')
    op.rename_table('political_label', 'ad_label')
    op.create_index('ad_label_by_ad', 'ad_label', ['ad_id'])
    op.add_column('ad_label', sa.Column('term', TEXT, server_default='political', nullable=False))
    op.add_column('ad_label', sa.Column('says', sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column('ad_label', sa.Column('method', TEXT, nullable=True))
    op.add_column('rule_use', sa.Column('stage', TEXT, server_default='', nullable=False))
    op.create_table('reference_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    *(sa.Column(name, TEXT, nullable=False) for name in ('kind', 'name', 'sha256', 'text', 'by_name', 'because')),
    sa.Column('recorded_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('kind', 'name', 'sha256', name='reference_version_hash')
    )
    op.create_index('reference_version_by_hash', 'reference_version', ['sha256'])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
