"""Kept files as readers get them: named, never run, and only where the source allows it."""

import re
from datetime import timedelta

import pytest
from PIL import Image

from archive.media.files import FetchOutcome, MachineText, keep_file, list_due, note_fetches
from archive.media.pictures import measure_file
from archive.media.terms import list_terms_scopes, write_parts
from archive.models.media import MediaState
from archive.records import Allowance, Material, PartInfo, Terms
from archive.store.blobs import BlobStore
from archive.store.database import open_engine, write
from archive.store.setup import write_sources
from tests.api.conftest import NOON, SOURCE, make_ad
from tests.drawn import draw_scene, encode_picture
from tests.filmed import make_box, make_mp4

WHERE = Image.Exif()
WHERE[0x010F] = "Secret Street 7"
HOSTILE_WORDS = '<script>alert("1")</script>'
FILES = {
    "https://cdn.example/1.png": encode_picture(draw_scene(), exif=WHERE.tobytes()),
    "https://cdn.example/2.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "https://cdn.example/3.html": b"<!doctype html><script>alert(1)</script>",
    "https://cdn.example/4.mp4": make_mp4() + make_box(b"uuid", WHERE.tobytes() + bytes(3_000_000)),
    "https://cdn.example/6.webm": b"\x1aE\xdf\xa3" + bytes(40),
    "https://cdn.example/7.png": b"\x89PNG\r\n\x1a\n and nothing more",
}
LOST = "https://cdn.example/5.png"


@pytest.fixture
def kept(settings, client, take_in, tmp_path) -> dict[str, str]:
    """Seven addresses of one ad, six of them kept: SHA-256 by address."""
    take_in([make_ad("m1", media_urls=[*FILES, LOST])])
    engine = open_engine(settings)
    outcomes = {LOST: FetchOutcome(MediaState.GONE, "it is not there any more")}
    with write(engine) as session:
        for url, body in FILES.items():
            path = tmp_path / "file"
            path.write_bytes(body)
            blob = BlobStore(settings.blobs_dir).put_file(path)
            words = MachineText(HOSTILE_WORDS, None, "tesseract 9")
            keep_file(session, blob, measure_file(path), words, NOON)
            outcomes[url] = FetchOutcome(MediaState.KEPT, sha256=blob.sha256)
        (scope,) = list_terms_scopes(session)
        (ad,) = list_due(session, scope, NOON, 10)
        note_fetches(session, "example", ad, outcomes, NOON)
    engine.dispose()
    return {url: outcome.sha256 for url, outcome in outcomes.items() if outcome.sha256}


@pytest.fixture
def allow(settings, kept):
    def write_terms(allows: Allowance) -> None:
        terms = {Material.MEDIA: Terms(allows=allows, because="its terms, section 4")}
        engine = open_engine(settings)
        with write(engine) as session:
            info = SOURCE.model_dump() | {"republish": terms}
            write_sources(session, [type(SOURCE).model_validate(info)])
        engine.dispose()

    return write_terms


@pytest.mark.parametrize(
    ("url", "kind", "ending"),
    [
        ("https://cdn.example/1.png", "image/png", "png"),
        ("https://cdn.example/4.mp4", "video/mp4", "mp4"),
    ],
)
def test_a_shown_file_is_a_cleaned_copy_and_a_download_that_no_browser_runs(
    client, settings, kept, allow, url, kind, ending
):
    allow(Allowance.PUBLISH)

    answer = client.get(f"/media/{kept[url]}")

    assert b"Secret Street 7" in FILES[url]
    assert b"Secret Street 7" not in answer.content
    assert len(answer.content) > 200
    assert BlobStore(settings.blobs_dir).read(kept[url]) == FILES[url]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="{kept[url]}.{ending}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=50-99999999", slice(50, None)),
    ],
)
def test_a_player_asks_for_the_part_that_it_plays(client, kept, allow, asked, part):
    allow(Allowance.PUBLISH)
    path = f"/media/{kept['https://cdn.example/4.mp4']}"
    whole = client.get(path).content

    answer = client.get(path, headers={"range": asked})

    assert (answer.status_code, answer.content) == (206, whole[part])
    first, last = part.indices(len(whole))[0], part.indices(len(whole))[1] - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"range": "bytes=99999999-"}, 416),
        ({"range": "bytes=5-2"}, 200),
        ({"range": "bytes=-"}, 200),
        ({"range": "bytes=0-1,5-6"}, 200),
        ({"range": "lines=0-1"}, 200),
        ({"range": "bytes=0-9", "if-range": '"another"'}, 200),
    ],
)
def test_what_is_no_range_of_this_file_is_the_whole_or_refused(
    client, kept, allow, headers, status
):
    allow(Allowance.PUBLISH)
    path = f"/media/{kept['https://cdn.example/4.mp4']}"
    whole = client.get(path).content

    answer = client.get(path, headers=headers)

    assert (answer.status_code, answer.content) == (status, whole if status == 200 else b"")


