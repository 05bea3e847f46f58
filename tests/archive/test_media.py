"""What is to be fetched, what a look brought, and what readers get of it, on each database."""

from datetime import timedelta

import pytest
from sqlmodel import select

from archive.blobs import Blob
from archive.database import read, write
from archive.errors import NotFoundError
from archive.media import (
    MachineText,
    Outcome,
    find_similar,
    keep_file,
    list_due,
    list_unread,
    note_looks,
    set_machine_text,
)
from archive.models import Ad, AdMedia, Source
from archive.models.media import MediaState
from archive.pictures import PICTURES, Look
from archive.reading import read_ad
from archive.reading.media import count_not_kept, find_shown_file, list_media
from archive.reading.moment import NOW, Moment
from archive.records import Allowance, Material, PartInfo, Terms
from archive.redactions import redact_field
from archive.setup import write_sources
from archive.shelves import list_shelves, media_terms, write_parts
from tests.archive.conftest import NOON
from tests.sources_with_terms import make_source

LATER = NOON + timedelta(hours=1)
ONE, TWO = "https://cdn.example/1.png", "https://cdn.example/2.png"
SHA = "a" * 64
UNREAD = MachineText(None, "not_looked", "this machine has no tesseract")


@pytest.fixture
def allow(engine):
    def write_terms(allows: Allowance | None) -> None:
        with write(engine) as session:
            write_sources(session, [make_source(allows)])

    return write_terms


@pytest.fixture
def note(engine):
    """Write down looks at the addresses that are due; what is kept is a picture of that hash."""

    def note_outcomes(dhash: str = "0123456789abcdef", at=LATER, **outcomes: MediaState) -> None:
        with write(engine) as session:
            (shelf,) = list_shelves(session)
            for ad in list_due(session, shelf, at, 100):
                made = {}
                for url in ad.addresses:
                    name = url.rsplit("/", 1)[-1].removesuffix(".png")
                    state = outcomes.get(f"{ad.ref}_{name}", MediaState.KEPT)
                    made[url] = make_outcome(session, state, dhash, at)
                note_looks(session, "example", ad, made, at)

    return note_outcomes


def make_outcome(session, state, dhash, at) -> Outcome:
    if state == MediaState.KEPT:
        look = Look("image/png", 9, 8, dhash)
        file = keep_file(session, Blob(SHA, 5), look, UNREAD, at)
        return Outcome(state, sha256=file.sha256)
    retry_at = at + timedelta(days=1) if state == MediaState.UNREACHABLE else None
    return Outcome(state, f"it is {state}", retry_at=retry_at)


def show(engine, moment=NOW, ref="a1"):
    with read(engine) as session:
        return list_media(session, read_ad(session, f"example:{ref}", moment), moment)


def list_due_refs(engine, at, part=None):
    with read(engine) as session:
        shelf = next(each for each in list_shelves(session) if each.part == part)
        return [(ad.ref, ad.addresses) for ad in list_due(session, shelf, at, 10)]


def test_terms_of_a_source_come_back_as_they_were_written(engine, allow):
    allow(Allowance.KEEP)

    with read(engine) as session:
        terms = media_terms(session.get_one(Source, "example"))

    assert terms == Terms(allows=Allowance.KEEP, because="section 4")


def test_a_source_written_down_before_there_were_terms_is_left_alone(engine, allow):
    allow(None)
    with write(engine) as session:
        session.get_one(Source, "example").republish = {}

    with read(engine) as session:
        assert media_terms(session.get_one(Source, "example")).allows == Allowance.LEAVE


