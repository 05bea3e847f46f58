"""Media that are due, kept or missing, at two sources with the same refs."""

from datetime import timedelta

import pytest

from archive.media.files import (
    MachineText,
    keep_file,
    list_due,
    list_unread,
    note_fetches,
)
from archive.media.pictures import FileFacts
from archive.media.terms import list_terms_scopes
from archive.models.media import MediaState
from archive.reading.ads.media import count_not_kept
from archive.records import Allowance
from archive.store.blobs import Blob
from archive.store.database import read, write
from archive.store.setup import write_sources
from tests.archive.conftest import NOON
from tests.archive.media.kept_media import (
    LATER,
    ONE,
    UNREAD,
    make_outcome,
)
from tests.sources_with_terms import make_source


@pytest.fixture
def two_sources(engine, ingest_run, make_ad):
    """The same refs at two sources that allow their media; some ads name none, one is not listed."""
    with write(engine) as session:
        write_sources(session, [make_source(Allowance.PUBLISH, n) for n in ("example", "other")])
    for source in ("example", "other"):
        ads = [make_ad(f"a{n}", media_urls=[f"https://{source}.example/{n}.png"]) for n in (1, 2)]
        hidden = make_ad("hidden", media_urls=[ONE], declared_political=False)
        ingest_run([*ads, make_ad("bare"), hidden], source=source)
    return engine


def list_due_of(session, source, at, limit=100):
    shelf = next(each for each in list_terms_scopes(session) if each.source == source)
    return list_due(session, shelf, at, limit)


def test_each_source_has_its_own_ads_due_and_its_own_to_ask_again(two_sources):
    unreachable, gone = MediaState.UNREACHABLE, MediaState.GONE
    with write(two_sources) as session:
        for source, states in (("example", (unreachable, gone)), ("other", (gone, unreachable))):
            hidden, second, first = list_due_of(session, source, LATER)
            assert [ad.ref for ad in (hidden, second, first)] == ["hidden", "a2", "a1"]
            for ad, state in zip((first, second), states, strict=True):
                outcome = make_outcome(session, state, "0" * 16, LATER)
                note_fetches(session, source, ad, {ad.addresses[0]: outcome}, LATER)
    with read(two_sources) as session:
        for source, again in (("example", "a1"), ("other", "a2")):
            tomorrow = LATER + timedelta(days=1)
            due_now = list_due_of(session, source, tomorrow - timedelta(seconds=1))
            assert [ad.ref for ad in due_now] == ["hidden"]
            due = list_due_of(session, source, tomorrow)
            assert [ad.ref for ad in due] == ["hidden", again]
            assert due[1].addresses == (f"https://{source}.example/{again[1]}.png",)
            assert [ad.ref for ad in list_due_of(session, source, tomorrow, 1)] == ["hidden"]


def test_what_is_not_kept_is_told_by_source_of_listed_ads_that_name_media(two_sources):
    with write(two_sources) as session:
        _, second, first = list_due_of(session, "other", LATER)
        for ad, state in ((first, MediaState.KEPT), (second, MediaState.GONE)):
            outcome = make_outcome(session, state, "0" * 16, LATER)
            note_fetches(session, "other", ad, {ad.addresses[0]: outcome}, LATER)
    with read(two_sources) as session:
        told = [
            (data_gap.source, data_gap.reason, data_gap.count)
            for data_gap in count_not_kept(session)
        ]
    assert told == [
        ("example", "not fetched yet", 2),
        ("other", "it was not there any more when we crawled", 1),
    ]


def test_files_no_machine_has_read_wait_in_the_order_in_which_they_came(engine):
    kept = [
        ("c", "image/png", 1),
        ("b", "image/jpeg", 0),
        ("a", "image/png", 1),
        ("d", "video/mp4", 0),
    ]
    with write(engine) as session:
        for sha, media_type, hours in kept:
            lease = FileFacts(media_type, 9, 8, None)
            at = NOON + timedelta(hours=hours)
            keep_file(session, Blob(sha * 64, 5), lease, UNREAD, at)
        read_already = FileFacts("image/png", 9, 8, None)
        keep_file(session, Blob("e" * 64, 5), read_already, MachineText("Vote", None, "x"), NOON)
        kinds = ("image/png", "image/jpeg")
        waiting = [file.sha256[0] for file in list_unread(session, kinds, 10)]
        assert waiting == ["b", "a", "c"]
        assert [file.sha256[0] for file in list_unread(session, kinds, 2)] == ["b", "a"]
