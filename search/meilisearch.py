"""The search engine of served archives: Meilisearch, and the only file that speaks to it.

`search.engines` opens it when PAIDFORBY_MEILISEARCH_URL is set. A reply of 202 means enqueued, never
indexed, so every task is waited for and anything but `succeeded` fails loudly.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import meilisearch
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.index import Index
from meilisearch.models.task import Task, TaskInfo
from sqlmodel import Session

from archive.errors import cut_echo
from archive.records.escaping import escape_text
from archive.runs.fence import take_each
from config.settings import Settings
from search.consumer_position import require_data_as_of
from search.documents import MOVING_FIELDS, Rejection, SearchDocument, reject
from search.hits import Matched, SearchHit, SearchPage, choose_snippet
from search.meilisearch_query import SETTINGS, TEXT_FIELDS, spell_parameters, spell_words
from search.port import DOCUMENT_SHAPE, NEVER_FILLED, Batch, SearchUnavailableError
from search.query import LIST_FIELDS, AdQuery, QueryError

LARGEST_BODY = 20_000_000
"""Bytes of one request: the server refuses 100 MB, and a refused connection may hang."""

REPLY_SECONDS = 60
TASK_SECONDS = 3_600
SLOWEST_POLL_SECONDS = 1.0

REFUSED = "the search engine would not take it"

Line = tuple[SearchDocument, bytes]
"""A document and what is sent of it."""

Send = Callable[[bytes], TaskInfo]


class MeilisearchSearch:
    """Search in one index of a Meilisearch server."""

    name = "meilisearch"
    keeps_in_archive = False

    def __init__(self, settings: Settings) -> None:
        self._url = settings.meilisearch_url or ""
        self._key = settings.meilisearch_key
        self._uid = settings.meilisearch_index
        self.consumer = f"search:meilisearch:{self._uid}:{DOCUMENT_SHAPE}"

    def search(self, session: Session, query: AdQuery) -> SearchPage:
        """Answer with ads that have all words, else, if none has, with those that have some.

        Totals are sums of a facet: unlike Meilisearch's own totals, facet counts stop at no limit.

        Raises:
            QueryError: if the server refuses the query.
            SearchUnavailableError: if it does not answer, or the index was never filled.
        """
        data_as_of = require_data_as_of(session, self.consumer)
        matched: Matched = "all_words" if query.units else "everything"
        answer = self._ask(query, "all")
        if not _count_facet(answer, "source") and len(query.units) > 1:
            matched, answer = "some_words", self._ask(query, "last")
        return SearchPage(
            total=sum(_count_facet(answer, "source").values()),
            total_from="exact",
            matched=matched,
            engine=self.name,
            data_as_of=data_as_of,
            hits=[_read_hit(row) for row in answer["hits"]],
            facets={name: _count_facet(answer, name) for name in query.facets},
        )

    def count_documents(self) -> int | None:
        """How many ads the index holds; `None` when there is no index.

        Raises:
            SearchUnavailableError: if the server does not answer.
        """
        with self._plain_errors():
            return self._count(self._uid)

    def write_batch(self, batch: Batch, session: Session | None) -> list[Rejection]:  # noqa: ARG002
        """Send a batch and wait until all of it is searchable.

        Raises:
            SearchUnavailableError: if a task failed for another reason than one of its documents.
        """
        with self._plain_errors():
            return self._send_batch(self._client().index(self._uid), batch)

    def rebuild(self, pages: Iterable[list[SearchDocument]]) -> list[Rejection]:
        """Fill a new index beside the old, swap the two, drop the old.

        Raises:
            SearchUnavailableError: if anything failed; the old index still answers.
        """
        next_uid = f"{self._uid}_next"
        with self._plain_errors():
            client = self._client()
            self._drop_index(next_uid)
            for uid in (self._uid, next_uid):
                if self._count(uid) is None:
                    self._make_index(uid)
            index = client.index(next_uid)
            rejected = [row for page in pages for row in self._send_batch(index, Batch(page))]
            self._require_success(client.swap_indexes([{"indexes": [self._uid, next_uid]}]))
            self._drop_index(next_uid)
        return rejected

    def _ask(self, query: AdQuery, strategy: str) -> dict[str, Any]:
        with self._plain_errors():
            index = self._client().index(self._uid)
            return index.search(spell_words(query), spell_parameters(query, strategy))

    def _client(self) -> meilisearch.Client:
        # One each time: the client keeps its headers in one dictionary that every call changes.
        key = self._key.get_secret_value() if self._key else None
        return meilisearch.Client(self._url, key, timeout=REPLY_SECONDS)

    def _count(self, uid: str) -> int | None:
        try:
            return self._client().index(uid).get_stats().number_of_documents
        except MeilisearchApiError as error:
            if error.code == "index_not_found":
                return None
            raise

    def _make_index(self, uid: str) -> None:
        client = self._client()
        self._require_success(client.create_index(uid, {"primaryKey": "key"}))
        self._require_success(client.index(uid).update_settings(dict(SETTINGS)))

    def _drop_index(self, uid: str) -> None:
        if self._count(uid) is not None:
            self._require_success(self._client().delete_index(uid))

    def _send_batch(self, index: Index, batch: Batch) -> list[Rejection]:
        """Enqueue everything, then wait: waiting after each request costs the server twice."""
        if batch.deleted:
            self._require_success(index.delete_documents(filter=f"ad_id IN {batch.deleted}"))
        whole, rejected = _spell_lines(batch.documents, None)
        moved, also_rejected = _spell_lines(batch.moved, {*MOVING_FIELDS, "key"})
        requests = [
            *((lines, index.add_documents_ndjson) for lines in _cut_lines(whole)),
            *((lines, _moving_sender(index)) for lines in _cut_lines(moved)),
        ]
        enqueued = [(lines, send, send(_join_lines(lines))) for lines, send in requests]
        waited = [(lines, send, self._wait(task)) for lines, send, task in enqueued]
        refused = [row for lines, send, task in waited for row in self._settle(lines, send, task)]
        return [*rejected, *also_rejected, *refused]

    def _settle(self, lines: list[Line], send: Send, task: Task) -> list[Rejection]:
        """Nothing for a task that succeeded; else send halves until the bad documents stand alone."""
        if task.status == "succeeded":
            return []
        error: Mapping[str, Any] = task.error or {}
        if error.get("type") != "invalid_request" or error.get("code") == "index_not_found":
            raise SearchUnavailableError(f"Meilisearch: task {task.uid} {task.status}: {error}")
        if len(lines) == 1:
            document = lines[0][0]
            detail = escape_text(str(error["message"]))
            return [Rejection(ad_id=document.ad_id, id=document.id, reason=REFUSED, detail=detail)]
        middle = len(lines) // 2
        halves = (lines[:middle], lines[middle:])
        waited = [(half, self._wait(send(_join_lines(half)))) for half in halves]
        return [row for half, outcome in waited for row in self._settle(half, send, outcome)]

    def _require_success(self, enqueued: TaskInfo) -> None:
        task = self._wait(enqueued)
        if task.status != "succeeded":
            message = f"Meilisearch: task {task.uid} ({task.type}) {task.status}: {task.error}"
            raise SearchUnavailableError(message)

    def _wait(self, enqueued: TaskInfo) -> Task:
        client = self._client()
        waited, pause = 0.0, 0.01
        while waited < TASK_SECONDS:
            task = client.get_task(enqueued.task_uid)
            if task.status not in ("enqueued", "processing"):
                return task
            time.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, SLOWEST_POLL_SECONDS)
        raise SearchUnavailableError(
            f"Meilisearch: task {enqueued.task_uid} is not done after {TASK_SECONDS} seconds"
        )

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn the client's errors into this package's."""
        try:
            yield
        except MeilisearchApiError as error:
            if error.code == "index_not_found":
                raise SearchUnavailableError(NEVER_FILLED) from None
            if (error.code or "").startswith("invalid_search"):
                raise QueryError(
                    "filter", f"Meilisearch cannot read this query: {cut_echo(error.message)}"
                ) from None
            message = f"Meilisearch at {self._url} refuses: {error.message}"
            raise SearchUnavailableError(message) from None
        except MeilisearchError as error:
            message = f"Meilisearch at {self._url} does not answer: {error.message}"
            raise SearchUnavailableError(message) from None


