"""Search as of a moment, from the engine where its copy can tell, else from the archive itself."""

from dataclasses import replace

from sqlmodel import Session, col, select

from archive.models import Change
from archive.models.changes import ChangeKind
from archive.reading.as_of.moment import Moment
from archive.reading.freshness import read_data_as_of
from search.answering.found import show_counts
from search.answering.snippets import make_hit
from search.as_of.reading_alone import list_alone, read_alone
from search.hits import SearchPage
from search.indexed.documents import count_microseconds
from search.indexed.history import restore_parts
from search.port import AllAds, SearchEngine, SearchUnavailableError
from search.question.query import AdQuery, Sort

NO_ENGINE_KEEPS_IT = "no search engine keeps what this asks about"
LACKS_SOME = "the search copy lacks some of what was known"


def answer_as_of(
    session: Session, engine: SearchEngine, query: AdQuery, moment: Moment
) -> SearchPage:
    """Ads that had all words and passed all filters at a moment.

    The engine is asked where its copy has all that was known then, and nothing that no copy keeps: numbers,
    and what held at the sources at some time. Newest start first, then by id, whoever answers.

    Raises:
        SearchUnavailableError: if it is the archive that has to answer, and it is busy or takes too long.
    """
    asked = _ask_of(query, moment)
    if asked is None:
        return read_alone(session, query, moment, NO_ENGINE_KEEPS_IT)
    try:
        found, standing = engine.find_ads(session, asked)
    except SearchUnavailableError as error:
        page = read_alone(session, query, moment, str(error))
        return page.model_copy(update={"engine_away": f"{error.told}; the archive itself answers."})
    if _lacks_any(session, standing.seq, moment):
        return read_alone(session, query, moment, LACKS_SOME)
    parts = restore_parts(session, moment, found.ids)
    hits = [make_hit(parts[ad_id], query.question) for ad_id in found.ids if ad_id in parts]
    known = {"data_as_of": read_data_as_of(session, moment.as_of), "as_of": moment.as_of}
    return show_counts(engine.name, query, found).model_copy(update={"hits": hits, **known})


def list_all_as_of(
    session: Session, engine: SearchEngine, query: AdQuery, moment: Moment
) -> AllAds:
    """All ads that answered at a moment, in the same order, from whoever can tell.

    Raises:
        SearchUnavailableError: as above.
    """
    asked = _ask_of(query, moment)
    if asked is None:
        return AllAds(iter([list_alone(session, query, moment, NO_ENGINE_KEEPS_IT)]))
    try:
        found, standing = engine.list_ads(session, asked)
    except SearchUnavailableError as error:
        return AllAds(iter([list_alone(session, query, moment, str(error))]))
    if _lacks_any(session, standing.seq, moment):
        return AllAds(iter([list_alone(session, query, moment, LACKS_SOME)]))
    return found


def _ask_of(query: AdQuery, moment: Moment) -> AdQuery | None:
    """The question as engines take it; `None`: they keep nothing of what it asks for."""
    if moment.as_of is None or moment.valid_at is not None or query.asks_for_numbers:
        return None
    return replace(query, held_at=count_microseconds(moment.as_of), sort=Sort.NEWEST)


def _lacks_any(session: Session, seq: int, moment: Moment) -> bool:
    """Whether something that was known then is not in the copy."""
    missing = select(Change.seq).where(
        col(Change.seq) > seq,
        *moment.limit_clocks(col(Change.recorded_at), col(Change.recorded_at)),
    )
    # Of creatives no earlier state is kept.
    missing = missing.where(Change.kind != ChangeKind.AD_CREATIVE)
    return session.exec(missing.limit(1)).first() is not None
