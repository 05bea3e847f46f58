"""Kind, dimensions and dhash of a file, by its bytes alone."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from archive.media.pictures import (
    PictureTooLargeError,
    count_different_bits,
    hash_picture,
    lay_on_white,
    measure_file,
    sniff_kind,
    split_bands,
)
from tests.drawn import draw_scene, encode_picture, make_bomb
from tests.filmed import make_mp4

HASHES = st.integers(min_value=0, max_value=2**64 - 1)
SEEDS = range(1, 13)

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (encode_picture(draw_scene()), "image/png"),
        (encode_picture(draw_scene(), "JPEG"), "image/jpeg"),
        (encode_picture(draw_scene(), "GIF"), "image/gif"),
        (encode_picture(draw_scene(), "WEBP"), "image/webp"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "image/avif"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "video/webm"),
        (SVG, "image/svg+xml"),
        (b"  <svg/>", "image/svg+xml"),
        (b"<!doctype html><html><svg onload=alert(1)>", "text/html"),
        (b"\xef\xbb\xbf\n<HTML><script>", "text/html"),
        (b"%PDF-1.7", "application/pdf"),
        (b"just words", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_kind_of_a_file_is_what_its_first_bytes_say(head, kind):
    assert sniff_kind(head[:1024]) == kind


def test_a_picture_is_measured_and_hashed(tmp_path):
    path = tmp_path / "anything.txt"
    path.write_bytes(encode_picture(draw_scene(), "JPEG"))

    fetch = measure_file(path)

    assert (fetch.media_type, fetch.width, fetch.height) == ("image/jpeg", 320, 240)
    assert len(fetch.dhash) == 16
    assert fetch.missing == {}


def test_a_picture_is_measured_as_its_camera_says_it_is_turned(tmp_path):
    path = tmp_path / "turned.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6
    draw_scene().save(path, exif=turned)

    fetch = measure_file(path)

    assert (fetch.width, fetch.height) == (240, 320)


@pytest.mark.parametrize("side", [30_000, 7_000])
def test_a_picture_that_would_fill_the_memory_is_not_unpacked(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(make_bomb(side))
    with pytest.raises(PictureTooLargeError, match="points"):
        measure_file(path)


@pytest.mark.parametrize(
    ("form", "size", "how"),
    [
        ("WEBP", (6_300, 1_600), {}),
        ("WEBP", (6_300, 1_600), {"lossless": True}),
        ("JPEG", (6_300, 2_100), {"progressive": True}),
        ("PNG", (65_536, 1), {}),
    ],
)
def test_a_picture_is_unpacked_only_if_its_kind_takes_no_more_memory_than_promised(
    tmp_path, form, size, how
):
    path = tmp_path / "large"
    path.write_bytes(encode_picture(Image.new("RGB", size), form, **how))

    with pytest.raises(PictureTooLargeError, match="refused"):
        measure_file(path)

    path.write_bytes(encode_picture(Image.new("RGB", (size[0] // 2, size[1])), form, **how))
    assert measure_file(path).width == size[0] // 2


def test_a_picture_in_pieces_is_laid_on_white_like_one_in_one_piece():
    scene = draw_scene(3, (2_100, 1_050)).convert("RGBA")
    scene.putalpha(Image.linear_gradient("L").resize(scene.size))
    whole = Image.alpha_composite(Image.new("RGBA", scene.size, "white"), scene).convert("L")

    assert lay_on_white(scene).tobytes() == whole.tobytes()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_that_breaks_off_has_no_dimensions_for_that_reason(tmp_path, form):
    path = tmp_path / "broken"
    path.write_bytes(encode_picture(draw_scene(), form)[:60])

    fetch = measure_file(path)

    assert (fetch.width, fetch.height, fetch.dhash) == (None, None, None)
    assert fetch.missing == dict.fromkeys(("width", "height", "dhash"), "unreadable")


def test_what_is_no_picture_is_not_opened(tmp_path):
    path = tmp_path / "page.png"
    path.write_bytes(SVG)

    fetch = measure_file(path)

    assert fetch.media_type == "image/svg+xml"
    assert fetch.missing == dict.fromkeys(("width", "height", "dhash"), "not_looked")


def test_a_video_is_measured_without_being_decoded(tmp_path):
    path = tmp_path / "video"
    path.write_bytes(make_mp4(width=640, height=360, ticks=1_500, ticks_per_second=600))

    fetch = measure_file(path)

    assert (fetch.media_type, fetch.width, fetch.height) == ("video/mp4", 640, 360)
    assert (fetch.duration_ms, fetch.dhash) == (2_500, None)
    assert fetch.missing == {"dhash": "not_looked"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [(make_mp4()[:100], "unreadable"), (b"\x1aE\xdf\xa3" + bytes(50), "not_looked")],
)
def test_a_video_that_cannot_be_measured_says_why(tmp_path, body, reason):
    path = tmp_path / "video"
    path.write_bytes(body)

    missing = measure_file(path).missing

    assert {missing[name] for name in ("width", "height", "duration_ms")} == {reason}
    assert missing["dhash"] == "not_looked"


def reencode(picture: Image.Image, form: str, **how: int) -> Image.Image:
    return Image.open(io.BytesIO(encode_picture(picture, form, **how)))


EDITS = {
    "poor quality": lambda p: reencode(p, "JPEG", quality=40),
    "half the size": lambda p: p.resize((p.width // 2, p.height // 2)),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.1),
    "grey": lambda p: p.convert("L"),
}


def hash_scene(picture: Image.Image) -> int | None:
    return hash_picture(lay_on_white(picture))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_edited_picture_looks_like_itself(edit, seed):
    picture = draw_scene(seed)

    before, after = hash_scene(picture), hash_scene(edit(picture))

    assert count_different_bits(f"{before:016x}", f"{after:016x}") <= 10


def test_other_pictures_run_different():
    hashes = [f"{hash_scene(draw_scene(seed)):016x}" for seed in SEEDS]

    pairs = [(one, other) for at, one in enumerate(hashes) for other in hashes[at + 1 :]]

    assert min(count_different_bits(*pair) for pair in pairs) > 10


@pytest.mark.parametrize("colour", ["white", "black", "teal"])
def test_a_plain_area_has_no_hash_because_all_of_them_would_be_alike(tmp_path, colour):
    path = tmp_path / "plain.png"
    Image.new("RGB", (50, 50), colour).save(path)

    fetch = measure_file(path)

    assert (fetch.width, fetch.dhash, fetch.missing) == (50, None, {"dhash": "not_provided"})


@given(HASHES, HASHES)
def test_different_bits_are_counted_the_same_either_way(one, other):
    bits = count_different_bits(f"{one:016x}", f"{other:016x}")
    assert bits == count_different_bits(f"{other:016x}", f"{one:016x}")
    assert (bits == 0) == (one == other)
    assert 0 <= bits <= 64


@given(HASHES, st.sets(st.integers(min_value=0, max_value=63), max_size=3))
def test_two_hashes_with_three_different_bits_share_a_band(one, flipped):
    other = one
    for bit in flipped:
        other ^= 1 << bit
    bands = zip(split_bands(f"{one:016x}"), split_bands(f"{other:016x}"), strict=True)
    assert any(mine == theirs for mine, theirs in bands)


@given(HASHES)
def test_the_bands_are_the_hash(value):
    assert (
        sum(band << 16 * (3 - at) for at, band in enumerate(split_bands(f"{value:016x}"))) == value
    )