def test_ads_are_due_once_in_each_version_newest_first(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    ads = [
        make_ad("a1", media_urls=[ONE, ONE, TWO]),
        make_ad("a2", media_urls=[TWO]),
        make_ad("a3"),
    ]
    look_at(ads)

    assert list_due_refs(engine, LATER) == [("a2", (TWO,)), ("a1", (ONE, TWO))]

    note()
    assert list_due_refs(engine, LATER) == []

    look_at([make_ad("a1", media_urls=[ONE], bodies=["Other words"]), *ads[1:]], LATER)
    assert list_due_refs(engine, LATER) == [("a1", (ONE,))]


@pytest.fixture
def write_feed(engine):
    def write_terms(name: str, allows: Allowance, licence: str = "CC-BY-4.0") -> None:
        terms = {Material.MEDIA: Terms(allows=allows, because="its licence")}
        info = PartInfo(title="A panel", publisher="Panel", licence=licence, republish=terms)
        with write(engine) as session:
            write_parts(session, "example", {name: info})

    return write_terms


def test_the_terms_of_a_feed_hold_for_its_ads_and_for_no_others(
    engine, allow, write_feed, look_at, make_ad
):
    allow(Allowance.LEAVE)
    write_feed("panel", Allowance.PUBLISH)
    refs = ["panel/1", "PANEL/1", "panel", "panel2/1", "other/panel/1"]
    look_at([make_ad(ref, media_urls=[ONE]) for ref in refs])

    assert list_due_refs(engine, LATER, "panel") == [("panel/1", (ONE,))]
    assert {ref for ref, _ in list_due_refs(engine, LATER)} == set(refs) - {"panel/1"}


def test_a_picture_of_a_feed_is_shown_with_credit_until_its_terms_change(
    engine, allow, write_feed, look_at, make_ad
):
    allow(Allowance.LEAVE)
    write_feed("panel", Allowance.PUBLISH)
    look_at([make_ad("panel/1", media_urls=[ONE])])
    with write(engine) as session:
        shelf = next(each for each in list_shelves(session) if each.name == "example/panel")
        (ad,) = list_due(session, shelf, LATER, 10)
        outcome = make_outcome(session, MediaState.KEPT, "0123456789abcdef", LATER)
        note_looks(session, "example", ad, {ONE: outcome}, LATER)

    (item,) = show(engine, ref="panel/1")
    assert (item.state, item.credit) == ("shown", "A panel, Panel; terms of reuse: CC-BY-4.0")
    with read(engine) as session:
        assert find_shown_file(session, SHA).sha256 == SHA

    write_feed("panel", Allowance.KEEP)
    (item,) = show(engine, ref="panel/1")
    assert (item.state, item.credit) == ("kept", "")
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)


@pytest.mark.parametrize(
    ("allows", "state", "reason"),
    [
        (Allowance.LEAVE, "terms", "section 4"),
        (Allowance.KEEP, "not_provided", "its source gives no address of a picture or video of it"),
    ],
)
def test_an_ad_that_names_no_media_says_why_there_is_nothing(
    engine, allow, look_at, make_ad, allows, state, reason
):
    allow(allows)
    look_at([make_ad("a1")])

    (item,) = show(engine)

    assert (item.url, item.state, item.reason) == (None, state, reason)


def test_every_address_says_what_there_is_of_it(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    many = [f"https://cdn.example/{number}.png" for number in range(22)]
    look_at([make_ad("a1", media_urls=many)])
    note(a1_0=MediaState.GONE, a1_1=MediaState.UNREACHABLE)

    shown = show(engine)

    assert [item.url for item in shown] == many
    assert [item.state for item in shown[:3]] == ["gone", "unreachable", "shown"]
    assert shown[0].reason == "it is gone"
    assert (shown[2].path, shown[2].width, shown[2].reason) == (f"/media/{SHA}", 9, "")
    assert shown[2].missing == {"machine_text": "not_looked"}
    assert (shown[21].state, shown[21].reason) == (
        "not_looked",
        "only the first 20 of an ad are fetched",
    )


@pytest.mark.parametrize(
    ("allows", "state"), [(Allowance.LEAVE, "terms"), (Allowance.KEEP, "not_looked")]
)
def test_before_anyone_looked_the_terms_say_whether_anyone_will(
    engine, allow, look_at, make_ad, allows, state
):
    allow(allows)
    look_at([make_ad("a1", media_urls=[ONE])])

    (item,) = show(engine)

    assert item.state == state
    assert ("section 4" in item.reason) == (allows == Allowance.LEAVE)


def test_what_may_only_be_kept_is_neither_shown_nor_told(engine, allow, look_at, make_ad, note):
    allow(Allowance.KEEP)
    look_at([make_ad("a1", media_urls=[ONE])])
    note()
    with write(engine) as session:
        (file,) = list_unread(session, PICTURES, 10)
        set_machine_text(session, file, MachineText("VOTE", None, "tesseract 9"))

    (item,) = show(engine)

    assert (item.state, item.path, item.sha256) == ("kept", None, SHA)
    assert item.machine_text is None
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)


