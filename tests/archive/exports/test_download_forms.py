"""One list as CSV, JSON Lines and Parquet: the same rows, and cells no spreadsheet runs."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exports.downloads import Form, What, list_columns, write_stream
from archive.exports.downloads.cells import FORMULA_STARTS, restore_text, write_line
from archive.reading import AdFilter
from tests.archive.exports.streamed import Row, read_lines, read_sidecar, write_whole

pytestmark = pytest.mark.engines_alike


@pytest.mark.parametrize("what", What)
def test_parquet_holds_what_json_lines_hold(filled, tmp_path, what):
    rows, beside = (
        read_lines(write_whole(filled, what, Form.JSON_LINES)),
        read_sidecar(filled, what),
    )
    path = tmp_path / "rows.parquet"
    path.write_bytes(write_whole(filled, what, Form.PARQUET))

    file = pq.ParquetFile(path)
    columns = list_columns(what)
    assert [as_json(row, columns) for row in file.read().to_pylist()] == rows
    assert file.metadata.num_rows == beside["rows"]
    beside.pop("ids_sha256", None)
    said = {name: file.metadata.metadata[name.encode()].decode() for name in beside}
    assert said == {name: str(value).replace("None", "null") for name, value in beside.items()}
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
def test_a_table_has_the_rows_of_json_lines_and_nothing_else(filled, tmp_path, what):
    rows = read_lines(write_whole(filled, what, Form.JSON_LINES))
    data = write_whole(filled, what, Form.CSV).decode()
    header, *table = csv.reader(io.StringIO(data, newline=""), strict=True)

    assert header == [column.name for column in list_columns(what)]
    assert [row[-1] for row in table] == [row["cursor"] for row in rows]
    assert all(len(row) == len(header) for row in table)

    path = tmp_path / "rows.csv"
    path.write_text(data, newline="")
    with duckdb.connect() as connection:
        # Nothing is told of the file: as a reader would open it.
        query = "SELECT count(*), count(cursor) FROM read_csv(?)"
        assert connection.execute(query, [str(path)]).fetchone() == (len(rows), len(rows))


def test_the_sidecar_counts_the_rows_and_hashes_their_ids(filled):
    rows = read_lines(write_whole(filled, What.ADS, Form.JSON_LINES))
    hashed = sha256("\n".join(row["id"] for row in rows).encode()).hexdigest()
    assert read_sidecar(filled, What.ADS) == {
        "rows": len(rows),
        "data_as_of": "2026-03-02T12:00:00Z",
        "as_of": None,
        "valid_at": None,
        "next_after": rows[-1]["cursor"],
        "ids_sha256": hashed,
    }


def test_an_empty_list_has_a_header_and_a_sidecar(engine):
    table = write_whole(engine, What.ADS, Form.CSV).decode().splitlines()
    assert len(table) == 1
    assert write_whole(engine, What.ADS, Form.JSON_LINES) == b""
    beside = read_sidecar(engine, What.ADS)
    assert (beside["rows"], beside["next_after"]) == (0, None)
    assert beside["ids_sha256"] == sha256(b"").hexdigest()
    parquet = pq.ParquetFile(io.BytesIO(write_whole(engine, What.ADS, Form.PARQUET)))
    assert parquet.metadata.num_rows == 0
    assert parquet.schema_arrow.names == [column.name for column in list_columns(What.ADS)]


def test_a_spreadsheet_gets_amounts_in_units_of_their_currency(filled):
    plain = list(csv.DictReader(io.StringIO(write_whole(filled, What.ADS, Form.CSV).decode())))
    parts = write_stream(filled, What.ADS, Form.CSV, AdFilter(), for_spreadsheets=True)
    data = b"".join(parts)
    assert data.startswith(b"\xef\xbb\xbf")
    shown = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))

    assert [row["id"] for row in shown] == [row["id"] for row in plain]
    assert "spend_lower_minor" not in shown[0]
    for unit, minor in zip(shown, plain, strict=True):
        digits = 2 if minor["currency"] in ("EUR", "USD", "") else None
        expected = minor["spend_lower_minor"] and str(
            Decimal(minor["spend_lower_minor"]).scaleb(-digits)
        )
        assert unit["spend_lower"] == expected


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
PLAIN = ["", "0", "12", "a=1", "2020", "abc123456789012", "1-2-3", '"', "a,b\r\nc", "# 3 rows"]


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
