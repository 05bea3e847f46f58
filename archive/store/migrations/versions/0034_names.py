"""Who bears a name: names in one place, filled from the change sequence by whoever follows it next."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
IN_BYTES = TEXT.with_variant(sa.String(collation='C'), 'postgresql')
ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
COUNTS = ('ads', 'statements', 'filings', 'registered')
KINDS = ('advertiser', 'payer', 'sponsor', 'payee', 'committee')


def upgrade() -> None:
    op.create_table('name',
    *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
    sa.Column('id', ID, nullable=False),
    sa.Column('kind', TEXT, nullable=False),
    sa.Column('key', IN_BYTES, nullable=False),
    sa.Column('name', TEXT, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key', 'kind', name='name_key_kind')
    )
    op.create_table('name_spelling',
    *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
    sa.Column('id', ID, nullable=False),
    sa.Column('name_id', ID, nullable=False),
    sa.Column('kind', TEXT, nullable=False),
    sa.Column('spelling', TEXT, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('kind', 'spelling', name='name_spelling_kind_spelling')
    )
    op.create_index('name_spelling_by_name', 'name_spelling', ['name_id'])
    op.create_table('name_word',
    sa.Column('word', IN_BYTES, nullable=False),
    sa.Column('name_id', ID, nullable=False),
    sa.PrimaryKeyConstraint('word', 'name_id'),
    sqlite_with_rowid=False
    )
    op.create_index('name_word_by_name', 'name_word', ['name_id'])
    op.create_table('named_row',
    sa.Column('what', TEXT, nullable=False),
    sa.Column('row_id', ID, nullable=False),
    *(sa.Column(kind, ID, nullable=True) for kind in KINDS),
    sa.PrimaryKeyConstraint('what', 'row_id'),
    sqlite_with_rowid=False
    )
    op.create_index('advertiser_name_by_name', 'advertiser_name', ['name'])


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
