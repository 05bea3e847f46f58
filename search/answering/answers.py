"""One way to answer a query: the engine now, the archive itself at an earlier moment; with coverage.

The API, the pages and the command call `answer_query`. An answer says how well the sources it searched
were crawled, because an ad that is not found may be one that nobody looked for.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial

from sqlmodel import Session, col, select

from archive.models import NameKind, Run, Source
from archive.names.reading import spell_names
from archive.reading.as_of.moment import Moment
from archive.reading.coverage import (
    CrawledDays,
    SourceDays,
    limit_runs,
    read_source_days,
    summarise_days,
)
from archive.reading.sources.known_sources import read_source
from archive.records import SourceKind
from search.answering.creatives import FOLDED_BY, settle_copies
from search.answering.found import search_now
from search.answering.names import name_answers
from search.answering.other_words import add_others
from search.answering.standing_in import stand_in
from search.as_of.by_engine import answer_as_of
from search.hits import SearchPage, cut_facet
from search.port import SearchEngine, SearchUnavailableError
from search.question.filters import NAME_FILTERS
from search.question.query import AdQuery, Copies

ListFaults = Callable[[], list[str]]
"""What is wrong with the engine's copy, in sentences (`search.copies.status`)."""

Facets = dict[str, dict[str, int]]

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

    From a copy that has a fault the total is an estimate, and the fault is said. Where the engine is away the
    archive itself answers.

    Raises:
        QuestionError: if the query cannot be put to the engine, names a source that there is not, or asks
            for copies at an earlier moment.
        SearchUnavailableError: if the engine does not answer, nor the archive itself in time.
    """
    query = settle_copies(session, query, moment)

    def ask(asked: AdQuery) -> SearchPage:
        if not moment.is_now:
            return answer_as_of(session, engine, asked, moment)
        return search_now(session, engine, asked)

    for source in query.values.get("source", ()):
        read_source(session, source)
    try:
        page = _count_untold(query, ask)
        if moment.is_now:
            page = _add_to_present(session, engine, query, page, list_faults)
    except SearchUnavailableError as error:
        page = _count_untold(query, partial(stand_in, session, why=error))
    is_first = moment.is_now and query.page == 1
    return page.model_copy(
        update={
            "facets": _spell(session, page.facets),
            "names": name_answers(session, query.question) if is_first else None,
            "folded_by": FOLDED_BY if query.copies is Copies.ONCE else None,
            "coverage": cover(session, query, moment),
        }
    )


def _count_untold(query: AdQuery, ask: Callable[[AdQuery], SearchPage]) -> SearchPage:
    """An answer, with the ads that lack a figure that is asked for."""
    page = ask(query)
    untold = {name: ask(others).total for name, others in query.list_untold().items()}
    return page.model_copy(update={"bounds_unknown": untold})


def _add_to_present(
    session: Session,
    engine: SearchEngine,
    query: AdQuery,
    page: SearchPage,
    list_faults: ListFaults,
) -> SearchPage:
    """An answer about now with what other words would find, and what is wrong with the copy."""
    if query.page == 1:
        page = add_others(session, engine, query, page)
    if faults := list_faults():
        page = page.model_copy(update={"total_from": "estimate", "copy_faults": faults})
    return page


def _spell(session: Session, facets: Facets) -> Facets:
    """Facets by a name with the commonest spelling of each, today's as of an earlier moment too."""
    spelled = {}
    for name in NAME_FILTERS:
        if name in facets:
            shown = spell_names(session, NameKind(name), facets[name])
            counted = {shown.get(key, key): ads for key, ads in facets[name].items()}
            spelled[name] = cut_facet(counted)
    return facets | spelled


def cover_sources(
    session: Session, query: AdQuery, moment: Moment, today: date
) -> list[CrawledDays]:
    """How well the sources asked for were crawled until today, else all of ads that ever were."""
    return cut_period(read_days(session, query.values.get("source"), moment), query, today)


def cut_period(known: Sequence[SourceDays], query: AdQuery, today: date) -> list[CrawledDays]:
    """The same of what `read_days` gave."""
    end_on = min(query.until_on, today) if query.until_on else None
    return [summarise_days(days, query.since_on, end_on) for days in known]


def read_days(session: Session, asked: Collection[str] | None, moment: Moment) -> list[SourceDays]:
    """All days on which the sources asked for were tried, else all of ads that ever were."""
    known = select(Source.id).where(col(Source.id).in_(asked or ()))
    sources = sorted(session.exec(known)) if asked else _list_sources(session, moment)
    return [read_source_days(session, source, moment) for source in sources]


def _list_sources(session: Session, moment: Moment) -> list[str]:
    registries = select(Source.id).where(Source.kind == SourceKind.DISCLOSURES)
    query = select(Run.source).where(col(Run.source).not_in(registries)).distinct()
    return sorted(session.exec(query.where(*limit_runs(moment))))
