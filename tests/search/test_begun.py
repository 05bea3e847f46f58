"""Ads that began to answer a question after a moment: on every engine the same."""

from datetime import timedelta

import pytest

from archive.reading.as_of.moment import NOW, Moment
from archive.store.database import create_archive_engine, read
from archive.store.setup import init_archive
from config.settings import Settings
from search.as_of import begun as module
from search.as_of.answers import list_as_of
from search.as_of.begun import list_begun
from search.embedded import EmbeddedSearch
from search.port import SearchUnavailableError
from search.question.query import build_query
from tests.search.conftest import SearchArchive, make_ad

MIXED = [
    make_ad("old", "harbour for all"),
    make_ad("begins", "lighthouse"),
    make_ad("stops", "harbour now"),
    make_ad("comes back", "harbour again"),
]


def list_refs(archive, search, since, text="", **options):
    with read(archive.engine) as session:
        found = list_begun(session, search, build_query(text, **options), since)
    return [ad.public_id.partition(":")[2] for ad in found.ads]


@pytest.fixture
def mixed(search_archive, search):
    """Ads that change after `then`, which is when the archive had only the first of each."""
    search_archive.add(*MIXED)
    then = search_archive.now
    search_archive.sync(search)
    search_archive.add(
        make_ad("old", "harbour for all, still"),
        make_ad("begins", "harbour, not lighthouse"),
        make_ad("stops", "nothing"),
        make_ad("comes back", "nothing"),
    )
    search_archive.add(make_ad("new", "the harbour"), make_ad("comes back", "harbour again"))
    search_archive.sync(search)
    return search_archive, then


def test_new_ads_and_those_whose_words_came_are_listed_newest_first(mixed, search):
    archive, then = mixed
    assert list_refs(archive, search, then, "harbour") == ["new", "begins"]
    assert list_refs(archive, search, archive.now, "harbour") == []


def test_a_phrase_and_a_word_left_out_are_no_other_question(mixed, search):
    archive, then = mixed
    assert list_refs(archive, search, then, '"harbour not"') == ["begins"]
    assert list_refs(archive, search, then, "-harbour") == ["stops"]
    assert list_refs(archive, search, then, "harbour -lighthouse") == ["new"]


def test_it_is_the_difference_of_two_plain_answers(mixed, search):
    archive, then = mixed
    for text in ("harbour", "-harbour", "nothing OR lighthouse", "harb*", ""):
        query = build_query(text)
        with read(archive.engine) as session:
            now = list_as_of(session, query, NOW)
            before = list_as_of(session, query, Moment(as_of=then))
            found = list_begun(session, search, query, then)
        assert {ad.id for ad in found.ads} == {*now} - {*before}, text


def test_an_ad_begins_to_pass_a_filter_too(search_archive, search):
    search_archive.add(make_ad("a", "harbour", countries=["GR"]), sweep=True)
    then = search_archive.now
    search_archive.sync(search)
    search_archive.add(make_ad("a", "harbour", countries=["GR", "IT"]))
    search_archive.sync(search)
    assert list_refs(search_archive, search, then, filters=[("country", "IT")]) == ["a"]
    assert list_refs(search_archive, search, then, filters=[("country", "GR")]) == []
    moved = search_archive.now
    search_archive.add(make_ad("b"), sweep=True)
    search_archive.sync(search)
    assert list_refs(search_archive, search, moved, filters=[("state", "vanished")]) == ["a"]


def test_an_ad_begins_to_answer_by_its_numbers(search_archive, search):
    search_archive.add(make_ad("a", impressions_lower=10), make_ad("b", impressions_lower=500))
    then = search_archive.now
    search_archive.add(make_ad("a", impressions_lower=200), make_ad("b", impressions_lower=600))
    search_archive.sync(search)
    many = [("impressions_min", "100")]
    assert list_refs(search_archive, search, then, filters=many) == ["a"]


def test_without_its_engine_the_archive_tells_the_same(mixed, search, monkeypatch):
    archive, then = mixed

    def be_away(*_):
        raise SearchUnavailableError("it is away")

    monkeypatch.setattr(search, "list_ads", be_away)
    assert list_refs(archive, search, then, "harbour") == ["new", "begins"]


def test_what_the_copy_does_not_follow_yet_comes_when_it_does(mixed, search):
    archive, _ = mixed
    then = archive.now
    archive.add(make_ad("late", "harbour"), make_ad("new", "no more"))
    assert list_refs(archive, search, then, "harbour") == []
    archive.sync(search)
    assert list_refs(archive, search, then, "harbour") == ["late"]


def test_of_many_the_newest_are_listed_and_more_is_said(search_archive, embedded, monkeypatch):
    monkeypatch.setattr(module, "LISTED", 3)
    monkeypatch.setattr(module, "REACHES", (2, 6))
    start = search_archive.now
    for number in range(9):
        search_archive.add(make_ad(f"ad {number}", "harbour" if number != 7 else "other"))
    search_archive.sync(embedded)
    with read(search_archive.engine) as session:
        found = list_begun(session, embedded, build_query("harbour"), start)
        few = list_begun(session, embedded, build_query("other"), start)
    assert [ad.public_id for ad in found.ads] == [f"example:ad {n}" for n in (8, 6, 5)]
    assert (found.has_more, found.is_whole) == (True, True)
    assert ([ad.public_id for ad in few.ads], few.has_more) == (["example:ad 7"], False)


def test_where_too_many_changed_it_says_that_not_all_were_compared(
    search_archive, embedded, monkeypatch
):
    monkeypatch.setattr(module, "MOST_COMPARED", 2)
    search_archive.add(*(make_ad(str(number), "harbour") for number in range(5)))
    search_archive.sync(embedded)
    before = search_archive.now - timedelta(days=1)
    with read(search_archive.engine) as session:
        found = list_begun(session, embedded, build_query("harbour"), before)
    assert (len(found.ads), found.has_more, found.is_whole) == (2, False, False)


def test_either_database_tells_what_began(archive_url, tmp_path):
    engine = init_archive(Settings(home=tmp_path, database_url=archive_url), [])
    beside = EmbeddedSearch(engine, create_archive_engine(f"sqlite:///{tmp_path / 's.sqlite3'}"))
    archive = SearchArchive(engine)
    archive.add(make_ad("a", "harbour", impressions_lower=1), make_ad("b", "lighthouse"))
    then = archive.now
    archive.add(make_ad("a", "harbour", impressions_lower=9), make_ad("b", "harbour"))
    archive.add(make_ad("c", "harbour"))
    # Never filled: the archive itself answers.
    alone = list_refs(archive, beside, then, "harbour")
    archive.sync(beside)
    assert alone == list_refs(archive, beside, then, "harbour") == ["c", "b"]
    assert list_refs(archive, beside, then, filters=[("impressions_min", "5")]) == ["a"]
    engine.dispose()
