"""Between the spider and the source: no request before its turn, whichever worker or run it is from.

Scrapy calls `PaceMiddleware` for every request of a crawl (`crawling.py` lists it); `BackoffMiddleware`
says here how long a source wants to be left alone. What counts is the key's row in the archive.
"""

import asyncio
from datetime import datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from sqlmodel import Session

from archive.models.runs import Outcome
from archive.runs.crawling_stops import CrawlingStoppedError, require_crawling
from archive.store.outages import write_surely
from scrapers.fetching.budget import Pace, hold_off, take_request
from scrapers.fetching.walk import Walk, walk_of

LONGEST_WAIT_SECONDS = 300.0
"""A longer wait ends the run as deferred: a sleeping process holds the partition for nothing."""
SECONDS_BETWEEN_LOOKS = 2.0
"""So long may pass before a crawl learns that all crawling is stopped."""
USED_UP = "what its key may ask is used up for now"


class PaceMiddleware:
    """Takes each request from the key's budget, waiting for its turn."""

    def __init__(self, walk: Walk, pace: Pace) -> None:
        self._walk = walk
        self._pace = pace

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "PaceMiddleware":
        """Scrapy's constructor."""
        walk = walk_of(crawler)
        if walk.pace is None:
            raise TypeError("a crawl knows the pace of its key")
        return cls(walk, walk.pace)

    async def process_request(self, request: Request) -> None:  # noqa: ARG002 (Scrapy's signature)
        """Hold the request until the key may be used, and crawling is not stopped.

        Raises:
            IgnoreRequest: if that takes too long; the walk is then deferred. Also if the walk is over
                by now: by its robots.txt, say.
        """
        while not self._walk.is_over and (seconds := self._take_turn()) > 0:
            await asyncio.sleep(min(seconds, SECONDS_BETWEEN_LOOKS))
        if self._walk.is_over:
            raise IgnoreRequest("the walk is over")

    def _take_turn(self) -> float:
        """Seconds until the next try; 0: it is counted, and may be sent now."""
        intake, now = self._walk.intake, self._walk.intake.clock()

        def take(session: Session) -> datetime:
            require_crawling(session)
            return take_request(session, self._pace, now)

        try:
            # One request counted twice is the lesser evil.
            free_at = write_surely(intake.engine, intake.patience, take, lambda *_: False)
        except CrawlingStoppedError as stopped:
            self._walk.stop(stopped)
            raise IgnoreRequest(str(stopped)) from None
        seconds = (free_at - now).total_seconds()
        if seconds > LONGEST_WAIT_SECONDS:
            self._walk.note_trouble(Outcome.DEFERRED, USED_UP, not_before_at=free_at)
            raise IgnoreRequest(USED_UP)
        return seconds


def leave_alone(walk: Walk, until: datetime) -> None:
    """Write down before anything else that nobody may use the walk's key until then."""
    pace, intake = walk.pace, walk.intake
    if pace is not None:
        now = intake.clock()
        write_surely(
            intake.engine,
            intake.patience,
            lambda session: hold_off(session, pace.key, until, now),
            lambda *_: False,
        )
