"""One list as CSV, JSON Lines and Parquet: the same rows, and cells no spreadsheet runs."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exports.downloads import Form, What, list_columns
from archive.exports.downloads.cells import FORMULA_STARTS, restore_text, write_line
from tests.archive.exports.streamed import Row, split_end, write_whole

pytestmark = pytest.mark.engines_alike


@pytest.mark.parametrize("what", What)
def test_parquet_holds_what_json_lines_hold(filled, tmp_path, what):
    rows, end = split_end(write_whole(filled, what, Form.JSON_LINES))
    path = tmp_path / "rows.parquet"
    path.write_bytes(write_whole(filled, what, Form.PARQUET))

    file = pq.ParquetFile(path)
    columns = list_columns(what)
    assert [as_json(row, columns) for row in file.read().to_pylist()] == rows
    assert file.metadata.num_rows == end["rows"]
    said = {name: file.metadata.metadata[name.encode()].decode() for name in end}
    assert said == {name: str(value).replace("None", "null") for name, value in end.items()}
    field = file.schema_arrow.field(columns[0].name)
    assert field.metadata[b"description"].decode() == columns[0].description

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        duck = connection.read_parquet(str(path)).to_arrow_table().to_pylist()
    assert [as_json(row, columns) for row in duck] == rows


def as_json(row: Row, columns: list[Any]) -> Row:
    """A row read from Parquet as JSON Lines write it."""
    return {column.name: as_json_value(row[column.name], column.kind) for column in columns}


def as_json_value(value: Any, kind: type) -> Any:
    if kind is list:
        return json.loads(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_amounts_times_and_days_have_their_own_types_in_parquet(filled):
    schema = pq.read_schema(io.BytesIO(write_whole(filled, What.ADS, Form.PARQUET)))
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    assert kinds["spend_lower_minor"] == "int64"
    assert kinds["recorded_at"] == "timestamp[us, tz=UTC]"
    assert kinds["started_on"] == "date32[day]"
    assert kinds["declared_political"] == "bool"
    assert kinds["ref"] == "string"


@pytest.mark.parametrize("what", What)
def test_a_table_has_the_rows_of_json_lines_and_one_comment_at_its_end(filled, tmp_path, what):
    rows, end = split_end(write_whole(filled, what, Form.JSON_LINES))
    data = write_whole(filled, what, Form.CSV).decode()
    header, *table, last = csv.reader(io.StringIO(data, newline=""))

    assert header == [column.name for column in list_columns(what)]
    assert [row[-1] for row in table] == [row["cursor"] for row in rows]
    assert last[0].startswith(f"# end: rows: {end['rows']}; data_as_of: {end['data_as_of']}")
    assert end["next_after"] in last[0]

    path = tmp_path / "rows.csv"
    path.write_text(data, newline="")
    with duckdb.connect() as connection:
        query = "SELECT count(*) FROM read_csv(?, header = true, quote = '\"', comment = '#')"
        assert connection.execute(query, [str(path)]).fetchone() == (end["rows"],)


def test_an_empty_list_has_a_header_and_an_end_in_every_form(engine):
    table = write_whole(engine, What.ADS, Form.CSV).decode().splitlines()
    assert len(table) == 2
    assert table[1] == "# end: rows: 0"
    assert split_end(write_whole(engine, What.ADS, Form.JSON_LINES)) == (
        [],
        {"rows": 0, "data_as_of": None, "as_of": None, "valid_at": None, "next_after": None},
    )
    parquet = pq.ParquetFile(io.BytesIO(write_whole(engine, What.ADS, Form.PARQUET)))
    assert parquet.metadata.num_rows == 0
    assert parquet.schema_arrow.names == [column.name for column in list_columns(What.ADS)]


INJECTIONS = [
    "=1+1",
    '=HYPERLINK("https://example.org","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
]
SPOILT = ["123456789012", "999000000000001", "007", "3543e12", "1E5"]
PLAIN = ["", "0", "12", "a=1", "2020", "abc123456789012", "1-2-3", '"', "a,b\r\nc", "# end: 3 rows"]


@pytest.mark.parametrize("danger", INJECTIONS + SPOILT)
def test_a_spreadsheet_keeps_as_text_what_it_would_run_or_spoil(danger):
    [[cell]] = csv.reader(io.StringIO(write_line([danger]), newline=""))
    assert cell.startswith("'")
    assert restore_text(cell) == danger


@pytest.mark.parametrize("harmless", PLAIN)
def test_other_texts_stay_as_they_are(harmless):
    assert list(csv.reader(io.StringIO(write_line([harmless, 1]), newline=""))) == [[harmless, "1"]]


def test_numbers_stay_numbers():
    assert write_line([-5, 0.25, 10**15, True, None]) == '-5,0.25,1000000000000000,"true",""\r\n'


@given(st.lists(st.none() | st.text() | st.integers() | st.floats(allow_nan=False), min_size=2))
def test_no_text_makes_a_cell_that_runs_or_moves_another(values):
    [cells] = csv.reader(io.StringIO(write_line(values), newline=""))
    assert len(cells) == len(values)
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            assert not cell.startswith(FORMULA_STARTS)
            assert restore_text(cell) == value
