"""Ads are found in a country for which their source was asked, on every engine and as of a time."""

from datetime import timedelta

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import Moment
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import init_archive, write_sources
from config.settings import Settings
from search.answering.found import search_now
from search.as_of.answers import search_as_of
from search.as_of.by_engine import answer_as_of
from search.copies.checking import check_search
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.question.query import build_query
from tests.search.conftest import NOW, make_ad, refs_of
from tests.sources_with_terms import make_source

HOUR = timedelta(hours=1)


def give(engine, country, ads, now, source="library"):
    """One run that asks for a country and is given these ads."""
    with write(engine) as session:
        write_sources(
            session, [make_source(None, "library", asks_by_country=True), make_source(None)]
        )
        lease = begin_run(session, source, country, RunKind.CRAWL, now)
        ingest_page(session, lease, ads, None, now)
        end_run(session, lease, Outcome.DONE, now)


def fill(engine, follow):
    """Two ads without a stated country, one with, and one of a source that is not asked by country."""
    stated = make_ad("fi", "harbour", countries=["FI"])
    give(engine, "NO", [make_ad("no", "harbour"), make_ad("both", "harbour"), stated], NOW)
    follow()
    give(engine, "SE", [make_ad("both", "harbour")], NOW + HOUR)
    give(engine, "NO", [make_ad("nowhere", "harbour")], NOW + 2 * HOUR, source="example")
    follow()


SHOWN = {"NO": ["both", "no"], "SE": ["both"], "FI": ["fi"], "DK": []}
BEFORE = {"NO": ["both", "no"], "SE": [], "FI": ["fi"], "DK": []}


def check_answers(ask, shown, unknown):
    for country, refs in shown.items():
        page = ask("harbour", filters=[("country", country)])
        assert sorted(refs_of(page)) == refs
        assert page.total == len(refs)
    page = ask("harbour", facets=["country"])
    assert page.facets["country"] == {c: len(refs) for c, refs in shown.items() if refs}
    assert page.facet_unknown["country"] == unknown


def answer(engine, search, moment=None):
    """How questions are answered: by an engine, or by the archive itself; now, or as of a moment."""

    def ask(text, **options):
        query = build_query(text, **options)
        with read(engine) as session:
            if search is None:
                return search_as_of(session, query, moment)
            if moment is None:
                return search_now(session, search, query)
            return answer_as_of(session, search, query, moment)

    return ask


def test_every_engine_finds_ads_where_their_source_was_asked_for_them(search_archive, search):
    engine = search_archive.engine
    fill(engine, lambda: search_archive.sync(search))
    check_answers(answer(engine, search), SHOWN, 1)
    check_answers(answer(engine, search, Moment(as_of=NOW)), BEFORE, 0)
    hits = {
        hit.id: hit.countries_from for hit in answer(engine, search)("harbour", filters=[]).hits
    }
    assert hits == {
        "library:no": "asked",
        "library:both": "asked",
        "library:fi": "stated",
        "example:nowhere": None,
    }


def test_each_database_answers_so_itself(archive_url, tmp_path):
    engine = init_archive(Settings(home=tmp_path, database_url=archive_url), [])
    search = EmbeddedSearch(engine, create_archive_engine(f"sqlite:///{tmp_path / 's.sqlite3'}"))
    fill(engine, lambda: sync_index(engine, search, NOW + 2 * HOUR))
    check_answers(answer(engine, search), SHOWN, 1)
    check_answers(answer(engine, None, Moment(as_of=NOW)), BEFORE, 0)
    check_answers(answer(engine, None, Moment(valid_at=NOW)), BEFORE, 0)
    assert check_search(engine, search, NOW + 2 * HOUR).ok
    engine.dispose()
