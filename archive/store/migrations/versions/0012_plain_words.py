"""Tables and columns take the names that `docs/glossary.md` gives to what they hold."""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

TABLES = {
    'ad_absence': 'vanished_period',
    'consumer_mark': 'consumer_position',
    'duty': 'singleton_lease',
    'held_batch': 'quarantined_batch',
    'look_rhythm': 'crawl_promise',
    'stated_total': 'source_total',
}
COLUMNS = {
    'source': {
        'lacks': 'data_gaps',
        'believable_fall_share': 'plausible_fall_share',
        'believable_spend_minor': 'plausible_spend_minor',
        'fewest_records_per_look': 'fewest_records_per_run',
        'most_records_per_look': 'most_records_per_run',
    },
    'ad_media': {'looks': 'tries', 'looked_at': 'fetched_at'},
    'quarantined_piece': {'held_at': 'quarantined_at'},
    'quarantined_batch': {'held_at': 'quarantined_at'},
}
INDEXES = (
    ('vanished_period', 'ix_ad_absence_ad_id', 'ix_vanished_period_ad_id', ['ad_id']),
    ('quarantined_batch', 'ix_held_batch_source', 'ix_quarantined_batch_source', ['source']),
    ('source_total', 'stated_total_by_source', 'source_total_by_source', ['source', 'observed_at']),
)


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            # Alembic would copy the whole table on SQLite, which renames columns in place.
            op.execute(f'ALTER TABLE {table} RENAME COLUMN {old} TO {new}')
    for table, old, new, columns in INDEXES:
        op.drop_index(old, table_name=table)
        op.create_index(new, table, columns)
    for name in ('quarantined_piece', 'quarantined_batch'):
        rows = sa.table(name, sa.column('status', sa.String()))
        op.execute(rows.update().where(rows.c.status == 'held').values(status='quarantined'))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
