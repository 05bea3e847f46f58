"""Search as of a past time: what the archive knew then, and never what it learned later."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from archive.reading.as_of.moment import Moment
from archive.store.database import read
from archive.store.setup import init_archive
from config.settings import Settings
from search.as_of.answers import search_as_of
from search.question.query import build_query
from tests.search.conftest import SearchArchive, make_ad, refs_of


@pytest.fixture
def search_archive(archive_url: str, tmp_path: Path) -> Iterator[SearchArchive]:
    engine = init_archive(Settings(home=tmp_path, database_url=archive_url), [])
    yield SearchArchive(engine)
    engine.dispose()


def ask_as_of(search_archive: SearchArchive, when, text="", **options):
    with read(search_archive.engine) as session:
        return search_as_of(session, build_query(text, **options), Moment(as_of=when))


def test_an_ad_is_found_by_the_words_and_numbers_it_had_then(search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour", impressions_lower=10))
    then = search_archive.now
    search_archive.add(make_ad("a", "lighthouse", impressions_lower=99), make_ad("b", "harbour"))
    page = ask_as_of(search_archive, then, "harbour")
    assert (refs_of(page), page.total, page.engine, page.data_as_of) == (["a"], 1, "archive", then)
    assert (page.hits[0].impressions_lower, page.hits[0].versions) == (10, 1)
    assert refs_of(ask_as_of(search_archive, search_archive.now, "harbour")) == ["b"]
    assert ask_as_of(search_archive, then - timedelta(days=1)).total == 0


def test_an_ad_that_vanished_later_was_still_seen_then(search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour"), sweep=True)
    then = search_archive.now
    search_archive.add(make_ad("b", "harbour"), sweep=True)
    gone = [("state", "vanished")]
    assert ask_as_of(search_archive, then, filters=gone).total == 0
    assert refs_of(ask_as_of(search_archive, search_archive.now, filters=gone)) == ["a"]


def test_only_whole_words_count_and_phrases_must_stand_together(search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour jobs for the town"))
    assert ask_as_of(search_archive, search_archive.now, "harb").total == 0
    assert ask_as_of(search_archive, search_archive.now, '"harbour jobs"').total == 1
    assert ask_as_of(search_archive, search_archive.now, '"jobs harbour"').total == 0


def test_order_is_by_start_then_our_id_with_unknown_starts_last(search_archive: SearchArchive):
    day = date(2024, 5, 1)
    search_archive.add(
        make_ad("none"),
        make_ad("b", started_on=day),
        make_ad("a", started_on=day),
        make_ad("late", started_on=day + timedelta(days=1)),
    )
    assert refs_of(ask_as_of(search_archive, search_archive.now)) == ["late", "b", "a", "none"]


def test_filters_and_facets_are_those_of_the_engines(search_archive: SearchArchive):
    search_archive.add(
        make_ad("a", countries=["US", "CA"], started_on=date(2024, 5, 1), impressions_lower=5),
        make_ad("b", countries=["US"], declared_political=True),
    )
    page = ask_as_of(search_archive, search_archive.now, facets=["country", "declared_political"])
    assert page.facets == {"country": {"US": 2, "CA": 1}, "declared_political": {"true": 1}}
    for name, value in (("country", "CA"), ("from", "2030-01-01"), ("impressions_min", "5")):
        assert refs_of(ask_as_of(search_archive, search_archive.now, filters=[(name, value)])) == [
            "a"
        ]


def test_what_held_is_asked_of_the_sources_clock(search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour"))
    then = search_archive.now
    search_archive.add(make_ad("a", "lighthouse"), make_ad("b", "harbour"))
    with read(search_archive.engine) as session:
        page = search_as_of(session, build_query("harbour"), Moment(valid_at=then))
    assert (refs_of(page), page.as_of, page.valid_at) == (["a"], None, then)


def test_pages_follow_each_other_and_every_hit_is_counted(search_archive: SearchArchive):
    search_archive.add(*(make_ad(f"a{i}", "harbour", countries=["GR"]) for i in range(5)))
    pages = [
        ask_as_of(search_archive, search_archive.now, limit=2, page=number, facets=["country"])
        for number in (1, 2, 3)
    ]
    assert [refs_of(page) for page in pages] == [["a0", "a1"], ["a2", "a3"], ["a4"]]
    assert {page.total for page in pages} == {5}
    assert pages[2].facets == {"country": {"GR": 5}}
