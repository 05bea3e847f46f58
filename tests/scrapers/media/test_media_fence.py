"""A picture that something fails on is put aside with its ad; the next one is fetched, by everyone."""

import pytest
from sqlmodel import select
from starlette.responses import Response

from archive.media.pictures import measure_file
from archive.models import AdMedia, QuarantinedPiece
from archive.models.media import MediaState
from archive.records import MissingReason
from archive.store.database import read
from scrapers.media import fetcher, machine_text
from scrapers.media.collecting import MediaOrder, fetch_media
from scrapers.media.machine_text import read_kept
from tests.scrapers.media.conftest import HOST, SMALL, list_states

BAD = b"\xff\xd8\xff a picture that a reader fails on"


@pytest.fixture
def poisoned(cdn, monkeypatch):
    """One picture on which measuring fails as nobody foresaw."""

    def measure(path):
        if path.read_bytes() == BAD:
            raise TypeError("an address of the source")
        return measure_file(path)

    cdn.instead["/bad.jpg"] = Response(BAD, media_type="image/jpeg")
    monkeypatch.setattr(fetcher, "measure_file", measure)
    return monkeypatch


def read_pieces(engine):
    with read(engine) as session:
        return session.exec(select(QuarantinedPiece)).all()


def test_a_picture_that_fails_holds_up_no_other_and_is_not_met_again(
    engine, take_in, fetch, cdn, poisoned
):
    take_in("open", a1=[f"{HOST}/one.png"])
    take_in("open", a2=[f"{HOST}/bad.jpg", f"{HOST}/other.png"])
    tries = fetch()

    assert list_states(tries) == {
        "/one.png": MediaState.KEPT,
        "/other.png": MediaState.KEPT,
        "/bad.jpg": MediaState.UNREACHABLE,
    }
    (piece,) = read_pieces(engine)
    assert (piece.stage, piece.subject, piece.source) == ("media", "open:a2", "open")
    assert "(TypeError)" in piece.reason
    assert "address of the source" not in piece.reason
    asked = list(cdn.asked)
    assert fetch() == []
    assert cdn.asked == asked


def test_what_was_put_aside_is_fetched_once_it_can_be(engine, take_in, fetch, poisoned):
    take_in("open", a2=[f"{HOST}/bad.jpg"])
    fetch()
    assert [each.is_put_aside for each in fetch(again=frozenset({"open:a2"}))] == [True]

    poisoned.setattr(fetcher, "measure_file", measure_file)
    assert [each.outcome.state for each in fetch(again=frozenset({"open:a2"}))] == ["kept"]
    assert [piece.status for piece in read_pieces(engine)] == ["released"]


def test_an_address_that_cannot_be_written_down_holds_up_no_other(
    engine, take_in, fetch, monkeypatch
):
    take_in("open", a1=[f"{HOST}/one.png"])
    take_in("open", a2=[f"{HOST}/other.png"])
    note = fetcher.note_fetches

    def note_most(session, source, ad, *rest):
        if ad.ref == "a2":
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half a character")
        note(session, source, ad, *rest)

    monkeypatch.setattr(fetcher, "note_fetches", note_most)
    fetch()
    assert [piece.subject for piece in read_pieces(engine)] == ["open:a2"]
    with read(engine) as session:
        assert [row.url for row in session.exec(select(AdMedia))] == [f"{HOST}/one.png"]


def test_a_full_disk_puts_nothing_aside(settings, engine, clock, take_in, base_url, monkeypatch):
    take_in("open", a1=[f"{HOST}/one.png"])

    def fail(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(fetcher, "measure_file", fail)
    with pytest.raises(OSError, match="no space"):
        list(fetch_media(settings, engine, clock, MediaOrder(base_url=base_url), SMALL, clock.wait))
    assert read_pieces(engine) == []


def test_a_picture_whose_words_cannot_be_read_is_unreadable_and_the_next_one_is_read(
    settings, engine, clock, take_in, fetch, monkeypatch
):
    take_in("open", a1=[f"{HOST}/one.png", f"{HOST}/other.png"])
    fetch()
    monkeypatch.setattr(machine_text, "find_tesseract", lambda: "tesseract")
    read = []

    def read_words(path, media_type):
        read.append(path)
        if len(read) == 1:
            raise RecursionError
        return machine_text.MachineText("words", None, "a machine")

    monkeypatch.setattr(machine_text, "read_words", read_words)
    assert read_kept(settings, engine, clock, 10) == 2
    assert read_kept(settings, engine, clock, 10) == 0
    (piece,) = read_pieces(engine)
    assert piece.subject.startswith("sha256:")
    assert machine_text.UNREAD.missing == MissingReason.UNREADABLE
