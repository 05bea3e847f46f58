"""Without its engine, words are answered by the archive itself: the same ads, and it says so."""

from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import text

from archive.reading.as_of.moment import NOW, Moment
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import init_archive
from config.settings import Settings
from search.answering.answers import answer_query, cover_sources
from search.answering.standing_in import stand_in
from search.as_of import reading_alone
from search.copies.status import index_status
from search.embedded import EmbeddedSearch
from search.hits import SearchPage
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine, SearchUnavailableError
from search.question.query import build_query
from tests.migrated import init_fresh
from tests.search.conftest import SearchArchive, make_ad, refs_of

INNER = "127.0.0.1:9"


def answer(
    archive: SearchArchive, search: SearchEngine, words: str = "harbour", **asked: object
) -> SearchPage:
    """What readers are answered."""

    def cover(session, query, moment):
        return cover_sources(session, query, moment, date(2026, 3, 1))

    def list_faults():
        return index_status(archive.engine, search, archive.now).faults

    with read(archive.engine) as session:
        return answer_query(session, search, build_query(words, **asked), NOW, cover, list_faults)


def assert_stands_in(archive: SearchArchive, search: SearchEngine, reason: str) -> None:
    page = answer(archive, search)
    assert (page.engine, page.total, page.total_from) == ("archive", 2, "exact")
    assert page.engine_away is not None
    assert page.engine_away.startswith(f"{reason}; the archive itself answers, newest first")
    assert not index_status_is_answering(archive, search)


def index_status_is_answering(archive: SearchArchive, search: SearchEngine) -> bool:
    try:
        return index_status(archive.engine, search, archive.now).is_answering
    except SearchUnavailableError:
        return False


@pytest.fixture(autouse=True)
def two_ads(search_archive: SearchArchive) -> None:
    search_archive.add(
        make_ad("old", "harbour", started_on=date(2026, 1, 1)),
        make_ad("new", "harbour", started_on=date(2026, 2, 1)),
    )


def test_a_copy_that_was_never_filled(search: SearchEngine, search_archive: SearchArchive):
    assert_stands_in(search_archive, search, "Nothing has been indexed for search yet")
    search_archive.sync(search)
    page = answer(search_archive, search)
    assert (page.engine, page.engine_away) == (search.name, None)
    assert index_status_is_answering(search_archive, search)


def test_a_server_that_is_not_there(search_archive: SearchArchive):
    away = MeilisearchSearch(Settings(meilisearch_url=f"http://{INNER}"))
    assert_stands_in(search_archive, away, "The search engine does not answer just now")
    assert INNER not in (answer(search_archive, away).engine_away or "")


def test_settings_that_are_lost(served: MeilisearchSearch, search_archive: SearchArchive):
    search_archive.sync(served)
    server = served._server
    server._require_success(server._client().index(served._uid).reset_filterable_attributes())
    assert_stands_in(search_archive, served, "The search copy has lost its settings")


@pytest.mark.parametrize("table", ["ad", "text", "listed"])
def test_tables_that_are_lost(embedded: EmbeddedSearch, search_archive: SearchArchive, table):
    search_archive.sync(embedded)
    with write(search_archive.engine) as session:
        session.connection().execute(text(f"DROP TABLE search_1_{table}"))
    assert_stands_in(search_archive, embedded, "The search copy has lost its settings")
    assert search_archive.sync(embedded).rebuilt
    assert answer(search_archive, embedded).engine == "embedded"


def test_a_file_of_its_own_that_is_no_database(search_archive: SearchArchive, tmp_path):
    (tmp_path / "copy.sqlite3").write_bytes(b"scratched" * 1_000)
    own = create_archive_engine(f"sqlite:///{tmp_path / 'copy.sqlite3'}")
    search = EmbeddedSearch(search_archive.engine, own)
    assert_stands_in(search_archive, search, "The search engine does not answer just now")
    with pytest.raises(SearchUnavailableError, match="delete that file"):
        search_archive.sync(search)


def test_the_copy_of_another_archive(
    outside: SearchEngine, search_archive: SearchArchive, tmp_path
):
    other = SearchArchive(init_fresh(Settings(home=tmp_path / "other"), []))
    other.add(make_ad("invented", "harbour"))
    other.sync(outside)
    assert_stands_in(search_archive, outside, "The search engine holds the copy of another archive")


