"""The archive itself in place of a search engine that is away: slower, so one question at a time.

`search.answers` calls it where the engine cannot answer. Words mean the same here as there.
"""

from threading import Lock

from sqlmodel import Session

from archive.reading.as_of.moment import NOW
from archive.store.time_limits import TimeIsUpError, limit_session
from search.as_of.answers import search_as_of
from search.hits import SearchPage
from search.port import SearchUnavailableError
from search.query import AdQuery

SECONDS = 5.0
"""Then whoever asked is told to come again."""

WITHOUT = "the archive itself answers, newest first and without near spellings"

_ANSWERING = Lock()


def stand_in(session: Session, query: AdQuery, why: SearchUnavailableError) -> SearchPage:
    """The answer of the archive as it is now, which says so; `why`: why the engine has none.

    Raises:
        SearchUnavailableError: if this process is answering another question so, or it takes too long.
    """
    if not _ANSWERING.acquire(blocking=False):
        raise SearchUnavailableError(f"{why}; the archive itself is at another question")
    try:
        with limit_session(session, SECONDS) as ends:
            page = search_as_of(session, query, NOW, ends)
    except TimeIsUpError:
        raise SearchUnavailableError(f"{why}; the archive itself did not answer in time") from None
    finally:
        _ANSWERING.release()
    return page.model_copy(update={"engine_away": f"{why.told}; {WITHOUT}."})
