"""The one port that both engines fit: what sync sends and what readers ask.

`search.copies.sync` writes through it, the API, the pages and the command line read through it. The archive
stays the record of truth; whatever stands behind this port may be dropped and made again.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from archive.errors import OutageError
from search.copy_mark import CopyMark, SearchCopy, UpTo
from search.hits import FoundCreatives
from search.indexed.documents import Rejection, SearchDocument
from search.indexed.moved import MovedAd
from search.question.query import AdQuery

LEASE = timedelta(seconds=60)
"""How long whoever fills a copy may be silent before another does it."""

NEVER_FILLED = "nothing has been indexed for search yet; type: paidforby index sync"


class SearchUnavailableError(OutageError):
    """The engine cannot answer now: not filled yet, not reachable, or its task failed."""

    told = "The search engine does not answer just now"
    """For anybody: without an address."""


class NeverFilledError(SearchUnavailableError):
    """There is no copy that this archive can go on with."""

    told = "Nothing has been indexed for search yet"

    def __init__(self) -> None:
        super().__init__(NEVER_FILLED)


class SettingsLostError(SearchUnavailableError):
    """The copy cannot take a question of ours: settings or tables are gone."""

    told = "The search copy has lost its settings"


class ForeignCopyError(SearchUnavailableError):
    """What the engine holds under our name is the copy of another archive."""

    told = "The search engine holds the copy of another archive"

    def __init__(self, place: str, whose: str, how_to_move: str) -> None:
        super().__init__(
            f"{place} holds the search copy of {whose}; nothing was changed: {how_to_move}"
        )
        self.whose = whose


class CopyBusyError(SearchUnavailableError):
    """Another process fills the copy just now."""


@dataclass(frozen=True)
class Standing:
    """How far an answer of a copy reaches."""

    seq: int
    """Every change up to this one is in it."""
    data_as_of: datetime
    """When the archive learned the newest change the copy has."""
    waiting: int
    """Ads, new or with other words, that are not in it yet; only so many changes are looked at."""


@dataclass(frozen=True)
class FoundAds:
    """What an engine finds: counts, and the ads of the page asked for."""

    total: int
    is_exact: bool
    ids: Sequence[int]
    """Ours, in order."""
    facets: Mapping[str, Mapping[str, int]]
    """Values of each facet asked for, at least the hundred most frequent; names folded."""
    unknown: Mapping[str, int]
    """For each facet, ads without a value."""
    words_from: Mapping[str, int]
    """Of all ads that pass the filters, where their words come from; of the first page only."""
    folded: FoundCreatives | None = None
    """Where each creative is to be found once; `ids` are then the best ad of each."""


@dataclass(frozen=True)
class AllAds:
    """All ads that answer, newest first, then by our id."""

    pages: Iterator[Sequence[int]]
    """Our ids, to be read once."""
    is_certain: bool = True
    """Whether each of them answers; else rows of words are still to be looked for in the archive."""


@dataclass
class Batch:
    """Documents to bring the copy up to date; an ad is in one of the three lists only."""

    documents: list[SearchDocument] = field(default_factory=list)
    """New, or with changed texts."""

    moved: list[MovedAd] = field(default_factory=list)
    """Already in the engine; only figures or creative moved."""

    deleted: list[int] = field(default_factory=list)
    """Ads the archive no longer shows, by our id."""


@dataclass(frozen=True)
class HeldDocument:
    """A document as an engine holds it."""

    name: int | str
    """By which it is taken out."""
    ad_id: int | None
    """Of which ad; `None`: it does not say."""
    content: object
    """All there is of it, so that two are alike or not."""


AllowChange = Callable[[list[Rejection]], None]


class SearchEngine(Protocol):
    """A place to find ads in. Writing the same batch twice leaves what writing it once leaves."""

    name: str
    """`embedded` or `meilisearch`, as answers show it."""

    consumer: str
    """Where its copy lies, as a name: of the lease of whoever fills it, and before the token of a copy."""

    place: str
    """The same in words."""

    how_to_move: str
    """What an operator does to have the copy in another place."""

    lease_time: timedelta
    """How long whoever fills the copy may be silent."""

    keeps_in_archive: bool
    """Its tables lie in the archive's own file, so that batch and mark are one transaction."""

    shape: str
    """Of the copies it makes (`spell_shape`)."""

    def find_ads(self, session: Session, query: AdQuery) -> tuple[FoundAds, Standing]:
        """The ads that answer, as of `query.held_at` too; `session` reads the archive.

        Raises:
            QueryError: if the query cannot be put to the engine.
            SearchUnavailableError: if the engine does not answer, or not from a copy of this archive.
        """

    def list_ads(self, session: Session, query: AdQuery) -> tuple[AllAds, Standing]:
        """Every ad that answers as of `query.held_at`, whatever page and order are asked for.

        Raises:
            SearchUnavailableError: if the engine does not answer, or not from a copy of this archive; while
                the pages are read too, if the copy is not the same any more.
        """

    def count_ads(self, session: Session, queries: Sequence[AdQuery]) -> list[int]:
        """How many ads answer each query, and nothing else of it.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def list_like(self, session: Session, word: str) -> list[str]:
        """Words of the copy that go on from this one, or are a typo or two away.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def read_copy(self) -> SearchCopy | None:
        """How many documents it holds, and what stands beside them; `None` when there is no copy.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def list_present(self, ad_ids: Collection[int]) -> set[int]:
        """Which of these ads have a document.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def write_batch(
        self, batch: Batch, session: Session | None, up_to: UpTo | None = None
    ) -> list[Rejection]:
        """Take a batch in until all of it can be found; returns the documents it would not take.

        `session` writes to the archive and is given when the engine keeps its tables there. `up_to` is the
        change up to which the copy follows then; it is noted once the batch is in.

        Raises:
            SearchUnavailableError: if not all of it is in; it must be sent again.
        """

    def is_sound(self) -> bool:
        """Whether the engine itself is as this one makes it, whatever documents it holds.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def read_held(self) -> Iterator[list[HeldDocument]]:
        """Everything it holds, page by page, remnants too.

        Raises:
            SearchUnavailableError: if the engine does not answer.
        """

    def spell(self, document: SearchDocument) -> HeldDocument:
        """How it would hold a document."""

    def take_out(self, names: Sequence[int | str], session: Session | None) -> None:
        """Take out what it holds under these names; `session` as of `write_batch`.

        Raises:
            SearchUnavailableError: if not all of it is out.
        """

    def rebuild(
        self, pages: Iterable[list[SearchDocument]], mark: CopyMark, allow: AllowChange
    ) -> None:
        """Fill a new copy beside the old one, then change over at once; what earlier ones left is swept.

        `allow` is told which documents it would not take, and may still forbid the change.

        Raises:
            SearchUnavailableError: if it failed, or holds another number of documents than it was sent; the
                old copy still answers.
        """
