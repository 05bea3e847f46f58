"""Find this ad: by a link, an id, a sentence or a picture, on the page and by the API; nothing is kept."""

import logging
import re
from html import unescape

import pytest
from PIL import ImageEnhance
from sqlalchemy import func, select
from sqlmodel import SQLModel

import api.finding
from api.limits import MOST_BYTES_TO_FIND
from archive.duplicates.changes import follow_texts
from archive.ingest.pages import ingest_page
from archive.media.files import DueAd, FetchOutcome, MachineText, keep_file, note_fetches
from archive.media.machine_text import find_tesseract
from archive.media.pictures import measure_file
from archive.models import Ad
from archive.models.media import MediaState
from archive.models.runs import Outcome, RunKind
from archive.privacy.redactions import redact_field
from archive.runs.lease import begin_run, end_run
from archive.store.blobs import BlobStore
from archive.store.database import open_engine, read, write
from archive.store.setup import write_sources
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, SOURCE, make_ad
from tests.drawn import draw_scene, draw_words, encode_picture, make_bomb

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])

TEXT = "On Thursday you can choose a council that listens, so vote for all of us and come along"
LONG = (
    "Come and see the harbour lights this year. Doors open at noon. The hall behind the old bridge has room "
    "for everybody who asks. Bring chairs."
)
PICTURE = "https://cdn.example/f1c710abc.png"
SECRET = "Nobody ever says zanzibarquux in any log"


def make_kept(settings, tmp_path):
    """The picture of the ad `p1`, kept."""
    path = tmp_path / "picture.png"
    path.write_bytes(encode_picture(draw_scene()))
    engine = open_engine(settings)
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "p1")).scalar_one()
        blob = BlobStore(settings.blobs_dir).put_file(path)
        words = MachineText(None, "not_looked", "nobody looked")
        keep_file(session, blob, measure_file(path), words, NOON)
        kept = FetchOutcome(MediaState.KEPT, sha256=blob.sha256)
        note_fetches(
            session, "example", DueAd(ad.id, "p1", ad.id, (PICTURE,)), {PICTURE: kept}, NOON
        )
    engine.dispose()


@pytest.fixture
def held(take_in, settings, tmp_path, client):
    """Three copies, one longer ad, one with a picture: compared, searched, kept."""
    ads = [make_ad(f"t{n}", bodies=[TEXT]) for n in range(3)]
    rest = [
        make_ad("long", bodies=[LONG]),
        make_ad("p1", bodies=["Seagulls above the quay at dawn"], media_urls=[PICTURE]),
        make_ad("short", bodies=["Clean harbour now"]),
    ]
    take_in([*ads, *rest], NOON)
    engine = open_engine(settings)
    with write(engine) as session:
        follow_texts(session, NOON)
    make_kept(settings, tmp_path)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()
    return client


@pytest.fixture
def find(held):
    """What the API answers."""

    def send(text: str = "", picture: bytes = b"", status: int = 200):
        files = {"picture": ("seen.png", picture)} if picture else None
        answer = held.post("/api/v1/find", data={"text": text}, files=files)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def list_ids(answer) -> list[str]:
    return [ad["id"].removeprefix("example:") for ad in answer["ads"]]


@pytest.mark.parametrize(
    "text",
    [
        "example:t1",
        "t1",
        " t1\n",
        "https://archive.example/ads/example/t1",
        "https://news.example/below/ads/example/t1?as_of=2026-03-01#copies",
    ],
)
def test_an_id_or_a_link_finds_its_ad(find, text):
    answer = find(text)
    assert (answer["matched_by"], list_ids(answer)) == ("id", ["t1"])
    assert answer["ads"][0]["path"] == "/ads/example/t1"
    assert answer["ads"][0]["reason"] in {"this is its id", "the link names it"}
    assert answer["compared_pictures"] is None


def test_an_id_with_odd_characters_is_found_as_it_is_and_by_its_link(find):
    for text in ("a2/with:odd?id", "example:a2/with:odd?id", "/ads/example/a2%2Fwith%3Aodd%3Fid"):
        assert list_ids(find(text)) == ["a2/with:odd?id"]


PLATFORMS = {
    "meta_ad_library": ("9990001", "https://www.facebook.com/ads/library/?id=9990001"),
    "google_political_ads": (
        "CR9990001",
        "https://adstransparency.google.com/advertiser/AR9990001/creative/CR9990001?region=NO",
    ),
    "snap": ("f1c710", "https://www.snap.com/political-ads/asset/c0ffee?mediaType=png"),
    "tiktok_commercial_content": (
        "9990001",
        "https://library.tiktok.com/ads/detail/?ad_id=9990001",
    ),
    "microsoft_ad_library": ("9990001", "https://adlibrary.ads.microsoft.com/ad/9990001"),
}
"""Of each source an invented id, and a link to that ad."""


