"""Parts: whose they are, what they are worth, and when they go."""

import gzip
import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import EvidenceError
from archive.store.blobs import BlobStore
from archive.store.outages import DiskFullError
from scrapers.fetching.answers import read_range, read_strong_validator
from scrapers.fetching.spooling import PARTS_LAST, Rest, Spool, name_part
from scrapers.fetching.unpacking import BodyUnpacker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool", reserve_bytes=0)


def leave_part(spool, data=b"the beginning", validator='"1"'):
    part = spool.open_part("file", run_id=1)
    part.begin_anew(validator)
    part.write(data)
    part.close()


def test_the_rest_is_asked_for_from_the_last_byte_that_came(spool):
    leave_part(spool)

    part = spool.open_part("file", run_id=2)
    rest = part.find_rest()
    part.go_on(rest.start)
    part.write(b"g and the end")

    assert rest == Rest(12, '"1"')
    assert part.path.read_bytes()[:12] == b"the beginnin"
    part.sync()
    assert part.path.read_bytes() == b"the beginning and the end"
    assert part.sha256 == hashlib.sha256(b"the beginning and the end").hexdigest()
    assert part.size == 25
    part.close()


def test_without_a_validator_there_is_no_rest(spool):
    leave_part(spool, validator=None)
    part = spool.open_part("file", run_id=2)
    assert part.find_rest() is None
    part.close()


def test_what_is_begun_anew_forgets_the_old_bytes_and_their_name(spool):
    leave_part(spool)
    part = spool.open_part("file", run_id=2)
    part.begin_anew(None)
    assert (part.size, part.path.read_bytes(), part.find_rest()) == (0, b"", None)
    part.close()


def test_a_run_that_was_overtaken_cannot_write_into_its_followers_file(spool):
    overtaken = spool.open_part("file", run_id=1)
    overtaken.begin_anew('"1"')
    follower = spool.open_part("file", run_id=2)
    follower.begin_anew('"1"')
    overtaken.write(b"late")
    follower.write(b"right")
    follower.sync()

    assert follower.path.read_bytes() == b"right"
    overtaken.discard()
    assert follower.path.exists()
    follower.discard()
    assert list(spool.folder.iterdir()) == []


def test_partitions_of_a_source_share_no_file():
    assert name_part("snap", "2025", "key") != name_part("snap", "2026", "key")


def test_parts_that_nobody_went_on_with_are_deleted_in_the_end(spool):
    leave_part(spool)
    for path in spool.folder.iterdir():
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))

    spool.sweep(NOON + PARTS_LAST - timedelta(minutes=1))
    assert len(list(spool.folder.iterdir())) == 2
    spool.sweep(NOON + PARTS_LAST + timedelta(minutes=1))
    assert list(spool.folder.iterdir()) == []


def test_room_that_must_stay_free_is_not_taken(tmp_path):
    Spool(tmp_path, reserve_bytes=0).check_room(0)
    with pytest.raises(DiskFullError, match="needs 7 MB and 1,073,741,824 MB are to stay free"):
        Spool(tmp_path, reserve_bytes=1 << 50).check_room(7 << 20)


def test_the_evidence_store_refuses_a_file_that_is_not_what_was_hashed(tmp_path):
    (tmp_path / "part").write_bytes(b"altered meanwhile")
    blobs = BlobStore(tmp_path / "blobs")
    with pytest.raises(EvidenceError, match="changed while they were kept"):
        blobs.put_file(tmp_path / "part", hashlib.sha256(b"as it came").hexdigest())
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


@given(st.binary(max_size=5_000), st.integers(1, 700))
def test_a_packed_body_is_unpacked_however_it_is_cut_into_chunks(data, size):
    packed = gzip.compress(data)
    unpacker = BodyUnpacker("gzip")
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    pieces = [piece for chunk in chunks for piece in unpacker.unpack(chunk)]
    assert b"".join(pieces) == data
    assert unpacker.is_whole


def test_a_packed_body_that_lacks_its_end_is_not_whole():
    unpacker = BodyUnpacker("gzip")
    assert b"".join(unpacker.unpack(gzip.compress(b"some text")[:-4])) == b"some text"
    assert not unpacker.is_whole


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes 5-9/*", (5, None)),
        ("bytes */10", (None, None)),
        ("pages 5-9/10", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_piece_says_where_it_begins_and_how_long_the_whole_is(header, meant):
    assert read_range({"Content-Range": header}) == meant


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"'}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT"}, None),
        (
            {
                "Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT",
                "Date": "Sun, 01 Mar 2026 12:00:00 GMT",
            },
            "Sun, 01 Mar 2026 11:00:00 GMT",
        ),
        (
            {
                "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
                "Date": "Sun, 01 Mar 2026 12:00:00 GMT",
            },
            None,
        ),
        ({"Last-Modified": "yesterday", "Date": "today"}, None),
        ({}, None),
    ],
)
def test_only_what_names_the_very_bytes_is_a_strong_validator(headers, validator):
    assert read_strong_validator(headers) == validator
