"""Every state of an ad is found as of the time it held, on every engine as by reading the archive itself."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from archive.curation.labels import label_ad, withdraw_label
from archive.media.files import (
    FetchOutcome,
    MachineText,
    keep_file,
    list_due,
    note_fetches,
    set_machine_text,
)
from archive.media.pictures import FileFacts
from archive.media.terms import list_terms_scopes
from archive.models import Ad, MediaFile
from archive.models.media import MediaState
from archive.privacy.redactions import redact_field
from archive.reading.as_of.moment import Moment
from archive.records import Allowance
from archive.store.blobs import Blob
from archive.store.database import read, write
from archive.store.setup import write_sources
from config.settings import Settings
from search.as_of.answers import search_as_of
from search.as_of.by_engine import answer_as_of
from search.question.query import build_query
from tests.examples import few_or_many
from tests.migrated import init_fresh
from tests.search.conftest import ENGINES, SearchArchive, make_ad, open_engine, refs_of
from tests.sources_with_terms import make_source

SHA = "c" * 64
PICTURE = "https://cdn.example/1.png"
UNREAD = MachineText(None, "not_looked", "this machine has no tesseract")
FACETS = ("payer", "country", "currency", "state", "media", "advertiser")
WORDS = ("harbour", "lighthouse", "tower", "painted", "old", "-harbour", '"old harbour"', "light*")
FILTERS = (
    *(("payer", "Old Friends"), ("payer", "New Friends"), ("state", "vanished"), ("media", "kept")),
    *(("currency", "NOK"), ("country", "GR"), ("vanished_from", "2026-01-01")),
    *(("from", "2026-01-02"), ("unknown", "payer"), ("first_seen_to", "2026-03-01")),
)


def live_through(archive: SearchArchive, follow: Callable[[], object]) -> None:
    """A little history in which everything about an ad changes once; `follow` is called after each step."""
    said = {
        "payer_name": "Old Friends",
        "countries": ["GR"],
        "currency": "EUR",
        "spend_lower_minor": 1,
    }
    one = make_ad("a", "old harbour", media_urls=[PICTURE], **said)
    other = make_ad("b", "harbour lights", declared_political=False, started_on=date(2026, 1, 1))
    archive.add(one, other, make_ad("c", "a tower"), sweep=True)
    follow()
    archive.add(one.model_copy(update={"spend_lower_minor": 9}), other, sweep=True)
    follow()
    keep_picture(archive)
    follow()
    renamed = {"payer_name": "New Friends", "bodies": ["old lighthouse"], "currency": "NOK"}
    archive.add(one.model_copy(update=renamed), make_ad("c", "a tower, back"), other, sweep=True)
    follow()
    change_label(archive, label_ad)
    follow()
    read_picture(archive)
    follow()
    back = {"payer_name": None, "bodies": ["old harbour"], "currency": "EUR"}
    archive.add(one.model_copy(update=back), other, sweep=True)
    follow()
    change_label(archive, withdraw_label)
    follow()


def keep_picture(archive: SearchArchive) -> None:
    archive.now += timedelta(hours=1)
    with write(archive.engine) as session:
        scope = next(iter(list_terms_scopes(session)))
        [due] = list_due(session, scope, archive.now, 10)
        keep_file(session, Blob(SHA, 5), FileFacts("image/png", 9, 8, None), UNREAD, archive.now)
        kept = {PICTURE: FetchOutcome(MediaState.KEPT, sha256=SHA)}
        note_fetches(session, "example", due, kept, archive.now)


def read_picture(archive: SearchArchive) -> None:
    archive.now += timedelta(hours=1)
    with write(archive.engine) as session:
        words = MachineText("PAINTED WORDS", None, "tesseract 9")
        set_machine_text(session, session.get_one(MediaFile, SHA), words, archive.now)


def change_label(archive: SearchArchive, change) -> None:
    archive.now += timedelta(hours=1)
    with write(archive.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "b")).one()
        change(session, ad, "Ann", "it is about a vote", archive.now)


def redact(archive: SearchArchive, ref: str, field: str) -> None:
    archive.now += timedelta(hours=1)
    with write(archive.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == ref)).one()
        redact_field(session, ad, field, "a court", "Ann", archive.now)


@pytest.fixture(
    scope="module", params=[(name, often) for name in ENGINES for often in (True, False)]
)
def lived(request, tmp_path_factory):
    """An archive with a history that an engine has followed step by step, or taken in at once."""
    engine, often = request.param
    folder: Path = tmp_path_factory.mktemp("history")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    with write(archive.engine) as session:
        write_sources(session, [make_source(Allowance.PUBLISH)])
    began = archive.now
    search = open_engine(engine, archive.engine, folder, request.getfixturevalue)
    archive.add(make_ad("first"))
    archive.sync(search)
    live_through(archive, lambda: archive.sync(search) if often else None)
    archive.sync(search)
    return archive, search, began


def tell(page):
    return refs_of(page), page.total, page.facets, page.facet_unknown, page.hits


def test_every_moment_is_answered_as_the_archive_itself_does(lived):
    archive, search, began = lived
    hours = int((archive.now - began) / timedelta(hours=1))

    @settings(max_examples=few_or_many(80), deadline=None)
    @given(
        st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
        st.lists(st.sampled_from(FILTERS), max_size=2, unique=True),
        st.integers(0, hours),
        st.sampled_from([None, "unlabelled"]),
    )
    def ask(text, filters, hour, include):
        query = build_query(text, filters=filters, facets=FACETS, include=include)
        moment = Moment(as_of=began + timedelta(hours=hour))
        with read(archive.engine) as session:
            told = answer_as_of(session, search, query, moment)
            right = search_as_of(session, query, moment)
        assert told.engine == search.name
        assert tell(told) == tell(right)

    ask()


def test_what_is_withheld_is_found_as_of_no_time(lived):
    archive, search, began = lived
    redact(archive, "a", "payer_name")
    archive.sync(search)
    query = build_query("payer:friends", facets=["payer"])
    for hour in range(20):
        moment = Moment(as_of=began + timedelta(hours=hour))
        with read(archive.engine) as session:
            told = answer_as_of(session, search, query, moment)
        assert (told.engine, told.total, told.facets) == (search.name, 0, {"payer": {}})


def test_a_copy_that_lacks_what_was_known_then_is_not_asked(lived):
    archive, search, _ = lived
    archive.add(make_ad("late", "harbour newest"))
    with read(archive.engine) as session:
        told = answer_as_of(session, search, build_query("newest"), Moment(as_of=archive.now))
    assert (told.engine, told.total) == ("archive", 1)


def test_numbers_as_of_a_time_are_read_in_the_archive(lived):
    archive, search, began = lived
    query = build_query(filters=[("spend_min", "0"), ("currency", "EUR")])
    with read(archive.engine) as session:
        told = answer_as_of(session, search, query, Moment(as_of=began + timedelta(hours=2)))
    assert (told.engine, refs_of(told)) == ("archive", ["a"])


def test_the_piece_shown_is_the_one_that_has_what_was_asked_for(search, search_archive):
    search_archive.add(make_ad("a", "old stories of the fund", payer_name="Old Fund"))
    search_archive.add(make_ad("a", "old stories of the fund", payer_name="New Union"))
    search_archive.sync(search)
    [hit] = search_archive.ask(search, '"old fund"').hits
    assert (hit.snippet_from, hit.former_names) == ("former_names", {"payer": ["Old Fund"]})
    [hit] = search_archive.ask(search, "old stories").hits
    assert hit.snippet_from == "body"
