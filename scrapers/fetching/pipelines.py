"""From the spider into the archive: each page in one transaction, the lease kept alive meanwhile.

Scrapy calls it for everything a spider yields (`crawling.py` lists it). Data, quarantine, checkpoint
and fence of a page stand or fall together.
"""

import asyncio
from contextlib import suppress

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from sqlalchemy.exc import OperationalError

from archive.errors import LeaseLostError
from archive.models.runs import Outcome
from archive.runs.crawling_stops import CrawlingStoppedError, require_crawling
from archive.runs.lease import note_alive
from archive.runs.plausibility import ImplausibleBatchError
from archive.store.database import read, write
from archive.store.outages import plain_failures, tell_failure
from scrapers.fetching.pacing import SECONDS_BETWEEN_LOOKS
from scrapers.fetching.walk import Walk, walk_of
from scrapers.sources.spider import ReadingPage, Stop

BEATS_PER_LEASE = 5


class ArchivePipeline:
    """Takes pages in, in their order."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._beside: list[asyncio.Task[None]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ArchivePipeline":
        """Scrapy's constructor."""
        return cls(walk_of(crawler))

    def open_spider(self) -> None:
        """Start what goes on beside downloads, however long: the heartbeat, and a look at the switch."""
        loop = asyncio.get_running_loop()
        self._beside = [
            loop.create_task(each) for each in (self._keep_lease(), self._watch_switch())
        ]

    def close_spider(self) -> None:
        """Stop what goes on beside."""
        for task in self._beside:
            task.cancel()

    def process_item(self, item: ReadingPage | Stop) -> ReadingPage | Stop:
        """Write a page, or note that the spider stops.

        Raises:
            DropItem: for what comes after the walk is over.
        """
        if self._walk.is_over:
            raise DropItem("the walk is over")
        if isinstance(item, Stop):
            self._walk.note_trouble(item.outcome, item.reason)
        else:
            self._take_page(item)
        return item

    def _take_page(self, page: ReadingPage) -> None:
        if page.capture_id is None:
            raise ValueError("a page of a crawl names its capture")
        try:
            capture = self._walk.captures[page.capture_id]
            with plain_failures():
                self._walk.intake.take_page(page.readings, capture, page.cursor)
        except ImplausibleBatchError:
            self._walk.note_trouble(Outcome.PARTIAL, self._walk.intake.quarantined)
            raise DropItem("the page is quarantined") from None
        except Exception as error:
            # A page that is lost must not be followed by the next one's cursor.
            self._walk.note_trouble(Outcome.FAILED, tell_failure(error))
            raise
        self._walk.cursor = page.cursor

    async def _keep_lease(self) -> None:
        intake = self._walk.intake
        while not self._walk.is_over:
            await asyncio.sleep(intake.lease.lease_time.total_seconds() / BEATS_PER_LEASE)
            try:
                # A database that is away misses a beat; the next page waits for it.
                with suppress(OperationalError), write(intake.engine) as session:
                    note_alive(session, intake.lease, intake.clock())
            except LeaseLostError as error:
                self._walk.note_trouble(Outcome.FAILED, tell_failure(error))

    async def _watch_switch(self) -> None:
        """End the walk within seconds once somebody has stopped all crawling."""
        while not self._walk.is_over:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                with suppress(OperationalError), read(self._walk.intake.engine) as session:
                    require_crawling(session)
            except CrawlingStoppedError as stopped:
                self._walk.stop(stopped)
