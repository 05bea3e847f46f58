"""The search engine of served archives: one index of a Meilisearch server.

`search.engines` opens it when PAIDFORBY_MEILISEARCH_URL is set. Beside the ads the index holds one document
that says whose copy it is and how far it follows (`CopyMark`); no search finds it.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from config.settings import Settings
from search.consumer_position import require_standing
from search.documents import Rejection, SearchDocument, load_documents
from search.hits import SearchPage, cut_facet
from search.meili.query import (
    COUNT,
    FIND_MARK,
    LISTS,
    MARK,
    MARK_KEY,
    MOST_JUDGED,
    UNKNOWN,
    list_filters,
    needs_judging,
    read_facet,
    spell_question,
    spell_words,
    spell_words_from,
)
from search.meili.server import IndexMissingError, MeilisearchServer, SettingsLostError
from search.port import LEASE, AllowChange, Batch, CopyMark, SearchCopy, require_count
from search.query import AdQuery
from search.snippets import make_hits
from search.word_lists import TEXTS, answers, cut_lists


class MeilisearchSearch:
    """Search in one index of a Meilisearch server."""

    name = "meilisearch"
    how_to_move = (
        "choose another name (PAIDFORBY_MEILISEARCH_INDEX=…), or delete that index on the server"
    )
    keeps_in_archive = False

    def __init__(self, settings: Settings) -> None:
        self._server = MeilisearchServer(settings.meilisearch_url or "", settings.meilisearch_key)
        self._uid = settings.meilisearch_index
        self.consumer = f"search:meilisearch:{self._uid}"
        self.place = f"the Meilisearch index {self._uid!r}"
        self.lease_time = min(LEASE, timedelta(seconds=settings.lease_seconds))

    def search(self, session: Session, query: AdQuery) -> SearchPage:
        """Answer with the ads that have what is asked for.

        Rows of words are looked for in the archive, among the ads that have the words; of more than
        `MOST_JUDGED` of these the total is an estimate. Totals are sums of a facet: unlike Meilisearch's own
        totals, facet counts stop at no limit.

        Raises:
            SearchUnavailableError: if it does not answer, or not from a copy of this archive.
        """
        judged = self._judge(session, query)
        answer, words, mark = self._ask(query, judged)
        standing = require_standing(session, self, mark)
        ad_ids = [row["ad_id"] for row in answer["hits"]]
        unknown = read_facet(answer, UNKNOWN)
        is_exact = judged is not None or not needs_judging(query.question)
        return SearchPage(
            total=sum(read_facet(answer, "source").values()),
            total_from="exact" if is_exact else "estimate",
            matched="all_words" if query.question else "everything",
            engine=self.name,
            data_as_of=standing.data_as_of,
            waiting_ads=standing.waiting,
            hits=make_hits(session, ad_ids, query.question),
            facets={name: cut_facet(read_facet(answer, name)) for name in query.facets},
            facet_unknown={name: unknown.get(name, 0) for name in query.facets},
            words_from=words,
        )

    def list_like(self, session: Session, word: str) -> list[str]:  # noqa: ARG002
        """Words of the copy that go on from this one, or are a typo or two away.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        lists = (self._server.list_values(self._uid, LISTS[name], word) for name in TEXTS)
        return list(dict.fromkeys(each for values in lists for each in values))

    def _judge(self, session: Session, query: AdQuery) -> list[int] | None:
        """The ads that answer where words alone do not tell; `None`: they do, or too many may."""
        if not needs_judging(query.question):
            return None
        filters = [*list_filters(query), *spell_words(query.question)]
        may_answer = self._server.list_ads(self._uid, filters, MOST_JUDGED)
        if len(may_answer) > MOST_JUDGED:
            return None
        documents = load_documents(session, may_answer).documents
        return [d.ad_id for d in documents if answers(cut_lists(d), query.question)]

    def read_copy(self) -> SearchCopy | None:
        """How many ads the index holds, and what stands beside them; `None` when there is no index.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        return self._read_copy(self._uid)

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
        seq: int | None = None,
    ) -> list[Rejection]:
        """Send a batch and wait until all of it is searchable.

        Raises:
            SearchUnavailableError: if a task failed for another reason than one of its documents.
        """
        return self._server.send(self._uid, batch, seq)

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
        rejected: list[Rejection] = []
        sent = 0
        for page in pages:
            sent += len(page)
            rejected += self._server.send(new, Batch(page))
        self._server.put_document(new, _spell_mark(mark))
        filled = self._read_copy(new)
        require_count(filled.documents if filled else 0, sent - len(rejected))
        allow(rejected)
        if self._read_copy(self._uid) is None:
            self._server.make_index(self._uid)
        self._server.swap_indexes(self._uid, new)
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
        """An answer, where the words of the ads in scope come from, and what stands beside the copy."""
        questions = [spell_question(query, judged), FIND_MARK]
        if query.page == 1:
            questions.append(spell_words_from(query))
        answer, marks, *words = self._server.ask(self._uid, *questions)
        counted = read_facet(words[0], "words_from") if words else {}
        return answer, counted, _read_mark(marks["hits"])

    def _read_copy(self, uid: str) -> SearchCopy | None:
        try:
            count, marks = self._server.ask(uid, COUNT, FIND_MARK)
        except IndexMissingError:
            return None
        except SettingsLostError:
            found = self._server.find_document(uid, MARK_KEY)
            documents = self._server.count_all(uid) - (found is not None)
            return SearchCopy(documents, _read_mark([found] if found else []), is_usable=False)
        ads = sum(read_facet(count, "source").values())
        return SearchCopy(ads, _read_mark(marks["hits"]))


def _spell_mark(mark: CopyMark) -> dict[str, Any]:
    said = dict(vars(mark))
    return {"key": MARK_KEY, MARK: said.pop("archive_id")} | said


def _read_mark(found: list[dict[str, Any]]) -> CopyMark | None:
    if not found or MARK not in found[0]:
        return None
    said = {name: found[0][name] for name in ("realm", "token", "shape", "seq")}
    return CopyMark(archive_id=found[0][MARK], **said)
