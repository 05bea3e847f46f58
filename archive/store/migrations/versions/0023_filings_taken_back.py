"""Filed payments that a later filing replaces or that are gone; ads that end before they start; how many figures a run withdrew."""

import re

import sqlalchemy as sa
import yaml
from alembic import op

from config.overlay import SHIPPED_DIR

revision = '0023'
down_revision = '0020'
branch_labels = None
depends_on = None

WITHHELD = sa.JSON(none_as_null=True)


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
    withhold_wages(op.get_bind())


def withhold_wages(connection) -> None:
    """Take the names of individuals paid wages out of what was kept before the rule was there."""
    listed = yaml.safe_load((SHIPPED_DIR / 'withheld' / 'wages.yaml').read_text())['purposes']
    of_wages = re.compile('|'.join(rf'\b{re.escape(purpose)}\b' for purpose in listed), re.IGNORECASE)
    filed = sa.table('disclosure', *map(sa.column, ('id', 'source', 'ref', 'payee_kind', 'payee_name', 'payee_place', 'purpose')), sa.column('missing', sa.JSON), sa.column('withheld', WITHHELD))
    versions = sa.table('disclosure_version', *map(sa.column, ('id', 'disclosure_id')), sa.column('content', sa.JSON), sa.column('withheld', WITHHELD))
    corrections = sa.table('correction', *map(sa.column, ('id', 'measure', 'subject')), sa.column('before', sa.JSON), sa.column('after', sa.JSON))
    people = connection.execute(sa.select(filed).where(filed.c.payee_kind == 'IND')).all()
    for row in [row for row in people if of_wages.search(row.purpose or '')]:
        gone = {name: 'redacted' for name in ('payee_name', 'payee_place') if getattr(row, name) is not None}
        kept = {name: getattr(row, name) for name in gone} | (row.withheld or {})
        shown = dict.fromkeys(gone) | {'missing': dict(sorted((row.missing | gone).items())), 'withheld': kept}
        connection.execute(sa.update(filed).where(filed.c.id == row.id).values(shown))
        for version in connection.execute(sa.select(versions).where(versions.c.disclosure_id == row.id)).all():
            named = {name: version.content[name] for name in gone if version.content.get(name) is not None}
            known = version.content | dict.fromkeys(named) | {'missing': (version.content.get('missing') or {}) | dict.fromkeys(named, 'redacted')}
            kept = named | (version.withheld or {})
            connection.execute(sa.update(versions).where(versions.c.id == version.id).values(content=known, withheld=kept or None))
        of_row = (corrections.c.measure == 'disclosed', corrections.c.subject == f'{row.source}:{row.ref}')
        for told in connection.execute(sa.select(corrections).where(*of_row)).all():
            both = {side: {k: v for k, v in getattr(told, side).items() if k not in gone} for side in ('before', 'after')}
            connection.execute(sa.update(corrections).where(corrections.c.id == told.id).values(both))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
