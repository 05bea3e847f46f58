"""The archive's own answer to a search, one at a time a process and within a time: it reads ad by ad."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlmodel import Session

from archive.reading.as_of.moment import Moment
from archive.store.time_limits import TimeIsUpError, limit_session
from search.as_of.answers import list_as_of, search_as_of
from search.hits import SearchPage
from search.port import SearchUnavailableError
from search.question.query import AdQuery

SECONDS = 5.0
"""Then whoever asked is told to come again."""

SECONDS_OF_ALL = 60.0
"""The same of whoever takes all ads of an answer away."""

SECONDS_TO_WAIT = 2.0
"""For the question before."""

_ANSWERING = Lock()


def read_alone(session: Session, query: AdQuery, moment: Moment, why: str) -> SearchPage:
    """The answer as of a moment; `why`: why no engine gives it, as a reader may be told.

    Raises:
        SearchUnavailableError: if this process is answering another question so, or it takes too long.
    """
    with _answering_alone(session, SECONDS, why) as ends:
        return search_as_of(session, query, moment, ends)


def list_alone(
    session: Session, query: AdQuery, moment: Moment, why: str, seconds: float = SECONDS_OF_ALL
) -> list[int]:
    """All ads of that answer, newest first; whoever takes a whole result set away may wait longer.

    Raises:
        SearchUnavailableError: as above.
    """
    with _answering_alone(session, seconds, why) as ends:
        return list_as_of(session, query, moment, ends)


@contextmanager
def _answering_alone(session: Session, seconds: float, why: str) -> Iterator[float]:
    """The one place, and until when."""
    if not _ANSWERING.acquire(timeout=SECONDS_TO_WAIT):
        raise SearchUnavailableError(f"{why}; the archive itself is at another question")
    try:
        with limit_session(session, seconds) as ends:
            yield ends
    except TimeIsUpError:
        raise SearchUnavailableError(f"{why}; the archive itself did not answer in time") from None
    finally:
        _ANSWERING.release()
