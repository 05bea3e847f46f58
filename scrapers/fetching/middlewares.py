"""Between the spider and the source: stay on the host, keep the evidence, wait when told to.

Scrapy calls these for every request and answer of a crawl (`crawling.py` lists them). They never parse
a record.
"""

import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.bounds import REDIRECTS
from archive.errors import ArchiveError
from archive.models.media import MediaState
from archive.models.runs import Outcome
from archive.runs.captures import redact_url
from archive.store.outages import plain_failures, read_surely, tell_failure
from scrapers.fetching.answers import BROKEN_OFF, NextStep, ResponseVerdict, read_wait
from scrapers.fetching.conditional import is_captured, validators_of
from scrapers.fetching.network_addresses import NotFetchedError
from scrapers.fetching.pacing import LONGEST_WAIT_SECONDS, leave_alone
from scrapers.fetching.partition_spider import PartitionSpider
from scrapers.fetching.spooled import discard_body, keep_body
from scrapers.fetching.walk import Walk, walk_of
from scrapers.readers.files import BoundError

OUTAGES = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    OSError,
)
REFUSALS = (DownloadCancelledError, BoundError, ArchiveError, MemoryError)
"""What ends a run without anything in the program being wrong: no traceback is worth a line."""
MOST_TRIES = 6
QUOTA_FACTOR = 30
"""A quota comes back more slowly than a server that stumbled."""
AFTER_OUTAGE = timedelta(hours=1)
CUT_SHORT = "the answer broke off before its end; what came of it is kept"
FOR_THE_SPIDER = frozenset({NextStep.READ, NextStep.SMALLER, NextStep.LOST_PLACE})


class GuardMiddleware:
    """Lets no request leave the source's own hosts, redirects included, nor reach a private address."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "GuardMiddleware":
        """Scrapy's constructor."""
        return cls(walk_of(crawler))

    async def process_request(self, request: Request) -> None:
        """Refuse what leads elsewhere, and everything once the walk is over.

        Raises:
            IgnoreRequest: for a request that must not be sent.
        """
        if self._walk.is_over:
            raise IgnoreRequest("the walk is over")
        if request.meta.get("redirect_times", 0) > REDIRECTS.most:
            self._walk.note_trouble(Outcome.FAILED, f"the source sends us on: {REDIRECTS.tell()}")
            raise IgnoreRequest(REDIRECTS.tell())
        parts = urlsplit(request.url)
        if parts.netloc not in self._walk.hosts:
            self._walk.note_trouble(
                Outcome.FAILED, f"the source leads to another host ({parts.hostname}): not followed"
            )
            raise IgnoreRequest("another host")
        await self._pin_host(parts.hostname or "")

    async def _pin_host(self, host: str) -> None:
        try:
            await self._walk.names.pin(host)
        except NotFetchedError as error:
            # A name that cannot be found is left to the download, which may go through a proxy.
            if error.state == MediaState.UNSAFE:
                self._walk.note_trouble(
                    Outcome.FAILED, f"the source leads to a private address ({host}): not followed"
                )
                raise IgnoreRequest("a private address") from None


