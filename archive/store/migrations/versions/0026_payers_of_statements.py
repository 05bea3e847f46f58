"""The payer that a report names beside an amount, as a field: a statement for each page and payer.

Pages of several disclaimers were kept as one statement with its lines beside. Each is parted into the statements
that the same evidence gives today: same clocks, same sums, the hashes that a re-import makes.
"""

import json
from itertools import groupby

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from archive.records import AdvertiserSpendRecord
from archive.records.canonical import hash_json
from archive.records.postal_addresses import cut_address
from archive.runs.sightings import pack_ids, unpack_ids

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

SOURCE = 'meta_ad_library_report'
NO_DISCLAIMER = 'These ads ran without a disclaimer'
NOT_SAID = {'is_rounded', 'rounded_to_minor', 'payer_name'}
AMOUNTS = ('spend_lower_minor', 'spend_upper_minor', 'ads_count')


def upgrade() -> None:
    with op.batch_alter_table('advertiser_spend', schema=None) as batch_op:
        batch_op.add_column(sa.Column('payer_name', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    connection = op.get_bind()
    stated = sa.Table('advertiser_spend', sa.MetaData(), autoload_with=connection)
    for name in ('missing', 'source_fields', 'countries', 'registration_refs', 'spend_conversions'):
        stated.c[name].type = sa.JSON()
    stated.c.withheld.type = sa.JSON(none_as_null=True)
    rows = connection.execute(sa.select(stated).where(stated.c.source == SOURCE).order_by(stated.c.series, stated.c.observed_at, stated.c.id)).mappings().all()
    next_id = 1 + (connection.scalar(sa.select(sa.func.max(stated.c.id))) or 0)
    parts_of = {}
    for _, history in groupby(rows, key=lambda row: row['series']):
        parts, before = [], {}
        for row in history:
            now = {part['series']: part for part in part_row(dict(row))}
            gone = [withdraw(before[name], row) for name in before.keys() - now.keys()]
            before = now
            parts += [(row['id'], part) for part in (*now.values(), *gone)]
        newest = {part['series']: part for _, part in parts}
        for of_id, part in parts:
            part['is_current'] = newest[part['series']] is part
            if of_id in parts_of:
                part['id'], next_id = next_id, next_id + 1
                connection.execute(sa.insert(stated).values(part))
            else:
                part['id'] = of_id
                connection.execute(sa.update(stated).where(stated.c.id == of_id).values(part))
            parts_of.setdefault(of_id, []).append(part['id'])
    show_parts(connection, {of_id: ids for of_id, ids in parts_of.items() if len(ids) > 1})


def part_row(row) -> list:
    """What one kept row says of each payer."""
    fields = row['source_fields'] | ((row['withheld'] or {}).get('source_fields') or {})
    if 'lines' not in fields:
        return [name_payer(row, fields.get('disclaimer', ''))]
    by_payer = {}
    for line in json.loads(fields['lines']):
        by_payer.setdefault(cut_address(read_payer(line['disclaimer']) or ''), []).append(line)
    if len(by_payer) == 1:
        return [name_payer(row, line['disclaimer']) for line in json.loads(fields['lines'])[:1]]
    return [take_lines(row, lines) for lines in by_payer.values()]


def read_payer(words):
    return None if words.strip() in ('', NO_DISCLAIMER) else words.strip()


def name_payer(row, words) -> dict:
    payer, missing = read_payer(words), row['missing']
    shown, withheld = cut_address(payer or ''), row['withheld']
    if payer and shown != payer:
        withheld = (withheld or {}) | {'payer_name': payer}
    reason = {} if shown else {'payer_name': 'redacted' if payer else 'not_disclosed'}
    missing = dict(sorted((missing | reason).items()))
    series = f'{row["series"]}|{shown}' if shown else row['series']
    return row | {'payer_name': shown or None, 'series': series, 'missing': missing, 'withheld': withheld}


def take_lines(row, lines) -> dict:
    """The row of one payer among several of its page."""
    words = lines[0]['disclaimer']
    fields = {'disclaimer': words} if words else {}
    if len(lines) > 1:
        fields = {'lines': json.dumps(lines, ensure_ascii=False)}
    sums = {name: sum(known) if (known := [line[name] for line in lines if line[name] is not None]) else None for name in AMOUNTS}
    kept = {name: text for name, text in (row['withheld'] or {}).items() if name != 'source_fields'}
    part = row | {'source_fields': fields, 'withheld': kept or None} | (sums if not row['is_withdrawn'] else {})
    said = {name: (part | kept)[name] for name in AdvertiserSpendRecord.model_fields if name not in NOT_SAID}
    # The column holds the name of the grain, the record its value.
    said['grain'] = said['grain'].lower()
    said['missing'] = {name: why for name, why in row['missing'].items() if name not in kept}
    shown = {name: cut_address(text) if name == 'disclaimer' else json.dumps([line | {'disclaimer': cut_address(line['disclaimer'])} for line in lines], sort_keys=True, ensure_ascii=False) for name, text in fields.items()}
    if any(cut_address(line['disclaimer']) != line['disclaimer'] for line in lines):
        part |= {'source_fields': shown, 'withheld': kept | {'source_fields': fields}}
    part = name_payer(part, words)
    return part | {'row_sha256': hash_withdrawn(part) if row['is_withdrawn'] else hash_json(said)}


def hash_withdrawn(row) -> str:
    return hash_json({'series': row['series'], 'is_withdrawn': True})


def withdraw(before, row) -> dict:
    """A payer that the page's next statement does not name: nothing is stated for it from then on."""
    clocks = {name: row[name] for name in ('observed_at', 'recorded_at', 'run_id', 'capture_id')}
    gone = before | clocks | dict.fromkeys(AMOUNTS) | {'is_withdrawn': True}
    gone['missing'] = dict(sorted((gone['missing'] | dict.fromkeys(AMOUNTS, 'not_provided')).items()))
    return gone | {'row_sha256': hash_withdrawn(gone)}


def show_parts(connection, parts_of) -> None:
    """Let every run that saw a row have seen its parts."""
    seen = sa.Table('sighting', sa.MetaData(), autoload_with=connection)
    of_kind = sa.select(seen).where(seen.c.kind == 'advertiser_spend')
    for block in connection.execute(of_kind).mappings().all() if parts_of else ():
        held = unpack_ids(block['ids'])
        ids = sorted({part for one in held for part in parts_of.get(one, (one,))})
        if len(ids) > len(held):
            this = (seen.c.run_id == block['run_id'], seen.c.kind == block['kind'], seen.c.block == block['block'])
            connection.execute(sa.update(seen).where(*this).values(ids=pack_ids(ids), first_id=ids[0], last_id=ids[-1]))


def downgrade() -> None:
    raise RuntimeError("the archive only moves forward; restore a backup instead")