def test_an_engine_that_goes_between_two_questions_of_one_answer(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.sync(embedded)

    def fail(*_: object) -> None:
        raise SearchUnavailableError("gone")

    monkeypatch.setattr(embedded, "list_like", fail)
    assert answer(search_archive, embedded).engine == "archive"


QUESTIONS = [
    {"words": ""},
    {"words": "harbour -quay"},
    {"words": '"harbour quay" OR payer:ann'},
    {"words": "harb*", "filters": [("country", "GR"), ("from", "2026-01-15")]},
    {"words": "", "filters": [("advertiser", "Anna"), ("state", "seen")]},
    {
        "words": "quay",
        "filters": [("currency", "EUR"), ("spend_min", "2")],
        "include": "unlabelled",
    },
    {"words": "harbour", "limit": 1, "page": 2, "sort": "newest"},
]


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_the_archive_finds_and_counts_what_the_engine_does(
    embedded: EmbeddedSearch, search_archive: SearchArchive, asked
):
    shown = {"countries": ["GR", "CY"], "currency": "EUR", "payer_name": "Ann"}
    search_archive.add(
        make_ad("a", "harbour quay", **shown, spend_lower_minor=300, started_on=date(2026, 1, 20)),
        make_ad("b", "quay harbour", countries=["GR"], advertiser_name="Anna"),
        make_ad("c", "harbour", declared_political=False),
    )
    search_archive.sync(embedded)
    asked = {"sort": "newest", "facets": ["country", "currency", "payer", "state"]} | asked
    by_engine = answer(search_archive, embedded, **asked)
    with read(search_archive.engine) as session:
        options = {name: value for name, value in asked.items() if name != "words"}
        query = build_query(asked["words"], **options)
        by_archive = stand_in(session, query, SearchUnavailableError("away"))
    same = {"total", "total_from", "matched", "hits", "facets"}
    assert by_archive.model_dump(include=same) == by_engine.model_dump(include=same)
    assert by_archive.total


def test_one_question_at_a_time_is_answered_so(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    is_at_work, may_go_on = Event(), Event()
    search_as_of = reading_alone.search_as_of

    def work_slowly(*given: object) -> SearchPage:
        is_at_work.set()
        assert may_go_on.wait(30)
        return search_as_of(*given)

    monkeypatch.setattr(reading_alone, "search_as_of", work_slowly)
    pages: list[SearchPage] = []
    first = Thread(target=lambda: pages.append(answer(search_archive, embedded)))
    first.start()
    assert is_at_work.wait(30)
    with pytest.raises(SearchUnavailableError, match="another question"):
        answer(search_archive, embedded)
    may_go_on.set()
    first.join()
    monkeypatch.undo()
    assert [page.engine for page in pages] == ["archive"]
    assert answer(search_archive, embedded).total == 2


def test_what_takes_too_long_is_given_up_between_two_ads(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    monkeypatch.setattr(reading_alone, "SECONDS", 0)
    with pytest.raises(SearchUnavailableError, match="in time"):
        answer(search_archive, embedded)
    monkeypatch.undo()
    assert refs_of(answer(search_archive, embedded)) == ["new", "old"]


def test_on_either_database_time_is_kept_and_the_session_is_as_good_as_before(
    archive_url, tmp_path, monkeypatch
):
    home = tmp_path / "another"
    archive = SearchArchive(init_archive(Settings(home=home, database_url=archive_url), []))
    archive.add(make_ad("a", "lighthouse"), make_ad("b", "quay"))
    away = SearchUnavailableError("away")
    with read(archive.engine) as session:
        assert refs_of(stand_in(session, build_query("lighthouse"), away)) == ["a"]
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    monkeypatch.setattr(reading_alone, "SECONDS", 0)
    with (
        read(archive.engine) as session,
        pytest.raises(SearchUnavailableError, match=r"away; .* in time"),
    ):
        stand_in(session, build_query("lighthouse"), away)
    archive.engine.dispose()


def test_an_answer_as_of_an_earlier_time_without_the_engine_is_the_same_and_says_so(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    then = Moment(as_of=datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=1))
    with read(search_archive.engine) as session:
        page = answer_query(session, embedded, build_query("harbour"), then, lambda *_: [], list)
    assert (page.total, page.engine) == (2, "archive")
    assert (
        page.engine_away == "Nothing has been indexed for search yet; the archive itself answers."
    )
