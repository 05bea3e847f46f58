"""Files of rows: checked against what the archive says, with that beside them, whole or not there."""

import csv
import json
import sys
from datetime import date

import duckdb
import pandas
import pyarrow.parquet as pq
import pytest
from paidforby_client import ArchiveError, IncompleteError

from tests.client.conftest import break_off


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


READERS = {
    "csv": lambda path: list(csv.DictReader(path.read_text().splitlines())),
    "jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
    "parquet": lambda path: pq.read_table(path).to_pylist(),
}
ENDINGS = pytest.mark.parametrize("ending", READERS)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "files"
    made.mkdir()
    return made


@ENDINGS
def test_rows_are_saved_with_what_is_known_of_them_beside(archive, folder, ending):
    path = folder / f"found.{ending}"
    known = archive.search("harbour").save(path)
    assert len(READERS[ending](path)) == known["rows"] == 5
    assert json.loads((folder / f"found.{ending}.meta.json").read_text()) == known
    assert "CC-BY-4.0" in known["licence"]
    assert list_names(folder) == [f"found.{ending}", f"found.{ending}.meta.json"]


@ENDINGS
@pytest.mark.parametrize("what", ["ads", "metrics", "disclosures"])
def test_a_whole_list_is_saved_as_well(archive, folder, what, ending):
    known = archive.download(what, folder / f"all.{ending}", source="example")
    assert len(READERS[ending](folder / f"all.{ending}")) == known["rows"] > 0


def test_a_csv_for_spreadsheets_is_checked_too(archive, folder):
    assert archive.download("ads", str(folder / "all.csv"), excel=True)["rows"] == 5


def test_a_sample_is_saved(archive, folder):
    assert archive.search().sample(2, seed="7").save(folder / "few.csv")["rows"] == 2


def test_nothing_found_is_a_file_without_rows(archive, folder):
    for ending, read in READERS.items():
        assert archive.search("nothing-has-it").save(folder / f"none.{ending}")["rows"] == 0
        assert read(folder / f"none.{ending}") == []


def drop_last_line(body):
    yield body[: body[:-1].rindex(b"\n") + 1]


def drop_some_bytes(body):
    yield body[:-10]


def swap_ids(body):
    yield body.replace(b"example:a1", b"example:a7")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (break_off, "broke off"),
        (drop_some_bytes, "row 5 cannot be read"),
        (drop_last_line, "rows came: 4; the archive has: 5"),
        (swap_ids, "not those that the archive has"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_rows_that_are_not_the_archives_leave_no_file(archive, folder, spoil, change, why, ending):
    spoil(change)
    with pytest.raises(IncompleteError, match=why):
        archive.search("harbour").save(folder / f"found.{ending}")
    assert list_names(folder) == []


@pytest.mark.parametrize(
    ("change", "why"), [(break_off, "broke off"), (drop_some_bytes, "row 1 cannot be read")]
)
def test_a_parquet_file_that_breaks_off_leaves_no_file(archive, folder, spoil, change, why):
    spoil(change)
    with pytest.raises(IncompleteError, match=why):
        archive.search("harbour").save(folder / "found.parquet")
    assert list_names(folder) == []


def test_what_is_refused_leaves_no_file(archive, folder):
    with pytest.raises(ArchiveError, match="contry"):
        archive.download("ads", folder / "all.csv", contry="GR")
    assert list_names(folder) == []


def test_nothing_is_overwritten(archive, folder):
    for taken in ("found.csv", "other.csv.meta.json"):
        (folder / taken).write_text("mine")
        with pytest.raises(FileExistsError, match=taken):
            archive.search().save(folder / taken.removesuffix(".meta.json"))
        assert (folder / taken).read_text() == "mine"


def test_another_ending_is_refused_with_those_there_are(archive, folder):
    with pytest.raises(
        ValueError, match=r"'found\.xlsx' must end in one of: \.csv, \.jsonl, \.parquet"
    ):
        archive.search().save(folder / "found.xlsx")


def test_rows_become_a_table_of_duckdb(archive):
    with duckdb.connect() as connection:
        archive.search("harbour").to_duckdb(connection, "found")
        asked = "SELECT count(*), min(spend_lower_minor), min(started_on) FROM found"
        assert connection.execute(asked).fetchall() == [(5, 100_00, date(2026, 1, 1))]
        with pytest.raises(duckdb.CatalogException):
            archive.search().to_duckdb(connection, "found")


def test_without_pandas_it_says_what_to_install(archive, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'paidforby-client\[pandas\]'"):
        archive.search("harbour").to_pandas()


def test_rows_become_a_frame_in_which_unknown_is_no_number(archive):
    frame = archive.search("harbour").to_pandas()
    assert len(frame) == 5
    assert frame.spend_upper_minor.isna().sum() == frame.currency.isna().sum() == 1
    assert pandas.api.types.is_integer_dtype(frame.spend_upper_minor)
