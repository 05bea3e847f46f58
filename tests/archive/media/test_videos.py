"""What an MP4 says of itself, and that hostile boxes neither hang nor fill anything."""

import io
import struct
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.bounds import VIDEO_BOXES
from archive.media import videos
from archive.media.videos import MOST_WANTED_BYTES, BoxReader, VideoError, measure_mp4
from tests.filmed import QUARTER_TURN, make_box, make_movie_head, make_mp4

SIDES = st.integers(min_value=1, max_value=65_535)


def measure(body: bytes) -> videos.VideoSize:
    with NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        return measure_mp4(Path(file.name))


@given(SIDES, SIDES, st.integers(1, 10_000_000), st.integers(1, 90_000), st.booleans())
def test_sides_and_length_come_back_in_either_form(width, height, ticks, per_second, is_long):
    wanted = ticks * 1000 // per_second
    size = measure(make_mp4(width, height, ticks, per_second, is_long=is_long))
    assert (size.width, size.height) == (width, height)
    assert size.duration_ms == (wanted if wanted <= videos.LONGEST_MS else None)


def test_a_video_that_is_shown_turned_has_its_sides_as_it_is_shown():
    size = measure(make_mp4(1920, 1080, matrix=QUARTER_TURN))
    assert (size.width, size.height) == (1080, 1920)


@pytest.mark.parametrize("ticks", [0, 0xFFFF_FFFF])
def test_a_length_that_is_not_said_is_unknown(ticks):
    assert measure(make_mp4(ticks=ticks)).duration_ms is None


def test_a_clock_that_stands_still_tells_no_length():
    assert measure(make_mp4(ticks_per_second=0)).duration_ms is None


def test_a_track_without_sides_is_no_size():
    size = measure(make_mp4(width=0))
    assert (size.width, size.height, size.duration_ms) == (None, None, 6_000)


def test_what_stands_behind_the_description_may_be_missing():
    movie = make_box(b"moov", make_movie_head(1_000, 1_000))
    assert measure(movie + make_box(b"mdat", bytes(50))[:20]).duration_ms == 1_000


@pytest.mark.parametrize(
    "body",
    [
        make_box(b"ftyp", b"isom"),
        make_box(b"moov", struct.pack(">I4s", 5, b"mvhd")),
        make_box(b"moov", struct.pack(">I4s", 99, b"mvhd")),
        make_box(b"moov", struct.pack(">I4s", 1, b"mvhd")),
        make_box(b"moov", make_box(b"mvhd", bytes(10))),
        make_box(b"moov", b"1234"),
        make_box(b"free", b"") * (VIDEO_BOXES.most + 1),
        make_mp4()[:-1],
    ],
)
def test_boxes_that_contradict_themselves_are_refused(body):
    with pytest.raises(VideoError):
        measure(body)


@given(st.data())
def test_no_change_of_its_bytes_makes_it_fail_in_another_way(data):
    body = bytearray(make_mp4(is_long=data.draw(st.booleans())))
    changes = st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255))
    for at, byte in data.draw(st.lists(changes, max_size=8)):
        body[at] = byte
    cut = data.draw(st.integers(0, len(body)))
    try:
        size = measure(bytes(body[:cut]))
    except VideoError:
        return
    assert size.duration_ms is None or 0 <= size.duration_ms <= videos.LONGEST_MS
    assert (size.width is None) == (size.height is None)


def test_little_is_read_of_a_box_however_large_it_is():
    content = bytes(10_000)
    reader = BoxReader(io.BytesIO(make_box(b"mvhd", content)))
    (box,) = reader.list_boxes(0, len(content) + 8)
    assert len(reader.read(box)) == MOST_WANTED_BYTES
