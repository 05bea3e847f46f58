"""The walk through Meta's Ad Library API: question by question, page by page, on by cursor.

Scrapy runs it for the source `meta_ad_library`. The address of the next page is always made anew from the
cursor: the one Meta gives has the caller's token in it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from archive.models.runs import Outcome
from config.settings import Settings
from scrapers.fetching.answers import NextStep, ResponseVerdict
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.readers.files import SourceFile
from scrapers.sources.spider import ReadingPage, SourceSpider, Stop, page_readings, read_delivery
from scrapers.spiders.meta.errors import classify_meta_response, read_object
from scrapers.spiders.meta.library_spider import API_FIELDS
from scrapers.spiders.meta.queries import MetaCursor, read_questions

API_PATH = "v26.0/ads_archive"
FIRST_LIMIT = 100
"""Ads to a page. Pages of several hundred with all fields fail, collectors report."""
MOST_DOUBTS = 3
"""Times a doubtful page is asked for again before it is accepted."""


@dataclass(frozen=True)
class WalkStep:
    """Where a page began, and the page: its question, and its hash."""

    place: MetaCursor
    page: tuple[int, str]


class MetaSpider(PartitionSpider):
    """One partition's walk: what to ask for next, given what came."""

    def __init__(
        self,
        source: type[SourceSpider],
        settings_of_archive: Settings,
        partition: str,
        cursor: str | None,
        base_url: str = "",
    ) -> None:
        super().__init__(source, settings_of_archive, partition, cursor, base_url)
        self._questions = read_questions(settings_of_archive, partition)
        self._limit = FIRST_LIMIT
        self._seen_pages: set[tuple[int, str]] = set()
        self._steps: dict[MetaCursor, WalkStep] = {}

    def requests(self) -> Iterable[Request]:
        """The first page, or the one a walk goes on with; each page asks for the next."""
        return [self._request_page(self._questions.find(self.cursor))]

    def classify_response(self, response: Response) -> ResponseVerdict:
        """What an answer means, by the error in its body."""
        return classify_meta_response(response)

    def _request_page(self, place: MetaCursor, doubts: int = 0) -> Request:
        """The page at a place, without any token: the download handler adds it on the wire."""
        query = (
            self._questions.asked[place.number]
            | {"fields": ",".join(API_FIELDS), "limit": str(self._limit)}
            | ({"after": place.after} if place.after else {})
        )
        return Request(
            f"{self.address}/{API_PATH}?{urlencode(query)}",
            callback=self.read_page,
            cb_kwargs={"place": place, "doubts": doubts},
            # The statuses of answers that must reach `read_page` although they are errors.
            meta={"handle_httpstatus_list": [400, 500]},
            dont_filter=True,
        )

    def read_page(
        self, response: Response, place: MetaCursor, doubts: int
    ) -> Iterator[ReadingPage | Stop | Request]:
        """What a page says, then where to go on."""
        ad_answer = classify_meta_response(response)
        if ad_answer.verdict == NextStep.SMALLER:
            yield self._ask_for_less(place, ad_answer.reason)
            return
        if ad_answer.verdict == NextStep.LOST_PLACE:
            yield from self._step_back(response, place)
            return
        body = read_object(response.body) or {}
        page = place.number, hash_page(body["data"])
        after = find_next_cursor(body)
        if page in self._seen_pages:
            yield from self._start_over(response, "Meta gave the same page again, an endless loop")
        elif is_doubtful(body, place.after, after) and doubts < MOST_DOUBTS:
            yield self._request_page(place, doubts + 1)
        else:
            self._seen_pages.add(page)
            following = self._questions.follow(place, after)
            yield from self._take_page(response, following)
            yield from self._go_on(response, WalkStep(place, page), following)

    def _take_page(self, response: Response, following: MetaCursor | None) -> Iterator[ReadingPage]:
        file = SourceFile.from_bytes("ads_archive.json", response.body)
        reader = self.source.reader_of(self.archive_settings, self.partition)
        readings = read_delivery(reader, file)
        for page in page_readings(readings, response.meta["capture_id"]):
            yield replace(page, cursor=self._questions.spell(following))

    def _go_on(
        self, response: Response, step: WalkStep, following: MetaCursor | None
    ) -> Iterator[ReadingPage | Stop | Request]:
        if following == step.place and following.after is not None:
            yield from self._start_over(response, "Meta's cursor leads to itself, an endless loop")
        elif following is not None:
            self._steps[following] = step
            yield self._request_page(following)

    def _ask_for_less(self, place: MetaCursor, reason: str) -> Request | Stop:
        if self._limit == 1:
            return Stop(Outcome.PARTIAL, reason)
        self._limit //= 2
        return self._request_page(place)

    def _step_back(
        self, response: Response, place: MetaCursor
    ) -> Iterator[ReadingPage | Stop | Request]:
        """A cursor rests on an ad and dies with it: go on from the one before."""
        step = self._steps.pop(place, None)
        if step is None:
            yield from self._start_over(response, "the ad that Meta's cursor rested on was removed")
        else:
            self._seen_pages.discard(step.page)
            yield self._request_page(step.place)

    def _start_over(self, response: Response, reason: str) -> Iterator[ReadingPage | Stop]:
        """End here, and let the next run begin at the start: this cursor leads nowhere."""
        yield ReadingPage([], response.meta["capture_id"], cursor=None)
        yield Stop(Outcome.PARTIAL, f"{reason}; the next run starts over")


def hash_page(data: list[Any]) -> str:
    """A page by the ids on it: its numbers and addresses may differ while it is the same."""
    refs = [str(ad.get("id")) if isinstance(ad, dict) else str(ad) for ad in data]
    return hashlib.sha256("\n".join(refs).encode()).hexdigest()


def is_doubtful(body: dict[str, Any], cursor: str | None, next_cursor: str | None) -> bool:
    """Whether a page looks like an accident: it leads to itself, or ends without `paging`.

    An honest last page has cursors and lacks only `next`, or it is empty.
    """
    if cursor is not None and next_cursor == cursor:
        return True
    return bool(body["data"]) and not isinstance(body.get("paging"), dict)


def find_next_cursor(body: dict[str, Any]) -> str | None:
    """The cursor to go on with; `None` at the end."""
    paging = body.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) else None