def _spell_lines(
    documents: list[SearchDocument], names: set[str] | None
) -> tuple[list[Line], list[Rejection]]:
    """What is sent of each document, all of it or the named fields, and those that cannot be spelled."""
    done, failed = take_each(
        documents, lambda some: [(d, d.model_dump_json(include=names).encode()) for d in some]
    )
    rejected = [reject(document.ad_id, document.id, error) for document, error in failed]
    return [line for lines in done for line in lines], rejected


def _moving_sender(index: Index) -> Send:
    """`PUT`, which keeps every field that is not sent."""

    def send(body: bytes) -> TaskInfo:
        # Annotated as text, which the client would send as one JSON string.
        return index.update_documents_ndjson(body)  # type: ignore[arg-type]

    return send


def _cut_lines(lines: list[Line]) -> Iterator[list[Line]]:
    """Requests' worth of documents, each within the largest body or a single document."""
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + len(line[1]) > LARGEST_BODY:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line[1])
    if part:
        yield part


def _join_lines(lines: list[Line]) -> bytes:
    return b"\n".join(body for _, body in lines)


def _count_facet(answer: dict[str, Any], name: str) -> dict[str, int]:
    # A field that no document has a value of is left out of the answer.
    counts: dict[str, int] = answer["facetDistribution"].get(LIST_FIELDS.get(name, name), {})
    return counts


def _read_hit(row: dict[str, Any]) -> SearchHit:
    marked = row.pop("_formatted")
    snippet, snippet_from = choose_snippet({name: marked.get(name) or "" for name in TEXT_FIELDS})
    return SearchHit.model_validate(row | {"snippet": snippet, "snippet_from": snippet_from})