@pytest.fixture
def platforms(settings):
    """An ad of each source; of Snap's the picture is at the address of the link."""
    engine = open_engine(settings)
    with write(engine) as session:
        write_sources(session, [SOURCE.model_copy(update={"id": name}) for name in PLATFORMS])
        for name, (ref, link) in PLATFORMS.items():
            run = begin_run(session, name, "2026", RunKind.CRAWL, NOON)
            picture = [link] if name == "snap" else []
            ingest_page(session, run, [make_ad(ref, media_urls=picture)], None, NOON)
            end_run(session, run, Outcome.DONE, NOON)
    engine.dispose()


@pytest.mark.parametrize("source", PLATFORMS)
def test_a_platforms_own_link_finds_the_ad_of_that_source(platforms, find, source):
    ref, link = PLATFORMS[source]
    answer = find(link)
    assert (answer["matched_by"], [ad["id"] for ad in answer["ads"]]) == ("id", [f"{source}:{ref}"])


def test_an_id_that_several_sources_have_finds_the_ad_of_each(platforms, find):
    assert {ad["source"] for ad in find("9990001")["ads"]} == {
        "meta_ad_library",
        "microsoft_ad_library",
        "tiktok_commercial_content",
    }


def test_a_snap_link_is_taken_letter_by_letter(platforms, find):
    for name in ("c0ff_e", "c0ff", "offee"):
        assert find(f"https://www.snap.com/political-ads/asset/{name}")["ads"] == []


def test_a_platforms_link_of_an_ad_that_is_not_here_finds_nothing_and_says_what_was_looked_at(find):
    answer = find("https://www.facebook.com/ads/library/?id=999000000000001")
    assert (answer["matched_by"], answer["ads"]) == (None, [])
    assert answer["sources"] == [
        {"id": "example", "title": "Example political ads file", "path": "/sources/example"}
    ]


def test_a_sentence_finds_all_ads_that_say_just_this(find):
    answer = find(TEXT.upper())
    assert (answer["matched_by"], list_ids(answer)) == ("text", ["t0", "t1", "t2"])
    assert {ad["reason"] for ad in answer["ads"]} == {
        "the same words: links, signs, capitals or order differ"
    }


def test_one_wrong_word_finds_them_too_and_is_said(find):
    answer = find(TEXT.replace("listens", "hears"))
    assert (answer["matched_by"], list_ids(answer)) == ("text", ["t0", "t1", "t2"])
    assert answer["ads"][0]["reason"] == (
        "79% of word pairs are the same: your words are “hears”; the ad says “listens”"
    )


def test_a_part_of_a_longer_text_is_searched_for_as_it_stands(find):
    answer = find("the hall behind the old bridge has room for everybody")
    assert (answer["matched_by"], list_ids(answer)) == ("words", ["long"])
    assert answer["ads"][0]["reason"] == "it has these words side by side"


def test_under_four_words_it_is_the_same_text_or_a_search(find):
    assert find("clean harbour now")["matched_by"] == "text"
    answer = find("above the quay")
    assert (answer["matched_by"], list_ids(answer)) == ("words", ["p1"])


@pytest.mark.parametrize("text", ["!!! ???", "AND NOT (", "payer:", '"', "nothingofthekind", "%_"])
def test_words_that_no_ad_has_find_nothing_and_are_no_error(find, text):
    assert find(text)["ads"] == []


def test_an_edited_picture_finds_its_ad_and_is_counted_as_compared(find):
    edited = ImageEnhance.Brightness(draw_scene().resize((200, 150))).enhance(0.9)
    answer = find(picture=encode_picture(edited, "JPEG", quality=60))
    assert (answer["matched_by"], list_ids(answer)) == ("picture", ["p1"])
    assert re.fullmatch(
        r"its picture looks the same: [0-3] of 64 points .*", answer["ads"][0]["reason"]
    )
    assert answer["compared_pictures"] == 1


def test_another_picture_finds_nothing_and_says_with_how_many_it_was_compared(find):
    answer = find(picture=encode_picture(draw_scene(seed=9)))
    assert (answer["matched_by"], answer["ads"], answer["compared_pictures"]) == (None, [], 1)


def test_a_plain_picture_is_compared_with_none(find):
    plain = draw_scene().crop((0, 0, 1, 1)).resize((90, 80))
    assert find(picture=encode_picture(plain))["compared_pictures"] is None


def test_a_withheld_picture_is_found_by_nobody(find, settings):
    engine = open_engine(settings)
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "p1")).scalar_one()
        redact_field(session, ad, "media_urls", "a court's order", "Jo Clerk", NOON)
    engine.dispose()
    assert find(picture=encode_picture(draw_scene()))["ads"] == []


def test_words_in_a_picture_that_is_not_kept_find_the_ad(find, monkeypatch):
    monkeypatch.setattr(api.finding, "read_words_of", lambda grey: TEXT.replace("all", "a11"))
    answer = find(picture=encode_picture(draw_words("anything")))
    assert (answer["matched_by"], list_ids(answer)) == ("picture_words", ["t0", "t1", "t2"])


