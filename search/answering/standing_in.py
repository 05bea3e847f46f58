"""The archive itself in place of a search engine that is away: slower, and without near spellings.

`search.answering.answers` calls it where the engine cannot answer. Words mean the same here as there.
"""

from sqlmodel import Session

from archive.reading.as_of.moment import NOW
from search.as_of.reading_alone import read_alone
from search.hits import SearchPage
from search.port import SearchUnavailableError
from search.question.query import AdQuery

WITHOUT = "the archive itself answers, newest first and without near spellings"


def stand_in(session: Session, query: AdQuery, why: SearchUnavailableError) -> SearchPage:
    """The answer of the archive as it is now, which says so; `why`: why the engine has none.

    Raises:
        SearchUnavailableError: if the archive is at another question, or takes too long.
    """
    page = read_alone(session, query, NOW, str(why))
    return page.model_copy(update={"engine_away": f"{why.told}; {WITHOUT}."})
