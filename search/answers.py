"""One way to answer a query: the engine now, the archive itself at an earlier moment; with coverage.

The API, the pages and the command call `answer_query`. An answer says how well the sources it searched
were crawled, because an ad that is not found may be one that nobody looked for.
"""

from collections.abc import Callable
from datetime import date

from sqlmodel import Session, col, select

from archive.models import Run, Source
from archive.reading.as_of.moment import Moment
from archive.reading.coverage import CrawledDays, limit_runs, summarise_coverage
from archive.records import SourceKind
from search.as_of.answers import search_as_of
from search.hits import SearchPage
from search.names import name_answers
from search.other_words import add_others
from search.port import SearchEngine
from search.query import AdQuery

ListFaults = Callable[[], list[str]]
"""What is wrong with the engine's copy, in sentences (`search.status`)."""

Cover = Callable[[Session, AdQuery, Moment], list[CrawledDays]]
"""`cover_sources` of a day; the site keeps its answers."""


def answer_query(
    session: Session,
    engine: SearchEngine,
    query: AdQuery,
    moment: Moment,
    cover: Cover,
    list_faults: ListFaults,
) -> SearchPage:
    """Ads that answer a query at a moment, and how well their sources were crawled.

    From a copy that has a fault the total is an estimate, and the fault is said.

    Raises:
        QueryError: if the query cannot be put to the engine.
        SearchUnavailableError: if the engine does not answer.
    """
    page = engine.search(session, query) if moment.is_now else search_as_of(session, query, moment)
    if moment.is_now and query.page == 1:
        page = add_others(session, engine, query, page)
        page = page.model_copy(update={"names": name_answers(session, query.question)})
    if moment.is_now and (faults := list_faults()):
        page = page.model_copy(update={"total_from": "estimate", "copy_faults": faults})
    return page.model_copy(update={"coverage": cover(session, query, moment)})


def cover_sources(
    session: Session, query: AdQuery, moment: Moment, today: date
) -> list[CrawledDays]:
    """How well the sources asked for were crawled until today, else all of ads that ever were."""
    end_on = min(query.until_on, today) if query.until_on else None
    return [
        summarise_coverage(session, source, query.since_on, end_on, moment=moment)
        for source in query.values.get("source") or _list_sources(session, moment)
    ]


def _list_sources(session: Session, moment: Moment) -> list[str]:
    registries = select(Source.id).where(Source.kind == SourceKind.DISCLOSURES)
    query = select(Run.source).where(col(Run.source).not_in(registries)).distinct()
    return sorted(session.exec(query.where(*limit_runs(moment))))