def test_who_has_a_file_already_is_sent_nothing_of_it(client, kept, allow):
    allow(Allowance.PUBLISH)
    path = f"/media/{kept['https://cdn.example/1.png']}"
    held = {"if-none-match": client.get(path).headers["etag"]}
    again = client.get(path, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    allow(Allowance.KEEP)
    assert client.get(path, headers=held).status_code == 404


@pytest.mark.parametrize("name", ["2.svg", "3.html", "6.webm", "7.png"])
def test_nothing_but_pictures_and_videos_that_can_be_cleaned_is_given_out(
    client, ask, kept, allow, name
):
    allow(Allowance.PUBLISH)
    url = f"https://cdn.example/{name}"

    answer = client.get(f"/media/{kept[url]}")
    items = {item["url"]: item for item in ask("GET", "/ads/example/m1/media").json()["items"]}

    assert answer.status_code == 404
    assert FILES[url] not in answer.content
    assert (items[url]["state"], items[url]["path"]) == ("kept", None)
    assert items[url]["reason"].startswith("only pictures")


@pytest.mark.parametrize("allows", [Allowance.KEEP, Allowance.LEAVE])
def test_what_may_not_be_shown_is_not_given_out(client, kept, allow, allows):
    allow(allows)

    assert [client.get(f"/media/{sha256}").status_code for sha256 in kept.values()] == [404] * 6


@pytest.mark.parametrize("name", ["0" * 64, "x", "A" * 64, "..%2f..%2fetc%2fpasswd", "0" * 63])
def test_what_is_no_kept_file_is_not_found_or_refused(client, kept, allow, name):
    allow(Allowance.PUBLISH)

    assert client.get(f"/media/{name}").status_code in {400, 404}


def test_the_api_says_what_there_is_of_each_address(ask, kept, allow):
    allow(Allowance.PUBLISH)

    items = ask("GET", "/ads/example/m1/media").json()["items"]

    assert [item["url"] for item in items] == [*FILES, LOST]
    states = ["shown", "kept", "kept", "shown", "kept", "kept", "gone"]
    assert [item["state"] for item in items] == states
    assert (items[0]["width"], items[0]["height"], len(items[0]["dhash"])) == (320, 240, 16)
    assert items[0]["path"] == f"/media/{kept[items[0]['url']]}"
    assert items[1]["missing"]["dhash"] == "not_looked"
    assert items[6]["reason"] == "it is not there any more"


def test_before_it_was_kept_the_api_knew_nothing_of_it(ask, kept, allow, take_in):
    allow(Allowance.PUBLISH)
    earlier = (NOON - timedelta(seconds=1)).isoformat().replace("+", "%2B")

    assert ask("GET", f"/ads/example/m1/media?as_of={earlier}").status_code == 404


def test_the_page_of_an_ad_shows_pictures_and_says_why_the_rest_is_not_there(client, kept, allow):
    allow(Allowance.PUBLISH)

    page = client.get("/ads/example/m1").text

    assert re.findall(r'<img class="creative" src="([^"]+)"', page) == [
        f"/media/{kept['https://cdn.example/1.png']}"
    ]
    assert "Download the video" in page
    assert "It is not there any more" in page
    assert HOSTILE_WORDS not in page
    assert "words that a machine read in it and nobody checked: “&lt;script&gt;" in page
    assert 'width="320" height="240"' in page
    assert f"From: {SOURCE.title}, {SOURCE.publisher}; terms of reuse: {SOURCE.licence}." in page
    assert "read by a machine and not checked" in page


def test_the_page_says_that_a_file_is_kept_but_not_shown(client, kept, allow):
    allow(Allowance.KEEP)

    page = client.get("/ads/example/m1").text

    assert "<img" not in page
    assert page.count("Kept, not shown") == 6
    assert "its terms, section 4" in page.lower()
    assert kept["https://cdn.example/1.png"] in page


def test_sources_say_what_may_be_done_with_each_class_of_material(ask, client, allow):
    allow(Allowance.KEEP)

    (source,) = ask("GET", "/sources").json()["items"]
    assert source["republish"]["media"] == {"allows": "keep", "because": "its terms, section 4"}
    assert set(source["republish"]) == {"fields", "texts", "media"}
    page = client.get("/sources").text
    assert "may be fetched and kept as evidence, but is not shown: its terms, section 4" in page


def test_the_terms_of_a_feed_stand_with_its_source(ask, client, allow, settings):
    allow(Allowance.LEAVE)
    terms = {Material.MEDIA: Terms(allows=Allowance.PUBLISH, because="section 7")}
    info = PartInfo(title="A <panel>", publisher="P", licence="CC-BY-4.0", republish=terms)
    engine = open_engine(settings)
    with write(engine) as session:
        write_parts(session, "example", {"panel": info})
    engine.dispose()

    (source,) = ask("GET", "/sources").json()["items"]
    assert source["parts"]["panel"]["republish"]["media"]["allows"] == "publish"
    page = client.get("/sources").text
    assert "by P; terms of reuse: CC-BY-4.0." in page
    assert "Media may be fetched, kept and shown: section 7." in page


@pytest.mark.parametrize(
    ("allows", "reason"),
    [
        (Allowance.LEAVE, "Its terms, section 4"),
        (Allowance.PUBLISH, "Its source gives no address of a picture or video of it"),
    ],
)
def test_the_page_of_an_ad_without_media_says_why(client, allow, take_in, allows, reason):
    allow(allows)
    take_in([make_ad("bare")])

    assert f"Not kept</span> {reason}." in client.get("/ads/example/bare").text
