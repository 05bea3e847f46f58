import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.records import Unreadable
from scrapers.readers.files import SourceFile, expand_file, spell_name
from tests.scrapers.samples import pack


def expand(data: bytes, name: str = "bundle.zip") -> list[SourceFile | Unreadable]:
    return list(expand_file(SourceFile.from_bytes(name, data)))


def read(file: SourceFile | Unreadable) -> bytes:
    assert isinstance(file, SourceFile)
    with file.open() as stream:
        return stream.read()


def test_a_plain_file_is_itself() -> None:
    (only,) = expand(b"id,name\n", "ads.csv")
    assert read(only) == b"id,name\n"


def test_members_of_a_zip_come_in_its_order_and_say_where_they_lay() -> None:
    files = expand(pack({"folder/b.csv": "b", "a.csv": "a"}))
    assert [file.name for file in files if isinstance(file, SourceFile)] == [
        "bundle.zip/folder/b.csv",
        "bundle.zip/a.csv",
    ]
    assert [read(file) for file in files] == [b"b", b"a"]


def test_a_zip_is_known_by_its_bytes_whatever_its_name() -> None:
    (only,) = expand(pack({"a.csv": "a"}), "download")
    assert read(only) == b"a"


@pytest.mark.parametrize("kept", [4, 40, -30])
def test_a_zip_that_was_cut_short_is_held_whole(kept: int) -> None:
    (only,) = expand(pack({"a.csv": "x" * 500})[:kept])
    assert isinstance(only, Unreadable)
    assert "cut short" in only.reason


def test_a_damaged_member_is_held_and_the_others_are_read() -> None:
    packed = bytearray(pack({"a.csv": bytes(range(256)) * 20, "b.csv": "whole"}))
    packed[60] ^= 0xFF
    damaged, whole = expand(bytes(packed))
    assert isinstance(damaged, Unreadable)
    assert damaged.file == "bundle.zip/a.csv"
    assert read(whole) == b"whole"


def test_a_zip_bomb_is_stopped_long_before_its_end() -> None:
    (only,) = expand(pack({"bomb.csv": b"\0" * (120 << 20)}))
    assert isinstance(only, Unreadable)
    assert "200 times its packed size" in only.reason


def test_a_member_packed_in_an_unknown_way_is_held() -> None:
    packed = bytearray(pack({"a.csv": "a"}))
    packed[packed.index(b"PK\x03\x04") + 8] = packed[packed.index(b"PK\x01\x02") + 10] = 99
    (only,) = expand(bytes(packed))
    assert isinstance(only, Unreadable)
    assert "packed in another way" in only.reason


def test_an_encrypted_zip_is_held() -> None:
    packed = bytearray(pack({"a.csv": "a"}))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    (only,) = expand(bytes(packed))
    assert isinstance(only, Unreadable)
    assert "encrypted" in only.reason


def test_a_member_that_points_out_of_its_folder_is_only_a_name(tmp_path: Path) -> None:
    (only,) = expand(pack({"../../escape.csv": "x"}))
    assert isinstance(only, SourceFile)
    assert only.base_name == "escape.csv"
    assert list(tmp_path.iterdir()) == []


def test_the_same_member_can_be_opened_again() -> None:
    (only,) = expand(pack({"a.csv": "again"}))
    assert read(only) == read(only) == b"again"


def test_a_name_on_disk_that_is_not_utf_8_is_spelled_out() -> None:
    assert spell_name(Path("caf\udce9.csv")) == "caf\\xe9.csv"


def test_a_page_of_html_called_a_zip_is_held() -> None:
    (only,) = expand(b"<!DOCTYPE html><html>Sorry, something went wrong.</html>")
    assert isinstance(only, Unreadable)
    assert "cannot be opened" in only.reason


def test_a_zip_in_bzip2_is_refused_before_a_byte_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("bomb.csv", b"a")
        archive.writestr("plain.csv", b"b", compress_type=zipfile.ZIP_DEFLATED)
    refused, whole = expand(buffer.getvalue())
    assert isinstance(refused, Unreadable)
    assert "packed in another way" in refused.reason
    assert isinstance(whole, SourceFile)
    assert read(whole) == b"b"