class CaptureMiddleware:
    """Keeps the bytes of every answer before anyone parses them; asks only for what is new."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._held = walk.validators

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CaptureMiddleware":
        """Scrapy's constructor."""
        return cls(walk_of(crawler))

    def process_request(self, request: Request) -> None:
        """Make the request conditional, if it is for a file: a query is always asked afresh."""
        if request.callback is NO_CALLBACK or not is_for_file(request):
            return
        if self._held.etag:
            request.headers.setdefault("If-None-Match", self._held.etag)
        if self._held.last_modified:
            request.headers.setdefault("If-Modified-Since", self._held.last_modified)

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep the bytes, then pass them on unless they are held and read already.

        Raises:
            IgnoreRequest: when there is nothing new to read.
        """
        if request.callback is NO_CALLBACK:
            return response
        if response.status == 304:
            self._walk.unchanged_answers += 1
            raise IgnoreRequest("not modified")
        if self._walk.secret:
            response = response.replace(body=self._walk.secret.hide_in_bytes(response.body))
        try:
            with plain_failures():
                held = self._keep_bytes(request, response)
        except Exception as error:
            # What cannot be kept must not be read, and neither may what follows it.
            self._walk.note_trouble(Outcome.FAILED, tell_failure(error))
            raise
        if held:
            self._walk.unchanged_answers += 1
            discard_body(response)
            raise IgnoreRequest("these bytes are held already")
        return response

    def _keep_bytes(self, request: Request, response: Response) -> bool:
        """Store and note the bytes; whether they are the ones that were last taken in."""
        intake = self._walk.intake
        blob = keep_body(intake.blobs, response)
        url = redact_url(response.url, self._walk.shown_parameters)
        # A page that is as it was says nothing of the pages after it.
        held = (
            response.status == 200
            and is_for_file(request)
            and read_surely(
                intake.engine,
                intake.patience,
                lambda session: is_captured(session, intake.lease, url, blob.sha256),
            )
        )
        media_type = (response.headers.get("Content-Type") or b"").decode("latin-1")[:200]
        capture = intake.keep_capture(blob, url=url, status=response.status, media_type=media_type)
        if capture.id is None:
            raise ValueError("a saved capture has an id")
        self._walk.captures[capture.id] = capture
        request.meta["capture_id"] = capture.id
        request.meta["row_hash_key"] = intake.row_hash_key
        if response.status == 200:
            self._walk.validators = validators_of(response)
        return held


def is_for_file(request: Request) -> bool:
    """Whether the answer is a file, whole in itself, and not a page of a walk."""
    return "?" not in request.url


class BackoffMiddleware:
    """Waits as long as a source asks, or longer each time it stumbles; gives up with a time to go on."""

    def __init__(self, walk: Walk, spider: PartitionSpider, first_wait_seconds: float) -> None:
        self._walk = walk
        self._spider = spider
        self._first_wait_seconds = first_wait_seconds
        self._random = random.SystemRandom()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "BackoffMiddleware":
        """Scrapy's constructor."""
        if not isinstance(crawler.spider, PartitionSpider):
            raise TypeError("a crawl is made by the spider of a source")
        first_wait_seconds = crawler.settings.getfloat("BACKOFF_FIRST_WAIT_SECONDS")
        return cls(walk_of(crawler), crawler.spider, first_wait_seconds)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Pass on what can be read; retry, defer or end the walk for the rest.

        Raises:
            IgnoreRequest: when the answer is not one to read.
        """
        for refused in (flag for flag in response.flags if flag != BROKEN_OFF):
            # Without robots.txt, too, nothing more may be asked.
            self._walk.note_trouble(Outcome.FAILED, f"an answer was {refused}")
            raise IgnoreRequest(refused)
        if request.callback is NO_CALLBACK:
            return response
        if BROKEN_OFF in response.flags:
            return self._try_again(request, ResponseVerdict(NextStep.TRANSIENT, CUT_SHORT), None)
        ad_answer = self._spider.classify_response(response)
        if ad_answer.verdict in FOR_THE_SPIDER:
            self._walk.read_answers += ad_answer.verdict == NextStep.READ
            return response
        if ad_answer.verdict in {NextStep.TRANSIENT, NextStep.QUOTA}:
            said = (response.headers.get("Retry-After") or b"").decode("latin-1")
            asked = read_wait(said, self._walk.intake.clock())
            return self._try_again(request, ad_answer, asked or ad_answer.wait_seconds)
        self._note_end(ad_answer)
        raise IgnoreRequest(ad_answer.reason)

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Treat a lost connection like a server that stumbled.

        Raises:
            IgnoreRequest: for what was refused.
        """
        if request.callback is NO_CALLBACK or isinstance(exception, IgnoreRequest):
            return None
        is_refused = isinstance(exception, DownloadCancelledError | BoundError)
        told = str(exception) if is_refused else tell_failure(exception)
        if isinstance(exception, ResponseDataLossError):
            return self._try_again(request, ResponseVerdict(NextStep.TRANSIENT, CUT_SHORT), None)
        if isinstance(exception, OUTAGES):
            ad_answer = ResponseVerdict(
                NextStep.TRANSIENT, f"the source could not be reached ({told})"
            )
            return self._try_again(request, ad_answer, None)
        self._walk.note_trouble(Outcome.FAILED, told)
        if isinstance(exception, REFUSALS):
            raise IgnoreRequest(told)
        return None

    def _try_again(
        self, request: Request, ad_answer: ResponseVerdict, asked: float | None
    ) -> Request:
        tries = request.meta.get("tries", 0) + 1
        wait = self._choose_wait(ad_answer.verdict, tries, asked)
        now = self._walk.intake.clock()
        until = now + timedelta(seconds=wait)
        leave_alone(self._walk, until)
        if wait > LONGEST_WAIT_SECONDS:
            self._defer(ad_answer, until)
        if tries >= MOST_TRIES:
            self._defer(ad_answer, now + AFTER_OUTAGE)
        return request.replace(meta={**request.meta, "tries": tries}, dont_filter=True)

    def _choose_wait(self, verdict: NextStep, tries: int, asked: float | None) -> float:
        """Seconds to wait: never less than asked, and not all machines at the same moment."""
        if asked is not None:
            return asked + self._random.uniform(0.0, self._first_wait_seconds)
        first = self._first_wait_seconds * (QUOTA_FACTOR if verdict == NextStep.QUOTA else 1)
        return first * 2.0 ** (tries - 1) * self._random.uniform(1.0, 1.25)

    def _defer(self, ad_answer: ResponseVerdict, not_before_at: datetime) -> None:
        self._walk.note_trouble(Outcome.DEFERRED, ad_answer.reason, not_before_at=not_before_at)
        raise IgnoreRequest(ad_answer.reason)

    def _note_end(self, ad_answer: ResponseVerdict) -> None:
        if ad_answer.verdict == NextStep.AUTH:
            self._walk.note_trouble(Outcome.BLOCKED, ad_answer.reason)
        else:
            # The other files of a partition are worth having when one is missing.
            is_over = ad_answer.verdict != NextStep.GONE
            self._walk.note_trouble(Outcome.FAILED, ad_answer.reason, is_over=is_over)
