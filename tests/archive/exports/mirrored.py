"""What tests of the mirror ask: the rows of a table and of its copy, and records to fill them with."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from archive.exports.mirror import read_mirror
from archive.exports.mirror.manifest import require_manifest
from archive.exports.mirror.tables import MIRRORED, list_columns
from archive.exports.parquet import arrow_schema, make_batch
from archive.models import PublicAd
from archive.reading.visible import is_visible_by_default
from archive.records import AdvertiserSpendRecord, DisclosureRecord
from archive.records.canonical import canonical_json
from archive.store.changes import last_change_seq
from archive.store.database import read
from tests.archive.conftest import NOON

on_sqlite = pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
"""For what happens to files alone, whatever database they come from."""


def rows_of_table(engine, name):
    """The rows of a table in the mirror's form, by id."""
    table, _ = MIRRORED[name]
    listed = (
        [is_visible_by_default(PublicAd).label("is_visible_by_default")]
        if name == "public_ad"
        else []
    )
    with read(engine) as session:
        query = select(*table.c, *listed).order_by(table.c.id)
        rows = session.connection().execute(query).mappings().all()
    schema = arrow_schema(list_columns(name))
    columns = [[_spell(row[column]) for row in rows] for column in schema.names]
    return make_batch(schema, columns).to_pylist()


def _spell(value):
    return canonical_json(value).decode() if isinstance(value, dict | list) else value


def rows_of_mirror(folder, name):
    return read_mirror(folder, name).order("id").to_arrow_table().to_pylist()


def assert_equal(engine, folder):
    with read(engine) as session:
        assert require_manifest(folder).seq == last_change_seq(session)
    for name in MIRRORED:
        assert rows_of_mirror(folder, name) == rows_of_table(engine, name), name


def make_statement(amount, **values):
    given = {
        "dataset": "weekly",
        "platform": "examplatform",
        "grain": "week",
        "period_start_on": date(2026, 2, 1),
        "period_end_on": date(2026, 2, 7),
        "advertiser_ref": "page-1",
        "currency": "EUR",
        "spend_lower_minor": amount,
        "spend_upper_minor": amount,
    }
    return AdvertiserSpendRecord(**(given | values))


def make_disclosure(amount, ref="d1"):
    return DisclosureRecord(
        ref=ref,
        committee_ref="c1",
        currency="EUR",
        amount_minor=amount,
        is_memo=False,
        is_notice=False,
        is_correction=False,
        spent_on=date(2026, 2, 3),
    )


def later(days):
    return NOON + timedelta(days=days)
