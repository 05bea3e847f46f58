"""A Meilisearch server: the only file that speaks to it.

`search.meilisearch` asks and writes through here. A reply of 202 means enqueued, never indexed, so every
task is waited for and anything but `succeeded` fails loudly.
"""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

import meilisearch
from meilisearch.errors import MeilisearchApiError, MeilisearchError
from meilisearch.index import Index
from meilisearch.models.task import Task, TaskInfo
from pydantic import SecretStr
from requests.exceptions import RequestException

from archive.records.escaping import escape_text
from archive.runs.fence import take_each
from search.documents import Rejection, SearchDocument, reject
from search.meili.connection import KeptConnections, RefusedQuestionError
from search.meili.query import IS_PRESENT, IS_WHOLE, SETTINGS, spell_documents, spell_moved
from search.port import NEVER_FILLED, Batch, SearchUnavailableError

LARGEST_BODY = 20_000_000
"""Bytes of one request: the server refuses 100 MB, and a refused connection may hang."""

REPLY_SECONDS = 60
ANSWER_SECONDS = 5
"""Of a question that a reader waits for: a server that hangs must hold up nothing else of the site."""

TASK_SECONDS = 3_600
SLOWEST_POLL_SECONDS = 1.0

REFUSED = "the search engine would not take it"

Line = tuple[SearchDocument, bytes]
"""A document and what is sent of it."""

Send = Callable[[bytes], TaskInfo]


class IndexMissingError(SearchUnavailableError):
    """The server has no such index."""


class SettingsLostError(SearchUnavailableError):
    """The index cannot take a question of ours: every one is checked before it is put."""


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

    def list_ads(self, uid: str, filters: list[str], most: int) -> list[int]:
        """Our ids of the ads that pass filters, at most so many and one."""
        wanted = {"filter": filters, "fields": ["ad_id"], "limit": most + 1}
        with self._plain_errors():
            found = self._reading.ask(f"/indexes/{quote(uid)}/documents/fetch", wanted)
        return [document["ad_id"] for document in found["results"]]

    def list_values(self, uid: str, field: str, like: str) -> list[str]:
        """Values of a list that begin like this, or nearly so, the most frequent."""
        with self._plain_errors():
            asked = {"facetName": field, "facetQuery": like}
            found = self._reading.ask(f"/indexes/{quote(uid)}/facet-search", asked)
        return [hit["value"] for hit in found["facetHits"]]

    def list_present(self, uid: str, ad_ids: Collection[int]) -> set[int]:
        """Which of these ads have a document."""
        among = f"ad_id IN {sorted(ad_ids)} AND {IS_WHOLE}"
        wanted = {"filter": among, "fields": ["ad_id"], "limit": len(ad_ids)}
        with self._plain_errors():
            found = self._client().index(uid).get_documents(wanted)
        return {document.ad_id for document in found.results}

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
            return self._send_batch(self._client().index(uid), batch)

    def _client(self, seconds: int = REPLY_SECONDS) -> meilisearch.Client:
        # One each time: the client keeps its headers in one dictionary that every call changes.
        key = self._key.get_secret_value() if self._key else None
        return meilisearch.Client(self.url, key, timeout=seconds)

    def _send_batch(self, index: Index, batch: Batch) -> list[Rejection]:
        """Enqueue everything, then wait: waiting after each request costs the server twice."""
        if batch.deleted:
            self._require_success(index.delete_documents(filter=f"ad_id IN {batch.deleted}"))
        if before := [document.ad_id for document in batch.documents if document.may_have_earlier]:
            index.delete_documents(filter=f"ad_id IN {before} AND {IS_PRESENT} = false")
        whole, rejected = _spell_lines(batch.documents, spell_documents)
        moved, also_rejected = _spell_lines(batch.moved, lambda document: [spell_moved(document)])
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
        except (MeilisearchApiError, RefusedQuestionError) as error:
            if error.code == "index_not_found":
                raise IndexMissingError(NEVER_FILLED) from None
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


def _spell_lines(
    documents: list[SearchDocument], spell: Callable[[SearchDocument], list[dict[str, Any]]]
) -> tuple[list[Line], list[Rejection]]:
    """What is sent of each document, a line each, and those that cannot be spelled."""
    done, failed = take_each(
        documents, lambda some: [(document, _join_spelled(spell(document))) for document in some]
    )
    rejected = [reject(document.ad_id, document.id, error) for document, error in failed]
    return [line for lines in done for line in lines], rejected


def _join_spelled(spelled: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(each, ensure_ascii=False).encode() for each in spelled)


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
