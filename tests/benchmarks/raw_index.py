"""What search is measured against: a Meilisearch index of the same ads as one would make it by hand.

Texts as given, `q` as typed, the settings of `../shared/research/search.md`; its client keeps its connection
open and sends without delay, its loader sends documents that are ready made.
"""

import http.client
import json
import socket
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import meilisearch

from search.indexed.documents import SearchDocument
from tests.servers import Meilisearch

TEXTS = ("title", "body", "advertiser", "payer", "sponsor", "landing")
VALUES = ("source", "platform", "countries", "languages", "surfaces", "currency", "advertiser_id")
MORE_VALUES = ("advertiser", "payer", "media_type", "state", "declared_political")
NUMBERS = ("started_day", "ended_day", "spend_lower_minor", "impressions_lower")
HIDES = "is_visible_by_default"
FACETS = {"country": "countries", "language": "languages"}
"""Facets that the project names otherwise."""

EQUALITY = {"facetSearch": False, "filter": {"equality": True, "comparison": False}}
COMPARISON = {"facetSearch": False, "filter": {"equality": True, "comparison": True}}
SETTINGS: dict[str, Any] = {
    "searchableAttributes": [*TEXTS, "id"],
    "filterableAttributes": [
        {"attributePatterns": [*VALUES, *MORE_VALUES, HIDES], "features": EQUALITY},
        {"attributePatterns": list(NUMBERS), "features": COMPARISON},
    ],
    "sortableAttributes": ["started_day", "spend_lower_minor", "impressions_lower", "currency"],
    "rankingRules": [
        *("words", "typo", "proximity", "attribute", "sort", "exactness"),
        "started_day:desc",
    ],
    "typoTolerance": {"disableOnAttributes": ["id"]},
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "count"}},
    "pagination": {"maxTotalHits": 1_000},
}


class NoDelay(http.client.HTTPConnection):
    """A connection that sends at once."""

    def connect(self) -> None:
        """Open it."""
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class RawIndex:
    """One index, filled and asked by hand."""

    def __init__(self, server: Meilisearch, uid: str = "raw") -> None:
        self.server, self.uid = server, uid
        self._client = meilisearch.Client(server.url, server.key)

    def make(self) -> None:
        """The index with its settings, empty."""
        self.wait(self._client.create_index(self.uid, {"primaryKey": "key"}))
        self.wait(self._client.index(self.uid).update_settings(SETTINGS))

    def load(self, bodies: Iterable[bytes], *, whole: bool = True) -> None:
        """Send ready-made documents, then wait for all of them."""
        index = self._client.index(self.uid)
        send: Any = index.add_documents_ndjson if whole else index.update_documents_ndjson
        for task in [send(body) for body in bodies]:
            self.wait(task)

    def wait(self, task: Any) -> None:
        """Until a task is done.

        Raises:
            RuntimeError: if it failed.
        """
        done = self._client.wait_for_task(task.task_uid, timeout_in_ms=3_600_000)
        if done.status != "succeeded":
            raise RuntimeError(str(done.error))

    def connect(self) -> NoDelay:
        """A connection to ask over."""
        at = urlsplit(self.server.url)
        return NoDelay(at.hostname or "", at.port, timeout=60)

    def ask(
        self,
        connection: NoDelay,
        text: str,
        filters: Sequence[str],
        facets: Sequence[str],
        sort: Sequence[str],
    ) -> dict[str, Any]:
        """The answer to a question as a page needs it: exact totals, twenty hits with cropped texts."""
        body = {
            "q": text,
            "filter": [f"{HIDES} = true", *filters],
            "facets": [FACETS.get(name, name) for name in facets],
            "page": 1,
            "hitsPerPage": 20,
            "sort": list(sort),
            "attributesToCrop": ["title", "body"],
            "cropLength": 30,
            "attributesToHighlight": list(TEXTS),
        }
        headers = {
            "Authorization": f"Bearer {self.server.key}",
            "Content-Type": "application/json",
        }
        connection.request("POST", f"/indexes/{self.uid}/search", json.dumps(body), headers)
        said: dict[str, Any] = json.loads(connection.getresponse().read())
        return said


def spell_raw(document: SearchDocument) -> dict[str, Any]:
    """A document as one would send it."""
    names = {*TEXTS, *VALUES, *MORE_VALUES, *NUMBERS, HIDES, "key", "id", "spend_upper_minor"}
    names |= {"impressions_upper", "started_on", "ended_on", "versions", "missing"}
    return document.model_dump(mode="json", include=names)


def cut_bodies(documents: Iterable[dict[str, Any]], size: int = 10_000) -> list[bytes]:
    """Ready-made requests."""
    lines = [json.dumps(each, ensure_ascii=False).encode() for each in documents]
    return [b"\n".join(lines[i : i + size]) for i in range(0, len(lines), size)]
