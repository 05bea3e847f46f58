"""From what an engine found to the page a reader gets."""

from collections.abc import Mapping

from sqlmodel import Session

from search.answering.snippets import make_hits
from search.hits import SearchPage, cut_facet
from search.port import FoundAds, SearchEngine
from search.question.filters import fold_start
from search.question.query import AdQuery


def search_now(session: Session, engine: SearchEngine, query: AdQuery) -> SearchPage:
    """The page of a query about now; its hits are read from the archive.

    Raises:
        QueryError: if the query cannot be put to the engine.
        SearchUnavailableError: if the engine does not answer, or not from a copy of this archive.
    """
    found, standing = engine.find_ads(session, query)
    known = {"data_as_of": standing.data_as_of, "waiting_ads": standing.waiting}
    hits = make_hits(
        session, found.ids, query.question, found.folded.copies if found.folded else {}
    )
    return show_counts(engine.name, query, found).model_copy(update={"hits": hits, **known})


def keep_begun(counted: Mapping[str, int], name: str, query: AdQuery) -> dict[str, int]:
    """The values of a facet that begin as asked."""
    start = fold_start(name, query.facet_start)
    return {value: ads for value, ads in counted.items() if value.startswith(start)}


def show_counts(engine: str, query: AdQuery, found: FoundAds) -> SearchPage:
    """A page without hits."""
    return SearchPage(
        total=found.total,
        total_from="exact" if found.is_exact else "estimate",
        matched="all_words" if query.question else "everything",
        engine=engine,
        data_as_of=None,
        hits=[],
        facets={name: cut_facet(counted) for name, counted in found.facets.items()},
        facet_unknown=dict(found.unknown),
        hits_total=found.folded.hits if found.folded else found.total,
        creatives=found.folded.creatives if found.folded else None,
        words_from=dict(found.words_from),
    )
