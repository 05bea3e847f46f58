"""The search engine that needs nothing installed: SQLite FTS5.

`search.engines` opens it when no Meilisearch is set. Its tables lie in the archive's own file, or in
`search.sqlite3` beside it when the archive is on PostgreSQL. They hold what is searched and sorted by;
what a hit shows is read from the archive. Nothing here is asked for sums or exports.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from archive.store.batches import cut_batches
from archive.store.bulk import pause_collector
from archive.store.database import read, write
from archive.store.outages import tell_cause
from search.copies.consumer_position import require_count, require_standing
from search.copy_mark import CopyMark, SearchCopy, UpTo, spell_shape
from search.fts.columns import HeldColumns, SeenColumns, hold_columns
from search.fts.finding import count_ads, find_ads
from search.fts.generations import make_next, move_mark, read_generation, set_generation, sweep
from search.fts.held import BEFORE_ALL, is_intact, read_rows, spell_rows
from search.fts.tables import SearchTables, past_of, spell_tables
from search.fts.typos import find_longer, find_variants, forget_terms
from search.fts.writer import add_documents, delete_documents, move_documents, write_documents
from search.indexed.documents import Rejection, SearchDocument, take_documents
from search.port import (
    LEASE,
    AllAds,
    AllowChange,
    Batch,
    FoundAds,
    HeldDocument,
    NeverFilledError,
    SearchUnavailableError,
    SettingsLostError,
    Standing,
)
from search.question.query import AdQuery, Sort

MOST_ADS = 2**31
"""More than any archive has."""


class EmbeddedSearch:
    """Search in SQLite tables; readers see the old copy until a rebuild is complete."""

    name = "embedded"
    consumer = "search:embedded"
    shape = spell_shape(spell_tables())
    how_to_move = "choose another home (PAIDFORBY_HOME=…), or delete that file"

    def __init__(
        self, archive: Engine, own: Engine | None = None, lease_time: timedelta = LEASE
    ) -> None:
        """`own` is the engine's own file; without it, its tables lie in the archive's file."""
        self._store = own or archive
        self.place = str(self._store.url.database)
        self.lease_time = lease_time
        self.keeps_in_archive = own is None
        self._kept: tuple[str, dict[bool, HeldColumns]] = ("", {})

    def find_ads(self, session: Session, query: AdQuery) -> tuple[FoundAds, Standing]:
        """The ads that have what is asked for; totals and facets are exact.

        Raises:
            SearchUnavailableError: if it was never filled.
        """
        with self._reading(session) as store:
            tables, mark = _require_generation(store)
            standing = require_standing(session, self, mark)
            parts = [tables] if query.held_at is None else [tables, past_of(tables)]
            found = find_ads([self._view(store, part, mark) for part in parts], query)
        return found, standing

    def _view(self, store: Session, tables: SearchTables, mark: CopyMark) -> SeenColumns:
        """The columns of a table as a session sees them; what was read of one copy is kept."""
        token, kept = self._kept
        if token != mark.token:
            kept = {}
            self._kept = mark.token, kept
        held = kept[tables.is_past] = hold_columns(store, tables, kept.get(tables.is_past))
        return SeenColumns(store, held)

    def list_ads(self, session: Session, query: AdQuery) -> tuple[AllAds, Standing]:
        """Every ad that answers as of `query.held_at`."""
        whole = replace(query, sort=Sort.NEWEST, limit=MOST_ADS, page=1, facets=())
        found, standing = self.find_ads(session, whole)
        return AllAds(iter([found.ids])), standing

    def count_ads(self, session: Session, queries: Sequence[AdQuery]) -> list[int]:
        """How many ads answer each query."""
        with self._reading(session) as store:
            view = self._view(store, *_require_generation(store))
            return [count_ads(view, query) for query in queries]

    def list_like(self, session: Session, word: str) -> list[str]:
        """Words of the copy that go on from this one, or are a typo or two away."""
        with self._reading(session) as store:
            tables, _ = _require_generation(store)
            like = [*find_variants(store, tables, word), *find_longer(store, tables, word)]
            return list(dict.fromkeys(like))

    @contextmanager
    def _reading(self, archive: Session | None = None) -> Iterator[Session]:
        """Its tables; a file of its own that cannot be read is no fault of the archive."""
        if self.keeps_in_archive:
            with nullcontext(archive) if archive else read(self._store) as store:
                yield store
            return
        try:
            with read(self._store) as store:
                yield store
        except DBAPIError as error:
            told = f"{self.place} cannot be read: {tell_cause(error)}; {self.how_to_move}"
            raise SearchUnavailableError(told) from None

    def read_copy(self) -> SearchCopy | None:
        """How many ads it holds, and what stands beside them; `None` when it was never filled.

        Raises:
            SearchUnavailableError: if its own file cannot be read.
        """
        with self._reading() as session:
            answering = read_generation(session)
            if answering is None:
                return None
            tables, mark = answering
            if not tables.are_there(session):
                return SearchCopy(0, mark, is_usable=False)
            return SearchCopy(_count_documents(session, tables), mark)

    def list_present(self, ad_ids: Collection[int]) -> set[int]:
        """Which of these ads are in it."""
        with read(self._store) as session:
            tables, _ = _require_generation(session)
            present: set[int] = set()
            for some in cut_batches(list(ad_ids)):
                ids = select(tables.ad.c.id).where(tables.ad.c.id.in_(some))
                present.update(session.connection().execute(ids).scalars())
            return present

    def write_batch(
        self, batch: Batch, session: Session | None, up_to: UpTo | None = None
    ) -> list[Rejection]:
        """Take a batch in, in the archive's transaction when the tables lie there.

        Raises:
            SearchUnavailableError: if it was never filled.
        """
        with nullcontext(session) if session else write(self._store) as writer:
            tables, _ = _require_generation(writer)
            delete_documents(writer, tables, batch.deleted)
            write_some = partial(write_documents, writer, tables)
            move_some = partial(move_documents, writer, tables)
            rejected = [
                *take_documents(batch.documents, write_some, writer),
                *take_documents(batch.moved, move_some, writer),
            ]
            if up_to is not None:
                move_mark(writer, up_to)
        return rejected

    def is_sound(self) -> bool:
        """Whether the indexes of words are those of the texts (SQLite FTS5, "integrity-check")."""
        with write(self._store) as session:
            tables, _ = _require_generation(session)
            return is_intact(session, tables)

    def read_held(self) -> Iterator[list[HeldDocument]]:
        """Every ad of which any table has a row."""
        after = BEFORE_ALL
        while True:
            with read(self._store) as session:
                tables, _ = _require_generation(session)
                held = read_rows(session, tables, after)
            if not held:
                return
            yield [_hold(*rows) for rows in held]
            after = held[-1][0]

    def spell(self, document: SearchDocument) -> HeldDocument:
        """The rows of a document."""
        return _hold(*spell_rows(document))

    def take_out(self, names: Sequence[int | str], session: Session | None) -> None:
        """Delete all rows of ads."""
        with nullcontext(session) if session else write(self._store) as writer:
            tables, _ = _require_generation(writer)
            delete_documents(writer, tables, [int(name) for name in names])

    def rebuild(
        self, pages: Iterable[list[SearchDocument]], mark: CopyMark, allow: AllowChange
    ) -> None:
        """Fill the next generation page by page, then let it answer and drop the one before.

        Raises:
            SearchUnavailableError: if it holds another number of ads than it was given.
        """
        with write(self._store) as session:
            tables = make_next(session)
        rejected, sent = [], 0
        for documents in pages:
            sent += len(documents)
            with pause_collector(), write(self._store) as session:
                add_some = partial(add_documents, session, tables)
                rejected += take_documents(documents, add_some, session)
        with read(self._store) as session:
            require_count(_count_documents(session, tables), sent - len(rejected))
        allow(rejected)
        with write(self._store) as session:
            set_generation(session, tables, mark)
            sweep(session, tables.number)

    def forget_words(self) -> None:
        """Keep no word, not for near spellings either, that stands in no ad any more."""
        with write(self._store) as session:
            if answering := read_generation(session):
                forget_terms(session, answering[0])


def _hold(ad_id: int, *rows: object) -> HeldDocument:
    return HeldDocument(ad_id, ad_id, rows)


def _require_generation(session: Session) -> tuple[SearchTables, CopyMark]:
    answering = read_generation(session)
    if answering is None:
        raise NeverFilledError
    if not answering[0].are_there(session):
        raise SettingsLostError("the search copy has lost tables; type: paidforby index sync")
    return answering


def _count_documents(session: Session, tables: SearchTables) -> int:
    count = select(func.count()).select_from(tables.ad)
    return session.connection().execute(count).scalar_one()
