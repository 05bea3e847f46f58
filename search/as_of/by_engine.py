"""Search as of a moment, from the engine where its copy can tell, else from the archive itself."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from archive.models import Change
from archive.models.changes import ChangeKind
from archive.reading.as_of.moment import Moment
from archive.reading.freshness import read_data_as_of
from search.answering.found import show_counts
from search.answering.snippets import make_hit
from search.as_of.reading_alone import read_alone
from search.hits import SearchPage
from search.indexed.documents import count_microseconds
from search.indexed.history import restore_documents
from search.port import SearchEngine, SearchUnavailableError
from search.question.query import AdQuery, Sort

NO_ENGINE_KEEPS_IT = "no search engine keeps what this asks about"


def answer_as_of(
    session: Session, engine: SearchEngine, query: AdQuery, moment: Moment
) -> SearchPage:
    """Ads that had all words and passed all filters at a moment.

    The engine is asked where its copy has all that was known then, and nothing that no copy keeps: numbers,
    and what held at the sources at some time. Newest start first, then by id, whoever answers.

    Raises:
        SearchUnavailableError: if it is the archive that has to answer, and it is busy or takes too long.
    """
    if moment.as_of is None or moment.valid_at is not None or query.asks_for_numbers:
        return read_alone(session, query, moment, NO_ENGINE_KEEPS_IT)
    asked = replace(query, held_at=count_microseconds(moment.as_of), sort=Sort.NEWEST)
    try:
        found, standing = engine.find_ads(session, asked)
    except SearchUnavailableError as error:
        page = read_alone(session, query, moment, str(error))
        return page.model_copy(update={"engine_away": f"{error.told}; the archive itself answers."})
    if _lacks_any(session, standing.seq, moment.as_of):
        return read_alone(session, query, moment, "the search copy lacks some of what was known")
    documents = {d.ad_id: d for d in restore_documents(session, moment, found.ids)}
    hits = [make_hit(documents[ad_id], query.question) for ad_id in found.ids if ad_id in documents]
    known = {"data_as_of": read_data_as_of(session, moment.as_of), "as_of": moment.as_of}
    return show_counts(engine.name, query, found).model_copy(update={"hits": hits, **known})


def _lacks_any(session: Session, seq: int, at: datetime) -> bool:
    """Whether something that was known then is not in the copy."""
    missing = select(Change.seq).where(col(Change.seq) > seq, col(Change.recorded_at) <= at)
    # Of creatives no earlier state is kept.
    missing = missing.where(Change.kind != ChangeKind.AD_CREATIVE)
    return session.exec(missing.limit(1)).first() is not None