@pytest.mark.skipif(find_tesseract() is None, reason="this machine has no tesseract")
def test_tesseract_reads_them(find):
    words = draw_words("Clean harbour now")
    assert list_ids(find(picture=encode_picture(words))) == ["short"]


def test_the_picture_is_looked_at_only_where_the_text_finds_none(find):
    picture = encode_picture(draw_scene())
    assert find("t1", picture)["matched_by"] == "id"
    assert find("nothingofthekind", picture)["matched_by"] == "picture"


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (b"this is only text", "no picture that can be read here: JPEG, PNG, GIF, WEBP"),
        (b"%PDF-1.7 and more", "no picture that can be read here"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read here"),
        (encode_picture(draw_scene())[:300], "cannot be read as image/png"),
        (b"\xff\xd8\xff\xe0 broken", "cannot be read as image/jpeg"),
        (make_bomb(), "would unpack to"),
        (make_bomb(200_000), "would unpack to too many points"),
    ],
)
def test_a_file_that_is_no_picture_or_a_bomb_is_refused_in_words(find, held, picture, says):
    refused = find("t1", picture, status=400)
    assert says in refused["detail"]
    page = held.post("/find", files={"picture": ("x.png", picture)})
    assert page.status_code == 400
    assert says in unescape(page.text)


def test_nothing_sent_and_too_long_a_text_are_said(find, held):
    assert "give a link" in find(status=422)["detail"]
    assert "give a link" in find("  \n ", status=422)["detail"]
    assert held.post("/api/v1/find").status_code == 422
    assert "at most 5,000 characters" in find("a " * 3_000, status=422)["detail"]
    page = held.post("/find", data={"text": ""}, files={"picture": ("", b"")})
    assert page.status_code == 400
    assert "Give a link" in page.text


def test_what_is_too_large_is_refused_before_it_is_read(held):
    for path in ("/find", "/api/v1/find"):
        refused = held.post(path, files={"picture": ("x.png", bytes(MOST_BYTES_TO_FIND))})
        assert refused.status_code == 413
        assert "10,000,000 bytes" in refused.text
    large = encode_picture(draw_scene()) + bytes(2_000_000)
    assert held.post("/api/v1/find", files={"picture": ("x.png", large)}).status_code == 200
    assert held.post("/report", content=bytes(1_100_000)).status_code == 413


def count_all(settings) -> dict[str, int]:
    """Rows of every table, and files below the home but for the database's own."""
    engine = open_engine(settings)
    with read(engine) as session:
        tables = SQLModel.metadata.tables
        counts = {
            name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }
    engine.dispose()
    files = [path for path in settings.home.rglob("*") if not path.name.endswith(("-wal", "-shm"))]
    return counts | {"files": len(files)}


class Lines(logging.Handler):
    """Whatever is logged, of every level."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.all: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(record.getMessage())


@pytest.fixture
def lines():
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(lines)
    root.setLevel(level)


def test_nothing_is_kept_of_what_is_sent(find, held, settings, lines, monkeypatch):
    before = count_all(settings)
    rolled = []
    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", rolled.append)
    large = encode_picture(draw_scene(seed=4)) + bytes(3_000_000)
    find(SECRET, large)
    answer = held.post("/find", data={"text": SECRET}, files={"picture": (SECRET, large)})
    assert count_all(settings) == before
    assert rolled == []
    assert any("POST /find" in line for line in lines.all)
    assert not any("zanzibarquux" in line for line in lines.all)
    assert "set-cookie" not in answer.headers


def test_the_page_shows_the_ads_with_why_and_their_copies(held):
    page = unescape(held.post("/find", data={"text": TEXT.replace("listens", "hears")}).text)
    assert "3 ads, found by the text" in page
    assert 'href="/ads/example/t1"' in page
    assert 'href="/ads/example/t1#copies"' in page
    assert "79% of word pairs are the same: your words are “hears”" in page


def test_the_page_says_that_an_ad_is_not_here_and_what_was_looked_at(held):
    link = "https://www.facebook.com/ads/library/?id=999000000000001"
    page = held.post("/find", data={"text": link}).text
    assert "It is not here" in page
    assert 'href="/sources/example"' in page
    assert 'href="/report"' in page
    assert "No picture was compared." in page
    seen = held.post("/find", files={"picture": ("x.png", encode_picture(draw_scene(seed=9)))})
    assert "compared with 1 kept picture." in seen.text


def test_what_was_typed_is_shown_again_and_runs_nothing(held):
    page = held.post("/find", data={"text": "</textarea><script>alert(1)</script>"}).text
    assert "<script" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;" in page


def test_the_home_page_and_the_page_itself_have_the_box(held):
    for path in ("/", "/find"):
        page = held.get(path).text
        assert '<form class="find" action="/find" method="post"' in page
        assert 'enctype="multipart/form-data"' in page