def test_what_was_kept_stays_when_the_ad_changes_or_vanishes(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE]), make_ad("a2")])
    note()
    look_at([make_ad("a1", media_urls=[TWO]), make_ad("a2")], LATER)
    note(a1_2=MediaState.GONE)
    look_at([make_ad("a2")], LATER + timedelta(hours=1))

    assert [(item.url, item.state) for item in show(engine)] == [(TWO, "gone"), (ONE, "shown")]
    with read(engine) as session:
        assert find_shown_file(session, SHA).sha256 == SHA


def test_a_kept_file_is_not_given_up_when_a_later_look_fails(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE])])
    note()
    look_at([make_ad("a1", media_urls=[ONE], bodies=["Other words"])], LATER)
    note(a1_1=MediaState.GONE)

    (item,) = show(engine)

    assert item.state == "shown"


def test_as_of_an_earlier_time_nobody_had_looked(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE])])
    note()

    (then,) = show(engine, Moment(as_of=NOON))
    (now,) = show(engine, Moment(as_of=LATER))

    assert (then.state, now.state) == ("not_looked", "shown")


def test_media_whose_addresses_are_withheld_are_withheld_too(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE])])
    note()
    with write(engine) as session:
        ad = session.exec(select(Ad)).one()
        redact_field(session, ad, "media_urls", "It shows a child.", "R. Viewer", LATER)

    assert show(engine) == []
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)


def test_a_file_that_two_ads_show_is_shown_while_one_of_them_may(
    engine, allow, look_at, make_ad, note
):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE]), make_ad("a2", media_urls=[TWO])])
    note()
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "a1")).one()
        redact_field(session, ad, "media_urls", "Its address names a person.", "R. Viewer", LATER)

    with read(engine) as session:
        assert find_shown_file(session, SHA).sha256 == SHA


@pytest.mark.parametrize("sha256", [SHA, "", "x"])
def test_a_file_nobody_keeps_is_not_found(engine, sha256):
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, sha256)


def test_what_is_missing_is_counted_by_reason(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad(f"a{number}", media_urls=[ONE]) for number in range(1, 4)])
    note(a2_1=MediaState.GONE, a3_1=MediaState.GONE)
    look_at([make_ad("a9", media_urls=[TWO])], LATER, sweep=False)

    with read(engine) as session:
        counted = {lack.reason: lack.count for lack in count_not_kept(session)}

    assert counted == {
        "nobody has looked yet": 1,
        "it was not there any more when we looked": 2,
    }


@pytest.mark.parametrize(("bits", "most", "found"), [(3, 3, True), (4, 3, False), (4, 10, True)])
def test_ads_with_nearly_the_same_picture_are_found(
    engine, allow, look_at, make_ad, note, bits, most, found
):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=[ONE])])
    note("00000000000000ff")

    asked = f"{0xFF ^ (2**bits - 1):016x}"
    with read(engine) as session:
        near = find_similar(session, asked, most)

    assert near == ([("example:a1", SHA, bits)] if found else [])


def test_a_very_long_address_is_kept_like_any_other(engine, allow, look_at, make_ad, note):
    allow(Allowance.PUBLISH)
    look_at([make_ad("a1", media_urls=["https://cdn.example/" + "ü" * 20_000])])
    note()

    with read(engine) as session:
        assert len(session.exec(select(AdMedia.url)).one()) > 20_000
