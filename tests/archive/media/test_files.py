"""What is to be fetched, what a run brought, and what readers get of it, on each database."""

from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import select

from archive.errors import NotFoundError
from archive.media.files import (
    MachineText,
    find_similar,
    list_due,
    list_unread,
    note_fetches,
    set_machine_text,
)
from archive.media.pictures import PICTURES
from archive.media.terms import list_terms_scopes
from archive.models import Ad, AdMedia
from archive.models.media import MediaState
from archive.privacy.redactions import redact_field
from archive.reading.ads.media import count_not_kept, find_shown_file
from archive.reading.as_of.moment import Moment
from archive.records import Allowance
from archive.store.database import read, write
from tests.archive.conftest import NOON
from tests.archive.media.kept_media import (
    LATER,
    ONE,
    SHA,
    TWO,
    allow_media,
    list_due_refs,
    make_outcome,
    show,
)


@pytest.fixture
def allow(engine):
    return partial(allow_media, engine)


@pytest.fixture
def note(engine):
    """Write down looks at the addresses that are due; what is kept is a picture of that hash."""

    def note_outcomes(dhash: str = "0123456789abcdef", at=LATER, **outcomes: MediaState) -> None:
        with write(engine) as session:
            (scope,) = list_terms_scopes(session)
            for ad in list_due(session, scope, at, 100):
                made = {}
                for url in ad.addresses:
                    name = url.rsplit("/", 1)[-1].removesuffix(".png")
                    state = outcomes.get(f"{ad.ref}_{name}", MediaState.KEPT)
                    made[url] = make_outcome(session, state, dhash, at)
                note_fetches(session, "example", ad, made, at)

    return note_outcomes


def test_ads_are_due_once_in_each_version_newest_first(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.PUBLISH)
    ads = [
        make_ad("a1", media_urls=[ONE, ONE, TWO]),
        make_ad("a2", media_urls=[TWO]),
        make_ad("a3"),
    ]
    ingest_run(ads)

    assert list_due_refs(engine, LATER) == [("a2", (TWO,)), ("a1", (ONE, TWO))]

    note()
    assert list_due_refs(engine, LATER) == []

    ingest_run([make_ad("a1", media_urls=[ONE], bodies=["Other words"]), *ads[1:]], LATER)
    assert list_due_refs(engine, LATER) == [("a1", (ONE,))]


@pytest.mark.parametrize(
    ("allows", "state", "reason"),
    [
        (Allowance.LEAVE, "terms", "section 4"),
        (Allowance.KEEP, "not_provided", "its source gives no address of a picture or video of it"),
    ],
)
def test_an_ad_that_names_no_media_says_why_there_is_nothing(
    engine, allow, ingest_run, make_ad, allows, state, reason
):
    allow(allows)
    ingest_run([make_ad("a1")])

    (item,) = show(engine)

    assert (item.url, item.state, item.reason) == (None, state, reason)


def test_every_address_says_what_there_is_of_it(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.PUBLISH)
    many = [f"https://cdn.example/{number}.png" for number in range(22)]
    ingest_run([make_ad("a1", media_urls=many)])
    note(a1_0=MediaState.GONE, a1_1=MediaState.UNREACHABLE)

    shown = show(engine)

    assert [item.url for item in shown] == many
    assert [item.state for item in shown[:3]] == ["gone", "unreachable", "shown"]
    assert shown[0].reason == "it was not there any more when we crawled"
    assert (shown[2].path, shown[2].width, shown[2].reason) == (f"/media/{SHA}", 9, "")
    assert shown[2].missing == {"machine_text": "not_looked"}
    assert (shown[21].state, shown[21].reason) == (
        "not_looked",
        "only the first 20 of an ad are fetched",
    )


