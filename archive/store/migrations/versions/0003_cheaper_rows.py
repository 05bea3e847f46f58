"""Rows of ads that cost an engine less to write (docs/decisions/0004)."""

from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('public_ad', schema=None) as batch_op:
        batch_op.drop_index('public_ad_by_advertiser')
        batch_op.drop_column('text_folded')
        batch_op.create_index('public_ad_by_advertiser', ['advertiser_id'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        # Room for the next state of a row on its own page, so that no key need be written again.
        op.execute('ALTER TABLE ad SET (fillfactor = 80)')
        op.execute('ALTER TABLE ad_version ALTER COLUMN content TYPE text')


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
