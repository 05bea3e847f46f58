"""A country that a source was asked for counts as reached, where the source states none.

`archive.ingest.ads.asked_countries` fills the table from what runs saw when the archive is next opened.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    op.create_table('asked_country',
    sa.Column('id', ID, nullable=False),
    sa.Column('ad_id', ID, nullable=False),
    sa.Column('country', TEXT, nullable=False),
    sa.Column('observed_at', TIME, nullable=False),
    sa.Column('recorded_at', TIME, nullable=False),
    sa.Column('run_id', ID, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('ad_id', 'country', 'observed_at', name='asked_country_ad')
    )
    op.add_column('source', sa.Column('asks_by_country', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('public_ad', sa.Column('countries_from', TEXT, nullable=True))
    op.execute("UPDATE public_ad SET countries_from = 'stated' WHERE CAST(countries AS TEXT) <> '[]'")


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
