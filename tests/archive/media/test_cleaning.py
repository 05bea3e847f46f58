"""What readers get of a picture or video says nothing of place, device and people, and looks the same."""

import io
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from archive.media.clean_pictures import (
    PictureError,
    clean_picture,
    read_orientation,
    spell_orientation,
)
from archive.media.cleaning import NotCleanedError, open_clean_copy
from archive.media.pictures import PILLOW_FORMATS
from archive.media.videos import measure_mp4
from archive.store.blobs import BlobStore
from tests.drawn import draw_scene, encode_picture
from tests.filmed import UPRIGHT, make_box, make_movie_head, make_mp4, make_track

SECRET = b"Secret Street 7"
PLACE = {1: "N", 2: (48.0, 12.0, 36.0), 3: "E", 4: (16.0, 22.0, 12.0)}
TURNED = 6
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Secret Street 7</x:xmpmeta>"


def make_exif(orientation: int = TURNED) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = orientation, "Secret Street 7 Cameras", "A. Person"
    exif[0x8825] = PLACE
    return exif.tobytes()


def make_jpeg(**how) -> bytes:
    """A picture whose every place for words says where it was taken."""
    made = io.BytesIO()
    draw_scene().save(
        made, "JPEG", exif=make_exif(), comment=SECRET, xmp=XMP, icc_profile=SECRET, **how
    )
    photoshop = b"Photoshop 3.0\0" + SECRET
    second = encode_picture(draw_scene(2), "JPEG") + SECRET
    data = made.getvalue()
    return (
        data[:2]
        + struct.pack(">BBH", 0xFF, 0xED, 2 + len(photoshop))
        + photoshop
        + data[2:]
        + second
    )


def make_png() -> bytes:
    made, words = io.BytesIO(), PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    words.add_text("Location", SECRET.decode(), zip=True)
    words.add_itxt("XML:com.adobe.xmp", XMP.decode())
    words.add(b"prVt", SECRET)
    draw_scene().save(made, "PNG", pnginfo=words, exif=make_exif(), icc_profile=SECRET)
    return made.getvalue() + SECRET


def make_webp(**how) -> bytes:
    made = io.BytesIO()
    draw_scene().save(
        made, "WEBP", exif=make_exif(), xmp=XMP, icc_profile=SECRET, lossless=True, **how
    )
    return made.getvalue()


def make_frames() -> list[Image.Image]:
    return [draw_scene(seed, (40, 30)) for seed in (1, 2, 3)]


def make_gif() -> bytes:
    first, *rest = make_frames()
    made = io.BytesIO()
    first.save(made, "GIF", save_all=True, append_images=rest, loop=0, duration=80, comment=SECRET)
    data = made.getvalue()
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"
    return data[:-1] + xmp + b"\x3b" + SECRET


PICTURES = {
    "JPEG": (make_jpeg(), "image/jpeg"),
    "JPEG in steps": (make_jpeg(progressive=True), "image/jpeg"),
    "PNG": (make_png(), "image/png"),
    "WebP": (make_webp(), "image/webp"),
    "GIF that moves": (make_gif(), "image/gif"),
    "WebP that moves": (
        make_webp(save_all=True, append_images=[draw_scene(2), draw_scene(3)]),
        "image/webp",
    ),
}


def clean(data: bytes, media_type: str) -> bytes:
    return b"".join(clean_picture(data, media_type))


def frames_of(data: bytes) -> list[bytes]:
    """Every frame as it is seen, turned as it says."""
    with Image.open(io.BytesIO(data)) as picture:
        frames = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append(ImageOps.exif_transpose(picture).convert("RGBA").tobytes())
    return frames


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_the_same_and_says_nothing_more(name):
    data, media_type = PICTURES[name]
    assert SECRET in data

    cleaned = clean(data, media_type)

    assert frames_of(cleaned) == frames_of(data)
    assert SECRET not in cleaned
    for word in (b"Person", b"xmp", b"XMP", b"Photoshop", b"Cameras"):
        assert word not in cleaned
    with Image.open(io.BytesIO(cleaned), formats=[PILLOW_FORMATS[media_type]]) as picture:
        assert set(picture.getexif()) <= {0x0112}
        assert "icc_profile" not in picture.info
    assert clean(cleaned, media_type) == cleaned


