"""The one port that both engines fit: what sync sends and what readers ask.

`search.sync` writes through it, the API, the pages and the command line read through it. The archive
stays the record of truth; whatever stands behind this port may be dropped and made again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sqlmodel import Session

from archive.errors import OutageError
from search.documents import Rejection, SearchDocument
from search.hits import SearchPage
from search.query import AdQuery

DOCUMENT_SHAPE = 3
"""Raise it when documents or settings change: every engine is then filled anew at the next sync."""


NEVER_FILLED = "nothing has been indexed for search yet; type: paidforby index sync"


class SearchUnavailableError(OutageError):
    """The engine cannot answer now: not filled yet, not reachable, or its task failed."""


@dataclass
class Batch:
    """Documents to bring the copy up to date; an ad is in one of the three lists only."""

    documents: list[SearchDocument] = field(default_factory=list)
    """New, or with changed texts."""

    moved: list[SearchDocument] = field(default_factory=list)
    """Already in the engine; only numbers, state or count of versions moved."""

    deleted: list[int] = field(default_factory=list)
    """Ads the archive no longer shows, by our id."""


class SearchEngine(Protocol):
    """A place to find ads in. Writing the same batch twice leaves what writing it once leaves."""

    name: str
    """`embedded` or `meilisearch`, as answers show it."""

    consumer: str
    """Name of its mark in the change sequence; a different index or document shape is another."""

    keeps_in_archive: bool
    """Its tables lie in the archive's own file, so that batch and mark are one transaction."""

    def search(self, session: Session, query: AdQuery) -> SearchPage:
        """Answer a query; `session` reads the archive, which the engine opens no second time.

        Raises:
            QueryError: if the query cannot be put to the engine.
            SearchUnavailableError: if the engine does not answer.
        """

    def count_documents(self) -> int | None:
        """How many documents it holds; `None` when it was never filled."""

    def write_batch(self, batch: Batch, session: Session | None) -> list[Rejection]:
        """Take a batch in until all of it can be found; returns the documents it would not take.

        `session` writes to the archive and is given when the engine keeps its tables there.

        Raises:
            SearchUnavailableError: if not all of it is in; it must be sent again.
        """

    def rebuild(self, pages: Iterable[list[SearchDocument]]) -> list[Rejection]:
        """Fill a new copy beside the old one, then change over at once.

        Raises:
            SearchUnavailableError: if it failed; the old copy still answers.
        """
