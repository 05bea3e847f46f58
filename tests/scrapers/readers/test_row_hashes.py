"""Rows that come unread: what their hashes rest on, and that reading them is all that is put off."""

import shutil
from pathlib import Path

import pytest

from archive.records import AdRecord
from scrapers.readers.column_maps import PLAIN_MAP, MappedReader
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import AdRow
from scrapers.readers.row_hashes import HASH_BYTES, ROOT, RowHashing, hash_code, list_code
from scrapers.sources.spider import FileReader, read_delivery
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.library_spider import MetaAdLibrarySpider, PoliticalAnswers
from tests.scrapers.stories import FILE, ROWS, SNAP, spell_file

KEY = b"a secret of the archive"
FIXTURES = ROOT / "scrapers/replica/fixtures"
SPIDERS = find_spiders()

DUMP = (
    b"id,page_id,page_name,ad_creative_bodies\n900001,9001,Harbour,Vote\n 900002 ,9001,Harbour,\n"
)
FEED = b"ref,platform,currency,spend_lower_minor\n1,meta,EUR,5\n 2,meta,,7\n"
(CREATIVES,) = (FIXTURES / "google_political_ads/day-1").rglob("*creative-stats.csv")

ADS: dict[str, tuple[FileReader, str, bytes]] = {
    "snap": (SNAP, FILE, spell_file(*ROWS)),
    "google": (SPIDERS["google_political_ads"], CREATIVES.name, CREATIVES.read_bytes()),
    "a dump of Meta's": (MetaAdLibrarySpider, "dump.csv", DUMP),
    "a dump of political ads": (PoliticalAnswers, "dump.csv", DUMP),
    "a feed": (MappedReader("panel", PLAIN_MAP), "ads.csv", FEED),
    "an import without a map": (SPIDERS["ad_feed"], "ads.csv", FEED),
}


def read_unread(reader: FileReader, name: str, data: bytes, key: bytes = KEY) -> list[AdRow]:
    readings = list(read_delivery(reader, SourceFile.from_bytes(name, data), key))
    return [reading for reading in readings if isinstance(reading, AdRow)]


def list_hashes(reader: FileReader, name: str, data: bytes, key: bytes = KEY) -> set[bytes]:
    return {row.row_hash for row in read_unread(reader, name, data, key)}


@pytest.mark.parametrize("source", ADS)
def test_a_row_that_is_read_later_says_what_it_would_have_said(source: str) -> None:
    reader, name, data = ADS[source]
    at_once = list(read_delivery(reader, SourceFile.from_bytes(name, data)))
    ads = [reading for reading in at_once if isinstance(reading, AdRecord)]
    rows = read_unread(reader, name, data)
    assert [row.ref for row in rows] == [ad.ref for ad in ads]
    assert [row.read() for row in rows] == ads
    assert [row.read() for row in rows] == ads, "a page may be tried again"
    assert len({row.row_hash for row in rows}) == len(rows) > 1
    assert {len(row.row_hash) for row in rows} == {HASH_BYTES}


def test_what_a_page_labels_political_it_labels_also_later() -> None:
    (first, _) = read_unread(*ADS["a dump of political ads"])
    (plain, _) = read_unread(*ADS["a dump of Meta's"])
    labels = [ad.declared_political for ad in (first.read(), plain.read()) if is_ad(ad)]
    assert labels == [True, None]


def is_ad(reading: object) -> bool:
    return isinstance(reading, AdRecord)


@pytest.mark.parametrize(
    ("source", "name", "data"),
    [
        ("ad_feed", "ads.jsonl", b'{"ref": "1", "platform": "meta"}'),
        ("meta_ad_library", "ads.json", b'[{"id": "900001", "page_id": "1", "page_name": "H"}]'),
        ("snap", FILE, spell_file('"', *ROWS[:0])),
    ],
)
def test_objects_and_rows_that_name_no_ad_are_read_at_once(
    source: str, name: str, data: bytes
) -> None:
    readings = list(read_delivery(SPIDERS[source], SourceFile.from_bytes(name, data), KEY))
    assert readings
    assert not any(isinstance(reading, AdRow) for reading in readings)


def test_a_hash_rests_on_the_secret_the_reader_the_table_and_its_header() -> None:
    row = b"900001,9001\n"
    hashes = [
        RowHashing(key, reader).open_table(name, header)(row)
        for key, reader, name, header in (
            (b"key", "reader", "table", ("id", "page")),
            (b"yek", "reader", "table", ("id", "page")),
            (b"key", "redaer", "table", ("id", "page")),
            (b"key", "reader", "tabel", ("id", "page")),
            (b"key", "reader", "table", ("page", "id")),
            (b"key", "reader", "table", ("id, page",)),
        )
    ]
    assert len({*hashes}) == len(hashes)
    again = RowHashing(b"key", "reader").open_table("table", ["id", "page"])
    assert again(row) == hashes[0]
    assert again(row + b"\n") != hashes[0]


def test_the_same_row_of_two_readers_has_two_hashes() -> None:
    other_map = PLAIN_MAP.model_copy(update={"zone": "Europe/Helsinki"})
    readers = (
        MappedReader("panel", PLAIN_MAP),
        MappedReader("jury", PLAIN_MAP),
        MappedReader("panel", other_map),
        SPIDERS["ad_feed"],
    )
    hashes = [list_hashes(reader, "ads.csv", FEED) for reader in readers]
    assert len(set.union(*hashes)) == 8
    assert list_hashes(MappedReader("panel", PLAIN_MAP), "ads.csv", FEED) == hashes[0]
    assert not list_hashes(*ADS["a dump of Meta's"]) & list_hashes(*ADS["a dump of political ads"])


def test_the_code_of_a_reader_is_what_it_reads_rows_by() -> None:
    listed = {path.relative_to(ROOT).as_posix() for path in list_code(ROOT, SNAP.__module__)}
    assert listed >= {
        *("scrapers/spiders/snap.py", "scrapers/readers/parsing.py", "scrapers/readers/tables.py"),
        *("archive/records/ads.py", "archive/records/money.py", "scrapers/readers/countries.py"),
    }
    assert not {name for name in listed if name.startswith(("config/", "scrapers/platforms/"))}
    assert [name for name in listed if name.startswith("scrapers/spiders/")] == [
        "scrapers/spiders/snap.py"
    ]


@pytest.mark.parametrize(
    ("edited", "moves"),
    [
        ("scrapers/spiders/snap.py", True),
        ("scrapers/readers/moments.py", True),
        ("archive/records/base.py", True),
        ("scrapers/spiders/us_fec_bulk.py", False),
        ("scrapers/spiders/meta/values.py", False),
        ("scrapers/work/plan/due.py", False),
        ("archive/ingest/ads/take_ads.py", False),
    ],
)
def test_an_edit_moves_the_hashes_of_those_who_read_by_it(
    tmp_path: Path, edited: str, moves: bool
) -> None:
    for room in ("scrapers", "archive"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("fixtures"))
    before = hash_code(tmp_path, SNAP.__module__)
    (tmp_path / edited).write_text((tmp_path / edited).read_text() + "\nEDITED = True\n")
    hash_code.cache_clear()
    assert (hash_code(tmp_path, SNAP.__module__) != before) is moves