def test_words_that_are_packed_or_unknown_go_too():
    kinds = []
    data, place = clean(*PICTURES["PNG"]), 8
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        kinds.append(kind)
        place += 12 + length
    assert set(kinds) == {b"IHDR", b"eXIf", b"IDAT", b"IEND"}


def test_a_moving_picture_goes_on_moving_for_ever():
    with Image.open(io.BytesIO(clean(*PICTURES["GIF that moves"]))) as picture:
        assert (picture.n_frames, picture.info["loop"], picture.info["duration"]) == (3, 0, 80)


@given(st.integers(1, 8), st.sampled_from(["II*\0", "MM\0*"]))
def test_how_a_picture_is_turned_is_read_and_said_again(orientation, order):
    exif = Image.Exif()
    exif[0x0112] = orientation
    said = exif.tobytes().removeprefix(b"Exif\0\0")
    assert read_orientation(said) == orientation
    assert read_orientation(spell_orientation(orientation)) == orientation
    big = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    assert read_orientation(big) == orientation


@given(st.sampled_from(list(PICTURES)), st.integers(0, 2_000), st.binary(max_size=8))
def test_a_picture_that_is_damaged_or_breaks_off_is_cleaned_or_refused(name, place, bytes_):
    data, media_type = PICTURES[name]
    with suppress(PictureError):
        clean(data[:place] + bytes_ + data[place + len(bytes_) :], media_type)
    with suppress(PictureError):
        assert b"A. Person" not in clean(data[:place], media_type)


def make_video(*boxes: bytes, movie: bytes = b"", track: bytes = b"") -> bytes:
    """A video with these boxes at its end, and in its description, and in its track."""
    whole = make_mp4()
    head, parts = whole[: whole.index(b"moov") - 4], make_movie_head(6_000, 1_000)
    pictures = make_track(b"vide", 640, 360, UPRIGHT, is_long=False)
    pictures = make_box(b"trak", pictures[8:] + track)
    return head + make_box(b"moov", parts + pictures + movie) + b"".join(boxes)


PLACES = {
    "udta of the film": {"movie": make_box(b"udta", make_box(b"\xa9xyz", SECRET))},
    "udta of a track": {"track": make_box(b"udta", make_box(b"\xa9xyz", SECRET))},
    "meta keys": {
        "movie": make_box(
            b"meta",
            make_box(b"keys", b"mdtacom.apple.quicktime.location.ISO6709")
            + make_box(b"ilst", SECRET),
        )
    },
    "meta of a track": {"track": make_box(b"meta", SECRET)},
    "space left over": {"movie": make_box(b"free", SECRET)},
    "a box nobody knows": {"track": make_box(b"gps0", SECRET)},
}
ENDS = {
    "XMP": make_box(b"uuid", bytes(16) + XMP),
    "XMP in the long form": make_box(b"uuid", bytes(16) + XMP, is_long=True),
    "meta": make_box(b"meta", SECRET),
    "up to the end": b"\0\0\0\0uuid" + bytes(16) + XMP,
}
VIDEOS = {name: make_video(**where) for name, where in PLACES.items()} | {
    name: make_video(box) for name, box in ENDS.items()
}


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path)


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_keeps_every_place_in_it_and_says_nothing_more(name, blobs, tmp_path):
    video = VIDEOS[name]
    assert SECRET in video
    blob = blobs.put_bytes(video)

    with open_clean_copy(blobs, blob.sha256, "video/mp4") as copy:
        copy.seek(0)
        cleaned = copy.read()

    assert SECRET not in cleaned
    assert b"quicktime" not in cleaned
    assert len(cleaned) == len(video)
    assert cleaned.index(b"mdat") == video.index(b"mdat")
    path = tmp_path / "cleaned.mp4"
    path.write_bytes(cleaned)
    assert measure_mp4(path).width == 640
    assert blobs.read(blob.sha256) == video


def test_a_video_with_a_track_of_data_is_not_shown(blobs):
    places = make_track(b"meta", 0, 0, UPRIGHT, is_long=False)
    blob = blobs.put_bytes(make_video(movie=places))

    with pytest.raises(NotCleanedError, match="kept and not shown"):
        open_clean_copy(blobs, blob.sha256, "video/mp4")


def test_boxes_within_boxes_without_end_are_refused(blobs):
    data = b""
    for _ in range(3_000):
        data = make_box(b"moov", data)
    blob = blobs.put_bytes(make_mp4() + data)

    with pytest.raises(NotCleanedError):
        open_clean_copy(blobs, blob.sha256, "video/mp4")
