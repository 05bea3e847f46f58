"""The search engine of served archives: one index of a Meilisearch server, and one that tells about it.

`search.engines` opens it when PAIDFORBY_MEILISEARCH_URL is set. The index `<name>_about` holds one document,
which says whose copy the other is and how far it follows (`CopyMark`). It is written after what it tells of,
so whoever is killed in between leaves a mark that is too early, never one that is too late.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from config.settings import Settings
from search.answering.found import keep_begun
from search.copies.consumer_position import require_count, require_standing
from search.copy_mark import CopyMark, SearchCopy, UpTo, spell_shape
from search.indexed.documents import Rejection, SearchDocument
from search.indexed.history import read_held, restore_documents
from search.indexed.texts import list_answering
from search.indexed.word_lists import answers, cut_lists
from search.meili.creatives import find_best
from search.meili.listing import list_newest
from search.meili.query import (
    MOST_JUDGED,
    list_all_filters,
    list_filters,
    needs_judging,
    read_facet,
    spell_count,
    spell_documents,
    spell_question,
    spell_words,
    spell_words_from,
)
from search.meili.server import IndexMissingError, MeilisearchServer
from search.meili.settings import (
    ANY_TEXT,
    COUNT,
    IS_PRESENT,
    KEPT,
    SETTINGS,
    UNKNOWN,
    holds_settings,
)
from search.meili.values import decode_values
from search.port import (
    LEASE,
    AllAds,
    AllowChange,
    Batch,
    FoundAds,
    HeldDocument,
    SettingsLostError,
    Standing,
)
from search.question.filters import fold_start
from search.question.query import AdQuery, Copies

LEAST_TOO_LARGE = 2**63
"""For an id."""

MARK_KEY = "copy"
FIND_MARK: Mapping[str, Any] = {"q": "", "limit": 1}


class MeilisearchSearch:
    """Search in one index of a Meilisearch server."""

    name = "meilisearch"
    how_to_move = (
        "choose another name (PAIDFORBY_MEILISEARCH_INDEX=…), or delete that index on the server"
    )
    keeps_in_archive = False
    shape = spell_shape(SETTINGS, sorted(KEPT))

    def __init__(self, settings: Settings) -> None:
        self._server = MeilisearchServer(settings.meilisearch_url or "", settings.meilisearch_key)
        self._uid = settings.meilisearch_index
        self._about = f"{self._uid}_about"
        self.consumer = f"search:meilisearch:{self._uid}"
        self.place = f"the Meilisearch index {self._uid!r}"
        self.lease_time = min(LEASE, timedelta(seconds=settings.lease_seconds))

    def find_ads(self, session: Session, query: AdQuery) -> tuple[FoundAds, Standing]:
        """The ads that have what is asked for.

        Rows of words are looked for in the archive, among the ads that have the words; of more than
        `MOST_JUDGED` of these the total is an estimate. Totals are sums of a facet: unlike Meilisearch's own
        totals, facet counts stop at no limit.

        Raises:
            SearchUnavailableError: if it does not answer, or not from a copy of this archive.
        """
        judged = self._judge(session, query)
        answer, words, mark = self._ask(query, judged)
        standing = require_standing(session, self, mark)
        unknown = read_facet(answer, UNKNOWN)
        is_once = query.copies is Copies.ONCE
        folded = find_best(self._server, self._uid, query, judged) if is_once else None
        found = FoundAds(
            total=sum(read_facet(answer, "source").values()),
            is_exact=judged is not None or not needs_judging(query.question),
            ids=list(folded.copies) if folded else [row["ad_id"] for row in answer["hits"]],
            facets={name: self._read_values(answer, query, judged, name) for name in query.facets},
            unknown={name: unknown.get(name, 0) for name in query.facets},
            words_from=words,
            folded=folded,
        )
        return found, standing

    def _read_values(
        self, answer: dict[str, Any], query: AdQuery, judged: list[int] | None, name: str
    ) -> dict[str, int]:
        if not query.facet_start:
            return read_facet(answer, name)
        start = fold_start(name, query.facet_start)
        filters = list_all_filters(query, judged)
        counted = self._server.count_values(self._uid, name, start, filters)
        return keep_begun(decode_values(counted), name, query)

    def list_ads(self, session: Session, query: AdQuery) -> tuple[AllAds, Standing]:
        """Every ad that answers as of `query.held_at`; rows of words are not looked for.

        Raises:
            SearchUnavailableError: if the server does not answer, or the copy changes while it is read.
        """
        standing = require_standing(session, self, self._read_mark())
        pages = list_newest(self._server, self._uid, list_all_filters(query, None))
        return AllAds(pages, is_certain=not needs_judging(query.question)), standing

    def count_ads(self, session: Session, queries: Sequence[AdQuery]) -> list[int]:
        """How many ads answer each query.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        questions = [spell_count(query, self._judge(session, query)) for query in queries]
        counted = self._server.ask(*((self._uid, question) for question in questions))
        return [sum(read_facet(answer, "source").values()) for answer in counted]

    def list_like(self, session: Session, word: str) -> list[str]:  # noqa: ARG002
        """Words of the copy that go on from this one, or are a typo or two away.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        return self._server.list_values(self._uid, ANY_TEXT, word)

    def _judge(self, session: Session, query: AdQuery) -> list[int] | None:
        """The ads that answer where words alone do not tell; `None`: they do, or too many may."""
        if not needs_judging(query.question):
            return None
        filters = [*list_filters(query), *spell_words(query.question)]
        found, total = self._server.fetch(self._uid, filters, ["ad_id"], MOST_JUDGED)
        if total > MOST_JUDGED:
            return None
        may_answer = [document["ad_id"] for document in found]
        if query.held_at is None:
            return list_answering(session, may_answer, query.question)
        documents = restore_documents(session, read_held(query.held_at), may_answer)
        return [d.ad_id for d in documents if answers(cut_lists(d), query.question)]

    def read_copy(self) -> SearchCopy | None:
        """How many ads the index holds, and what stands beside them; `None` when there is no index.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        # The mark first: what is sent meanwhile makes it too early.
        mark = self._read_mark()
        try:
            return SearchCopy(self._count_ads(self._uid), mark)
        except IndexMissingError:
            return None
        except SettingsLostError:
            return SearchCopy(self._server.count_all(self._uid), mark, is_usable=False)

    def list_present(self, ad_ids: Collection[int]) -> set[int]:
        """Which of these ads have a document.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        return self._server.list_present(self._uid, ad_ids) if ad_ids else set()

    def write_batch(
        self,
        batch: Batch,
        session: Session | None,  # noqa: ARG002
        up_to: UpTo | None = None,
    ) -> list[Rejection]:
        """Send a batch and wait until all of it is searchable, then note how far the copy follows.

        Raises:
            SearchUnavailableError: if a task failed for another reason than one of its documents.
        """
        rejected = self._server.send(self._uid, batch)
        if up_to is not None:
            # Only how far: whichever copy is there keeps its name.
            self._server.move_document(self._about, {"key": MARK_KEY, **up_to._asdict()})
        return rejected

    def is_sound(self) -> bool:
        """Whether the index has its settings, each of them."""
        return holds_settings(self._server.read_settings(self._uid))

    def read_held(self) -> Iterator[list[HeldDocument]]:
        """Every document of the index but for those of earlier states."""
        for page in self._server.read_documents(self._uid):
            yield [
                HeldDocument(held["key"], _read_id(held.get("ad_id")), held)
                for held in page
                if held.get(IS_PRESENT) is not False
            ]

    def spell(self, document: SearchDocument) -> HeldDocument:
        """What is sent of a document."""
        return HeldDocument(document.key, document.ad_id, spell_documents(document)[0])

    def take_out(self, names: Sequence[int | str], session: Session | None) -> None:  # noqa: ARG002
        """Delete documents by their keys."""
        self._server.delete_documents(self._uid, [str(name) for name in names])

    def rebuild(
        self, pages: Iterable[list[SearchDocument]], mark: CopyMark, allow: AllowChange
    ) -> None:
        """Fill a new index beside the old, swap the two, drop the old.

        Raises:
            SearchUnavailableError: if anything failed; the old index still answers.
        """
        ours = f"{self._uid}_{mark.archive_id}_"
        new = f"{ours}{mark.token}"
        self._sweep(ours)
        self._server.make_index(new)
        sent, rejected = self._server.send_pages(new, pages)
        require_count(self._count_ads(new), sent - len(rejected))
        allow(rejected)
        indexes = self._server.list_indexes()
        if self._uid not in indexes:
            if self._about in indexes:
                # It tells of what is there no more, whosesoever that was.
                self._server.drop_index(self._about)
            self._server.make_index(self._uid)
        self._server.swap_indexes(self._uid, new)
        # An older one stays where this process ends here: too early, so that the next sync sends more.
        self._server.put_document(self._about, {"key": MARK_KEY, **vars(mark)})
        self._sweep(ours)

    def _sweep(self, ours: str) -> None:
        """Drop what this archive was filling there, and what it has replaced."""
        for uid in self._server.list_indexes():
            # Until shape 3, all archives filled one of the same name.
            if uid.startswith(ours) or uid == f"{self._uid}_next":
                self._server.drop_index(uid)

    def _ask(
        self, query: AdQuery, judged: list[int] | None
    ) -> tuple[dict[str, Any], dict[str, int], CopyMark | None]:
        """An answer, where the words of the ads in scope come from, and what stands beside the copy.

        The mark is read first: what is sent in between makes it too early, never too late.
        """
        questions = [spell_question(query, judged)]
        if query.page == 1:
            questions.append(spell_words_from(query))
        marks, answer, *words = self._server.ask(
            (self._about, FIND_MARK), *((self._uid, question) for question in questions)
        )
        counted = read_facet(words[0], "words_from") if words else {}
        return answer, counted, _find_mark(marks)

    def _read_mark(self) -> CopyMark | None:
        try:
            [marks] = self._server.ask((self._about, FIND_MARK))
        except IndexMissingError:
            return None
        return _find_mark(marks)

    def _count_ads(self, uid: str) -> int:
        [counted] = self._server.ask((uid, COUNT))
        return sum(read_facet(counted, "source").values())


def _find_mark(answer: dict[str, Any]) -> CopyMark | None:
    """The mark in an answer; `None`: there is none, or one that a program before this one wrote."""
    names = [field.name for field in fields(CopyMark)]
    for found in answer["hits"]:
        if found.keys() >= set(names):
            return CopyMark(**{name: found[name] for name in names})
    return None


def _read_id(held: object) -> int | None:
    """An id as this program sends them; whatever else stands there is none."""
    return held if isinstance(held, int) and 0 < held < LEAST_TOO_LARGE else None
