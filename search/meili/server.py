"""A Meilisearch server: the only file that speaks to it.

`search.meilisearch` asks and writes through here. A reply of 202 means enqueued, never indexed, so every
task is waited for and anything but `succeeded` fails loudly.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from itertools import count
from typing import Any
from urllib.parse import quote

import meilisearch
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.index import Index
from meilisearch.models.task import Task, TaskInfo
from pydantic import SecretStr
from requests.exceptions import RequestException

from archive.records.escaping import escape_text
from search.indexed.documents import Rejection, SearchDocument
from search.meili.connection import KeptConnections, RefusedQuestionError
from search.meili.lines import TOO_LARGE, Line, cut_lines, halve, join_lines, refuse, spell_lines
from search.meili.query import spell_documents, spell_moved
from search.meili.settings import IS_PRESENT, IS_WHOLE, SETTINGS
from search.port import Batch, NeverFilledError, SearchUnavailableError, SettingsLostError

REPLY_SECONDS = 60
ANSWER_SECONDS = 5
"""Of a question that a reader waits for: a server that hangs must hold up nothing else of the site."""

DOCUMENTS_AT_ONCE = 1_000
"""Read of an index."""

TASK_SECONDS = 3_600
SLOWEST_POLL_SECONDS = 0.25
MOST_IN_FLIGHT = 8
"""Batches that are sent and not waited for, so that the server takes several at once."""

CONTENT_TOO_LARGE = 413

Send = Callable[[bytes], TaskInfo]

EnqueuedBatch = tuple[list[Rejection], list[tuple[list[Line], Send, TaskInfo | None]]]
"""What could not be sent, and what was, with its task; without one, a document too large alone."""


class IndexMissingError(NeverFilledError):
    """The server has no such index."""


class MeilisearchServer:
    """What one server is asked and told; each call raises `SearchUnavailableError` where it fails."""

    def __init__(self, url: str, key: SecretStr | None) -> None:
        self.url = url
        self._key = key
        self._reading = KeptConnections(url, key, ANSWER_SECONDS)

    def ask(self, *questions: tuple[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Answers to several questions, each to an index, one after the other: writing may come between.

        Raises:
            IndexMissingError: if one of them is not there.
            SettingsLostError: if one has not the settings that the questions need.
        """
        of_index = [{**question, "indexUid": uid} for uid, question in questions]
        with self._plain_errors():
            answers: list[dict[str, Any]] = self._reading.ask(
                "/multi-search", {"queries": of_index}
            )["results"]
        return answers

    def count_all(self, uid: str) -> int:
        """How many documents an index holds, whatever they are."""
        with self._plain_errors():
            return self._client(ANSWER_SECONDS).index(uid).get_stats().number_of_documents

    def fetch(
        self, uid: str, filters: list[str], fields: list[str], limit: int, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int]:
        """Some fields of documents that pass filters, in the server's order, and how many pass."""
        wanted = {"filter": filters, "fields": fields, "limit": limit, "offset": offset}
        with self._plain_errors():
            found = self._reading.ask(f"/indexes/{quote(uid)}/documents/fetch", wanted)
        return found["results"], found["total"]

    def list_values(self, uid: str, field: str, like: str) -> list[str]:
        """Values of a list that begin like this, or nearly so, the most frequent."""
        with self._plain_errors():
            asked = {"facetName": field, "facetQuery": like}
            found = self._reading.ask(f"/indexes/{quote(uid)}/facet-search", asked)
        return [hit["value"] for hit in found["facetHits"]]

    def count_values(self, uid: str, field: str, start: str, filters: list[str]) -> dict[str, int]:
        """Values of a field that begin so, or nearly, and how many documents that pass filters have each."""
        asked = {"facetName": field, "facetQuery": start, "filter": filters}
        with self._plain_errors():
            found = self._reading.ask(f"/indexes/{quote(uid)}/facet-search", asked)
        return {hit["value"]: hit["count"] for hit in found["facetHits"]}

    def list_present(self, uid: str, ad_ids: Collection[int]) -> set[int]:
        """Which of these ads have a document."""
        among = f"ad_id IN {sorted(ad_ids)} AND {IS_WHOLE}"
        wanted = {"filter": among, "fields": ["ad_id"], "limit": len(ad_ids)}
        with self._plain_errors():
            found = self._client().index(uid).get_documents(wanted)
        return {document.ad_id for document in found.results}

    def read_settings(self, uid: str) -> dict[str, Any]:
        """The settings that an index has."""
        with self._plain_errors():
            # The client would change names.
            found: dict[str, Any] = self._client().http.get(f"indexes/{quote(uid)}/settings")
        return found

    def read_documents(self, uid: str) -> Iterator[list[dict[str, Any]]]:
        """All documents of an index, page by page; nothing may be written meanwhile."""
        page: list[dict[str, Any]] = [{}]
        for offset in count(0, DOCUMENTS_AT_ONCE):
            wanted = {"offset": offset, "limit": DOCUMENTS_AT_ONCE}
            with self._plain_errors():
                page = self._reading.ask(f"/indexes/{quote(uid)}/documents/fetch", wanted)[
                    "results"
                ]
            if not page:
                return
            yield page

    def delete_documents(self, uid: str, keys: list[str]) -> None:
        """Delete documents by their ids."""
        with self._plain_errors():
            index = self._client().index(uid)
            for task in [index.delete_document(key) for key in keys]:
                self._require_success(task)

    def make_index(self, uid: str) -> None:
        """An empty index with its settings, which cost a rebuild when they come after the documents."""
        with self._plain_errors():
            client = self._client()
            self._require_success(client.create_index(uid, {"primaryKey": "key"}))
            self._require_success(client.index(uid).update_settings(dict(SETTINGS)))

    def list_indexes(self) -> list[str]:
        """Names of all indexes that the key may see."""
        with self._plain_errors():
            # The client's annotation leaves out the page around the list.
            page: Any = self._client().get_raw_indexes({"limit": 10_000})
        return [index["uid"] for index in page["results"]]

    def drop_index(self, uid: str) -> None:
        """Delete an index."""
        with self._plain_errors():
            self._require_success(self._client().delete_index(uid))

    def swap_indexes(self, one: str, other: str) -> None:
        """Give two indexes each other's name at once."""
        with self._plain_errors():
            self._require_success(self._client().swap_indexes([{"indexes": [one, other]}]))

    def put_document(self, uid: str, document: Mapping[str, Any]) -> None:
        """Write one document as it is given, to an index that may not be there yet."""
        with self._plain_errors():
            index = self._client().index(uid)
            self._require_success(index.add_documents([dict(document)], "key"))

    def move_document(self, uid: str, document: Mapping[str, Any]) -> None:
        """Write some fields of one document; the others stay."""
        with self._plain_errors():
            index = self._client().index(uid)
            self._require_success(index.update_documents([dict(document)], "key"))

    def send(self, uid: str, batch: Batch) -> list[Rejection]:
        """Send a batch; gives the documents that are refused."""
        with self._plain_errors():
            return self._settle_batch(self._enqueue_batch(self._client().index(uid), batch))

    def send_pages(
        self, uid: str, pages: Iterable[list[SearchDocument]]
    ) -> tuple[int, list[Rejection]]:
        """Send all documents of a new index; gives how many they were, and those that are refused."""
        index, sent, rejected = self._client().index(uid), 0, list[Rejection]()
        in_flight: deque[EnqueuedBatch] = deque()
        with self._plain_errors():
            for page in pages:
                sent += len(page)
                in_flight.append(self._enqueue_batch(index, Batch(page)))
                if len(in_flight) == MOST_IN_FLIGHT:
                    rejected += self._settle_batch(in_flight.popleft())
            for enqueued in in_flight:
                rejected += self._settle_batch(enqueued)
        return sent, rejected

    def _client(self, seconds: int = REPLY_SECONDS) -> meilisearch.Client:
        # One each time: the client keeps its headers in one dictionary that every call changes.
        key = self._key.get_secret_value() if self._key else None
        return meilisearch.Client(self.url, key, timeout=seconds)

    def _enqueue_batch(self, index: Index, batch: Batch) -> EnqueuedBatch:
        """Enqueue everything, to be waited for afterwards: waiting after each request costs twice."""
        if batch.deleted:
            self._require_success(index.delete_documents(filter=f"ad_id IN {batch.deleted}"))
        if before := [document.ad_id for document in batch.documents if document.replaces_earlier]:
            index.delete_documents(filter=f"ad_id IN {before} AND {IS_PRESENT} = false")
        whole, rejected = spell_lines(batch.documents, spell_documents)
        moved, also_rejected = spell_lines(batch.moved, lambda document: [spell_moved(document)])
        # `PUT` keeps every field that is not sent; it is annotated as text, sent as one JSON string.
        move: Any = index.update_documents_ndjson
        requests = [
            *((lines, index.add_documents_ndjson) for lines in cut_lines(whole)),
            *((lines, move) for lines in cut_lines(moved)),
        ]
        enqueued = [each for lines, send in requests for each in _enqueue(lines, send)]
        return [*rejected, *also_rejected], enqueued

    def _settle_batch(self, batch: EnqueuedBatch) -> list[Rejection]:
        """Wait for all of a batch; gives the documents that are refused."""
        rejected, enqueued = batch
        waited = [(lines, send, self._wait(task)) for lines, send, task in enqueued if task]
        refused = [row for lines, send, task in waited for row in self._settle(lines, send, task)]
        too_large = [refuse(lines, TOO_LARGE) for lines, _, task in enqueued if not task]
        return [*rejected, *refused, *too_large]

    def _settle(self, lines: list[Line], send: Send, task: Task) -> list[Rejection]:
        """Nothing for a task that succeeded; else send halves until the bad documents stand alone."""
        if task.status == "succeeded":
            return []
        error: Mapping[str, Any] = task.error or {}
        if error.get("type") != "invalid_request" or error.get("code") == "index_not_found":
            raise SearchUnavailableError(f"Meilisearch: task {task.uid} {task.status}: {error}")
        if len(lines) == 1:
            return [refuse(lines, str(error["message"]))]
        waited = [(half, self._wait(send(join_lines(half)))) for half in halve(lines)]
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
        except (MeilisearchApiError, RefusedQuestionError) as error:
            if error.code == "index_not_found":
                raise IndexMissingError from None
            if (error.code or "").startswith(("invalid_search", "invalid_document_filter")):
                message = f"the search copy has lost its settings; type: paidforby index sync ({error.code})"
                raise SettingsLostError(message) from None
            message = f"Meilisearch at {self.url} refuses: {error.message}"
            raise SearchUnavailableError(message) from None
        except (MeilisearchError, RequestException, OSError, HTTPException) as error:
            # The latter: a server that ends in the midst of an answer, or a proxy's page in place of one.
            cause = _find_cause(error) if isinstance(error, MeilisearchError) else error
            message = f"Meilisearch at {self.url} does not answer: {cause}"
            raise SearchUnavailableError(escape_text(message)) from None


def _find_cause(error: BaseException) -> BaseException:
    """What the machine said, below all that libraries have wrapped around it."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def _enqueue(lines: list[Line], send: Send) -> list[tuple[list[Line], Send, TaskInfo | None]]:
    """Send lines, in halves where the server or what stands before it takes no body so large.

    Without a task: one document that is too large alone.
    """
    try:
        return [(lines, send, send(join_lines(lines)))]
    except MeilisearchApiError as error:
        if error.status_code != CONTENT_TOO_LARGE:
            raise
    if len(lines) == 1:
        return [(lines, send, None)]
    return [each for half in halve(lines) for each in _enqueue(half, send)]