def test_members_that_share_their_packed_bytes_are_counted_together() -> None:
    kernel = pack({"a.csv": b"\0" * (30 << 20)})
    start = kernel.index(b"PK\x01\x02")
    entry = kernel[start : kernel.index(b"PK\x05\x06")]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(entry) * 9, start, 0)
    found = expand(kernel[:start] + entry * 9 + end)
    assert [type(each) for each in found] == [SourceFile, SourceFile, Unreadable]
    assert "200 times its packed size" in found[-1].reason


def test_a_zip_whose_list_of_files_would_fill_the_memory_is_not_opened() -> None:
    packed = pack({"a.csv": "a"})
    at = packed.index(b"PK\x05\x06")
    listed = packed[:at] + bytes(5 << 20) + packed[at : at + 12]
    (only,) = expand(listed + struct.pack("<LLH", 5 << 20, at, 0))
    assert isinstance(only, Unreadable)
    assert "bytes of a zip's list of files" in only.reason


@pytest.mark.parametrize("name", ["ads.csv.gz", "ads (1).csv.gz", "ads.csv (1).gz", "ads.csv"])
def test_what_is_gzipped_is_read_by_the_name_it_had(name: str) -> None:
    (only,) = expand(gzip.compress(b"id,") + gzip.compress(b"name\n"), name)
    assert isinstance(only, SourceFile)
    assert (read(only), only.name, only.base_name) == (b"id,name\n", name, "ads.csv")


def test_a_file_that_lost_its_packing_on_the_way_is_read_as_it_is() -> None:
    (only,) = expand(b"id,name\n", "ads.csv.gz")
    assert read(only) == b"id,name\n"


@pytest.mark.parametrize(
    "spoil", [lambda d: d[:-9], lambda d: d[:-6] + b"wrong!", lambda d: d + b"x"]
)
def test_what_is_gzipped_and_damaged_is_held(spoil: Callable[[bytes], bytes]) -> None:
    (only,) = expand(spoil(gzip.compress(bytes(range(256)) * 20)), "ads.csv.gz")
    assert isinstance(only, Unreadable)
    assert "damaged or breaks off" in only.reason


def test_a_gzip_bomb_is_stopped_long_before_its_end_in_a_zip_too() -> None:
    bomb = gzip.compress(b"\0" * (120 << 20))
    for data, name in ((bomb, "bomb.gz"), (pack({"bomb.csv.gz": bomb}), "bomb.zip/bomb.csv.gz")):
        held = next(
            each for each in expand(data, name.split("/")[0]) if isinstance(each, Unreadable)
        )
        assert (held.file, "200 times its packed size" in held.reason) == (name, True)


def test_a_member_may_be_gzipped() -> None:
    whole, other = expand(pack({"a.csv.gz": gzip.compress(b"a"), "b.csv": "b"}))
    assert (read(whole), read(other)) == (b"a", b"b")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_comes_as_utf_8_with_its_mark(encoding: str) -> None:
    text = "\ufeff" + "Ünïted 🗳\n" * 50_000
    (only,) = expand(text.encode(encoding), "ads.txt")
    assert read(only) == text.encode()


@pytest.mark.parametrize("end", [b"a", b"\x00\xd8"])
def test_half_of_a_character_in_utf_16_is_no_utf_8(end: bytes) -> None:
    (only,) = expand("\ufeffid\n".encode("utf-16-le") + end, "ads.txt")
    with pytest.raises(UnicodeDecodeError):
        read(only).decode()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "r (1).csv",
            "r(12).csv",
            "r - Copy.csv",
            "r copy 2.csv",
            "r (copy).csv",
            "Copy of r.csv",
        ),
        *("r - Kopie (2).csv", "r - Copie.csv", "folder/r copy.csv", "r copy.csv.gz"),
    ],
)
def test_a_copy_is_known_by_the_name_of_what_it_copies(name: str) -> None:
    assert SourceFile.from_bytes(name, b"").base_name == "r.csv"
