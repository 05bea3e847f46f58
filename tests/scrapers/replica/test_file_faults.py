"""A served file can be damaged in each of the ways in which sources have damaged theirs."""

import csv
import io
import zipfile

import httpx2
import pytest

from scrapers.replica.faults import Act, Fault
from scrapers.replica.serve import running_replica
from tests.scrapers.replica.asking import BUNDLE, SNAP_2026, get, read_member
from tests.scrapers.replica.file_faults import (
    BOM,
    Change,
    add_column,
    break_quotes,
    change_file,
    change_members,
    change_tables,
    cut_text,
    drop_column,
    drop_member,
    ignore_ranges,
    put_in_folder,
    rename_column,
    repeat_bom,
    reverse_columns,
    write_crlf,
    write_latin_1,
)

MEMBER = "PoliticalAds.csv"
TABLE = 'id,name,note\n1,Zoë,"a, b"\n2,Ada,"x\ny"\n'.encode()


def get_changed(act: Act, path: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    with running_replica(faults=[Fault(path, act)]) as address:
        return get(address, path, headers)


def change_table(change: Change) -> list[list[str]]:
    return list(csv.reader(io.StringIO(change(TABLE).decode(), newline="")))


def test_a_column_is_dropped_added_renamed_or_moved_and_the_other_cells_stay() -> None:
    assert change_table(drop_column("name")) == [["id", "note"], ["1", "a, b"], ["2", "x\ny"]]
    assert [row[2:] for row in change_table(add_column("Spend_XXX", "0"))] == [
        ["note", "Spend_XXX"],
        ["a, b", "0"],
        ["x\ny", "0"],
    ]
    assert change_table(rename_column("name", "Name"))[0] == ["id", "Name", "note"]
    assert change_table(reverse_columns())[1] == ["a, b", "Zoë", "1"]


def test_a_column_that_is_not_there_cannot_be_dropped() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        drop_column("nowhere")(TABLE)


def test_line_ends_survive_a_change_of_columns() -> None:
    assert drop_column("note")(write_crlf()(TABLE)) == "id,name\r\n1,Zoë\r\n2,Ada\r\n".encode()


def test_other_line_ends_are_other_bytes_with_the_same_rows() -> None:
    twin = write_crlf()(b"id,name\n1,Ada\n")
    assert twin == b"id,name\r\n1,Ada\r\n"
    assert write_crlf()(twin) == twin


def test_a_quote_left_open_swallows_the_lines_after_it() -> None:
    with pytest.raises(csv.Error):
        list(csv.reader(io.StringIO(break_quotes(2)(TABLE).decode()), strict=True))


def test_latin_1_is_not_utf_8() -> None:
    assert write_latin_1()("Zoë ☂\n".encode()) == b"Zo\xeb ?\n"


def test_a_mark_comes_back_every_so_many_lines() -> None:
    assert repeat_bom(2)(BOM + b"a\nb\nc\n") == BOM + b"a\nb\n" + BOM + b"c\n"


def test_a_table_may_end_in_a_row() -> None:
    assert cut_text(0.5)(b"id,name\n1,Ada\n") == b"id,name"


def test_only_the_files_that_are_meant_change_in_a_zip(day_1: str) -> None:
    honest = get(day_1, SNAP_2026)
    answer = get_changed(change_tables(drop_column("Spend"), MEMBER), SNAP_2026)
    assert "Spend" not in read_member(answer, MEMBER).partition("\n")[0].split(",")
    assert read_member(answer, "readme.txt") == read_member(honest, "readme.txt")
    assert answer.headers["ETag"] != honest.headers["ETag"]
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_changed_file_is_sent_to_those_who_know_the_honest_one(day_1: str) -> None:
    headers = {"If-None-Match": get(day_1, SNAP_2026).headers["ETag"]}
    answer = get_changed(change_tables(write_crlf()), SNAP_2026, headers)
    assert (answer.status_code, zipfile.is_zipfile(io.BytesIO(answer.content))) == (200, True)


def test_a_bundle_may_lack_a_file_or_lie_in_a_folder(day_1: str) -> None:
    names = zipfile.ZipFile(io.BytesIO(get(day_1, BUNDLE).content)).namelist()
    without = get_changed(change_file(drop_member("*weekly-spend.csv")), BUNDLE).content
    within = get_changed(change_file(put_in_folder("bundle")), BUNDLE).content
    assert set(names) - set(zipfile.ZipFile(io.BytesIO(without)).namelist()) == {
        "google-political-ads-advertiser-weekly-spend.csv"
    }
    assert zipfile.ZipFile(io.BytesIO(within)).namelist() == [f"bundle/{name}" for name in names]


def test_a_server_without_ranges_sends_everything_again(day_1: str) -> None:
    answer = get_changed(ignore_ranges(), BUNDLE, {"Range": "bytes=100-"})
    assert (answer.status_code, "Accept-Ranges" in answer.headers) == (200, False)
    assert answer.content == get(day_1, BUNDLE).content


def test_a_table_that_is_no_zip_is_changed_as_it_is() -> None:
    assert change_members(b"a,b\n1,2\n", "*.csv", drop_column("a")) == b"b\n2\n"
