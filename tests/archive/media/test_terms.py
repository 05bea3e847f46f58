"""Whose terms hold for an ad's media: its source's or its feed's, on each database."""

import pytest

from archive.errors import NotFoundError
from archive.media.files import list_due, note_fetches
from archive.media.terms import list_terms_scopes, media_terms, write_parts
from archive.models import Source
from archive.models.media import MediaState
from archive.reading.ads.media import find_shown_file
from archive.records import Allowance, Material, PartInfo, Terms
from archive.store.database import read, write
from tests.archive.media.kept_media import (
    LATER,
    ONE,
    SHA,
    allow_media,
    list_due_refs,
    make_outcome,
    show,
)


def test_terms_of_a_source_come_back_as_they_were_written(engine):
    allow_media(engine, Allowance.KEEP)

    with read(engine) as session:
        terms = media_terms(session.get_one(Source, "example"))

    assert terms == Terms(allows=Allowance.KEEP, because="section 4")


def test_a_source_written_down_before_there_were_terms_is_left_alone(engine):
    allow_media(engine, None)
    with write(engine) as session:
        session.get_one(Source, "example").republish = {}

    with read(engine) as session:
        assert media_terms(session.get_one(Source, "example")).allows == Allowance.LEAVE


@pytest.fixture
def write_feed(engine):
    def write_terms(name: str, allows: Allowance, licence: str = "CC-BY-4.0") -> None:
        terms = {Material.MEDIA: Terms(allows=allows, because="its licence")}
        info = PartInfo(title="A panel", publisher="Panel", licence=licence, republish=terms)
        with write(engine) as session:
            write_parts(session, "example", {name: info})

    return write_terms


def test_the_terms_of_a_feed_hold_for_its_ads_and_for_no_others(
    engine, write_feed, ingest_run, make_ad
):
    allow_media(engine, Allowance.LEAVE)
    write_feed("panel", Allowance.PUBLISH)
    refs = ["panel/1", "PANEL/1", "panel", "panel2/1", "other/panel/1"]
    ingest_run([make_ad(ref, media_urls=[ONE]) for ref in refs])

    assert list_due_refs(engine, LATER, "panel") == [("panel/1", (ONE,))]
    assert {ref for ref, _ in list_due_refs(engine, LATER)} == set(refs) - {"panel/1"}


def test_a_picture_of_a_feed_is_shown_with_credit_until_its_terms_change(
    engine, write_feed, ingest_run, make_ad
):
    allow_media(engine, Allowance.LEAVE)
    write_feed("panel", Allowance.PUBLISH)
    ingest_run([make_ad("panel/1", media_urls=[ONE])])
    with write(engine) as session:
        scope = next(each for each in list_terms_scopes(session) if each.name == "example/panel")
        (ad,) = list_due(session, scope, LATER, 10)
        outcome = make_outcome(session, MediaState.KEPT, "0123456789abcdef", LATER)
        note_fetches(session, "example", ad, {ONE: outcome}, LATER)

    (item,) = show(engine, ref="panel/1")
    assert (item.state, item.credit) == ("shown", "A panel, Panel; terms of reuse: CC-BY-4.0")
    with read(engine) as session:
        assert find_shown_file(session, SHA).sha256 == SHA

    write_feed("panel", Allowance.KEEP)
    (item,) = show(engine, ref="panel/1")
    assert (item.state, item.credit) == ("kept", "")
    with read(engine) as session, pytest.raises(NotFoundError):
        find_shown_file(session, SHA)