@pytest.mark.parametrize(
    ("allows", "state"), [(Allowance.LEAVE, "terms"), (Allowance.KEEP, "not_looked")]
)
def test_before_anyone_crawled_the_terms_say_whether_anyone_will(
    engine, allow, ingest_run, make_ad, allows, state
):
    allow(allows)
    ingest_run([make_ad("a1", media_urls=[ONE])])

    (item,) = show(engine)

    assert item.state == state
    assert ("section 4" in item.reason) == (allows == Allowance.LEAVE)


def test_what_may_only_be_kept_is_neither_shown_nor_told(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.KEEP)
    ingest_run([make_ad("a1", media_urls=[ONE])])
    note()
    with write(engine) as session:
        (file,) = list_unread(session, PICTURES, 10)
        set_machine_text(session, file, MachineText("VOTE", None, "tesseract 9"), NOON)

    (item,) = show(engine)

    assert (item.state, item.path, item.sha256) == ("kept", None, SHA)
    assert item.machine_text is None
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)


def test_what_was_kept_stays_when_the_ad_changes_or_vanishes(
    engine, allow, ingest_run, make_ad, note
):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE]), make_ad("a2")])
    note()
    ingest_run([make_ad("a1", media_urls=[TWO]), make_ad("a2")], LATER)
    note(a1_2=MediaState.GONE)
    ingest_run([make_ad("a2")], LATER + timedelta(hours=1))

    assert [(item.url, item.state) for item in show(engine)] == [(TWO, "gone"), (ONE, "shown")]
    with read(engine) as session:
        assert find_shown_file(session, SHA).sha256 == SHA


def test_a_kept_file_is_not_given_up_when_a_later_run_fails(
    engine, allow, ingest_run, make_ad, note
):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE])])
    note()
    ingest_run([make_ad("a1", media_urls=[ONE], bodies=["Other words"])], LATER)
    note(a1_1=MediaState.GONE)

    (item,) = show(engine)

    assert item.state == "shown"


def test_as_of_an_earlier_time_nobody_had_looked(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE])])
    note()

    (then,) = show(engine, Moment(as_of=NOON))
    (now,) = show(engine, Moment(as_of=LATER))

    assert (then.state, now.state) == ("not_looked", "shown")


def test_media_whose_addresses_are_withheld_are_withheld_too(
    engine, allow, ingest_run, make_ad, note
):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE])])
    note()
    with write(engine) as session:
        ad = session.exec(select(Ad)).one()
        redact_field(session, ad, "media_urls", "It shows a child.", "R. Viewer", LATER)

    assert show(engine) == []
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)


def test_a_file_that_two_ads_show_is_shown_while_one_of_them_may(
    engine, allow, ingest_run, make_ad, note
):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE]), make_ad("a2", media_urls=[TWO])])
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


def test_what_is_missing_is_counted_by_reason(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad(f"a{number}", media_urls=[ONE]) for number in range(1, 4)])
    note(a2_1=MediaState.GONE, a3_1=MediaState.GONE)
    ingest_run([make_ad("a9", media_urls=[TWO])], LATER, sweep=False)

    with read(engine) as session:
        counted = {data_gap.reason: data_gap.count for data_gap in count_not_kept(session)}

    assert counted == {
        "not fetched yet": 1,
        "it was not there any more when we crawled": 2,
    }


@pytest.mark.parametrize(("bits", "most", "found"), [(3, 3, True), (4, 3, False), (4, 10, True)])
def test_ads_with_nearly_the_same_picture_are_found(
    engine, allow, ingest_run, make_ad, note, bits, most, found
):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=[ONE])])
    note("00000000000000ff")

    asked = f"{0xFF ^ (2**bits - 1):016x}"
    with read(engine) as session:
        near = find_similar(session, asked, most)

    assert near == ([("example:a1", SHA, bits)] if found else [])


def test_a_very_long_address_is_kept_like_any_other(engine, allow, ingest_run, make_ad, note):
    allow(Allowance.PUBLISH)
    ingest_run([make_ad("a1", media_urls=["https://cdn.example/" + "ü" * 20_000])])
    note()

    with read(engine) as session:
        assert len(session.exec(select(AdMedia.url)).one()) > 20_000
