"""Pictures that invented ads name: drawn by their address, the same for ever."""

import io
import urllib.request

from PIL import Image

from archive.media.pictures import count_different_bits, hash_picture, lay_on_white, sniff_kind
from scrapers.replica.pictures import draw_picture, make_video


def test_an_address_always_holds_the_same_picture_and_no_other_one_does():
    assert draw_picture("cdn.example/1") == draw_picture("cdn.example/1")

    one, other = (
        hash_picture(lay_on_white(open_drawn(f"cdn.example/{number}"))) for number in (1, 2)
    )

    assert count_different_bits(f"{one:016x}", f"{other:016x}") > 10


def open_drawn(address: str) -> Image.Image:
    return Image.open(io.BytesIO(draw_picture(address)))


def test_a_video_is_known_as_one_by_its_bytes():
    assert sniff_kind(make_video("cdn.example/1")) == "video/mp4"


def test_the_replica_serves_them_under_the_name_of_any_host(day_1: str):
    kinds = {}
    for asked in ("asset/1?mediaType=jpg", "asset/1?mediaType=mp4"):
        with urllib.request.urlopen(f"{day_1}/media/adlibrary.example/{asked}") as answer:
            kinds[asked] = sniff_kind(answer.read(1024))
    assert list(kinds.values()) == ["image/png", "video/mp4"]
