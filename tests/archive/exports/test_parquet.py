"""The Arrow form of a table follows from its columns, never from the values that happen to be there."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from sqlmodel import SQLModel

import archive.models  # noqa: F401 (importing it registers every table)
from archive.exports.parquet import arrow_schema, arrow_type, make_batch
from archive.exports.rows import spell_json
from archive.records.spending import Grain

SCHEMA = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("seen_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("seen_on", pa.date32()),
        pa.field("amount_minor", pa.int64()),
    ]
)
ROW = {
    "name": "Harbour",
    "seen_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "seen_on": date(2026, 3, 1),
    "amount_minor": 2**53,
}


def to_batch(schema, rows):
    return make_batch(schema, [[row[name] for row in rows] for name in schema.names])


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_has_a_schema_with_its_columns_in_order(table):
    schema = arrow_schema(table.columns)

    assert schema.names == [column.name for column in table.columns]
    assert [f.nullable for f in schema] == [column.nullable for column in table.columns]


def test_a_row_comes_back_as_it_went_in():
    assert to_batch(SCHEMA, [ROW]).to_pylist() == [ROW]


def test_no_rows_make_an_empty_batch_of_the_same_schema():
    assert to_batch(SCHEMA, []).schema == SCHEMA


def test_a_time_of_another_zone_is_the_same_moment_in_utc():
    elsewhere = ROW["seen_at"].astimezone(timezone(timedelta(hours=-5)))

    assert to_batch(SCHEMA, [ROW | {"seen_at": elsewhere}]).to_pylist() == [ROW]


def test_nested_values_and_choices_are_text():
    schema = pa.schema([("countries", arrow_type(list)), ("grain", arrow_type(Grain))])

    batch = to_batch(schema, [{"countries": spell_json(["FR", "DE"]), "grain": Grain.WEEK}])

    assert batch.to_pylist() == [{"countries": '["FR","DE"]', "grain": "week"}]


@pytest.mark.parametrize("wrong", [{"seen_at": None}, {"amount_minor": "12"}, {"name": 12}])
def test_a_value_that_does_not_fit_its_column_is_refused(wrong):
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        to_batch(SCHEMA, [ROW | wrong])


def test_a_type_without_a_form_is_named():
    with pytest.raises(TypeError, match="complex"):
        arrow_type(complex)
