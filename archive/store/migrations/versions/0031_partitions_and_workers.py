"""Crawls promised by partition and for a time; workers that say that they are alive."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    op.rename_table('crawl_promise', 'source_promise')
    op.create_table('crawl_promise',
    sa.Column('source', TEXT, nullable=False),
    sa.Column('partition', TEXT, nullable=False),
    sa.Column('since_at', TIME, nullable=False),
    sa.Column('until_at', TIME, nullable=True),
    sa.Column('every_seconds', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'partition', 'since_at')
    )
    # What was promised of a source was promised of each partition of it that was crawled.
    op.execute(
        "INSERT INTO crawl_promise (source, partition, since_at, every_seconds) "
        "SELECT DISTINCT p.source, r.partition, p.since_at, p.every_seconds "
        "FROM source_promise p JOIN run r ON r.source = p.source AND r.kind = 'crawl'"
    )
    op.drop_table('source_promise')
    op.create_table('worker_heartbeat',
    sa.Column('name', TEXT, nullable=False),
    sa.Column('kind', TEXT, nullable=False),
    sa.Column('since_at', TIME, nullable=False),
    sa.Column('heartbeat_at', TIME, nullable=False),
    sa.Column('crawls', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
