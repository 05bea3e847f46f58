"""Find this ad by a picture; what is refused, and that nothing of what is sent is kept."""

import logging
import re
from html import unescape

import pytest
from PIL import ImageEnhance
from sqlalchemy import func, select
from sqlmodel import SQLModel

import api.finding
from api.limits import MOST_BYTES_TO_FIND
from archive.media.machine_text import find_tesseract
from archive.models import Ad
from archive.privacy.redactions import redact_field
from archive.store.database import open_engine, read, write
from tests.api.conftest import NOON
from tests.api.finding.conftest import TEXT, list_ids
from tests.drawn import draw_scene, draw_words, encode_picture, make_bomb

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"])

SECRET = "Nobody ever says zanzibarquux in any log"


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


def test_of_more_than_a_process_may_hold_the_next_is_told_to_come_again(held, monkeypatch):
    monkeypatch.setattr("api.limits.MOST_HELD", 0)
    for path in ("/find", "/api/v1/find"):
        refused = held.post(path, data={"text": "t1"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    monkeypatch.setattr("api.limits.MOST_HELD", 1)
    answers = [held.post("/api/v1/find", data={"text": "t1"}).status_code for _ in range(3)]
    assert answers == [200, 200, 200]


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
