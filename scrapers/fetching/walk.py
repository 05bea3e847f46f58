"""A crawl under way: what Scrapy's components share, and the first thing that went wrong.

`crawling.py` makes it, the middlewares and the pipeline of the same crawl read and write it. Nothing
of it outlives the run: what must last is in the database.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.misc import load_object

from archive.models import Capture
from archive.models.runs import Outcome
from archive.runs.captures import redact_text
from archive.runs.crawling_stops import CrawlingStoppedError
from scrapers.fetching.budget import Pace
from scrapers.fetching.conditional import Validators
from scrapers.fetching.pinned_names import PinnedNames
from scrapers.intake.pages import Intake
from scrapers.sources.signing import Secret
from scrapers.sources.spider import SourceSpider

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Trouble:
    """Why a walk did not end well."""

    outcome: Outcome
    reason: str
    not_before_at: datetime | None = None


@dataclass
class Walk:
    """One partition being crawled."""

    spider: type[SourceSpider]
    address: str
    intake: Intake
    secret: Secret | None = None
    pace: Pace | None = None
    """How fast its key may ask; set before the first request."""
    validators: Validators = field(default_factory=Validators)
    """Of the file as we have it; replaced by those of the file as it came."""
    captures: dict[int, Capture] = field(default_factory=dict)
    cursor: str | None = None
    is_whole: bool = True
    """It began at the start: one that goes on from a cursor has not seen what came before."""
    read_answers: int = 0
    unchanged_answers: int = 0
    trouble: Trouble | None = None
    is_over: bool = False
    """No further request is sent and no further page is taken."""
    shown_parameters: frozenset[str] | None = None
    """`SourceSpider.list_shown_parameters` of the partition."""
    downloads: set[asyncio.Task[Response]] = field(default_factory=set)
    """What is being fetched now."""
    names: PinnedNames = field(init=False)
    """What the hosts' names stand for, as they were checked."""

    def __post_init__(self) -> None:
        self.names = PinnedNames(allow_loopback=self.is_local)

    @property
    def is_local(self) -> bool:
        """The source is a replica on this machine."""
        return urlsplit(self.address).hostname in LOOPBACK

    @property
    def hosts(self) -> frozenset[str]:
        """The only hosts this walk may talk to, with port where one is given."""
        return self.spider.further_hosts | {urlsplit(self.address).netloc}

    def note_trouble(
        self,
        outcome: Outcome,
        reason: str,
        *,
        not_before_at: datetime | None = None,
        is_over: bool = True,
    ) -> None:
        """Keep the first trouble; with `is_over` nothing further is asked of the source."""
        reason = redact_text(reason, self.shown_parameters)
        # A source's own words may hold half of a character, which no database takes.
        reason = reason.encode(errors="backslashreplace").decode().replace("\0", "")
        self.trouble = self.trouble or Trouble(outcome, reason, not_before_at)
        self.is_over = self.is_over or is_over

    def stop(self, stopped: CrawlingStoppedError) -> None:
        """End at once, also what is being fetched; it is due again when crawling goes on."""
        self.note_trouble(Outcome.DEFERRED, stopped.reason, not_before_at=self.intake.clock())
        for download in self.downloads:
            download.cancel()


class WalkCrawler(Crawler):
    """Scrapy's crawler, which knows the walk it makes."""

    def __init__(self, walk: Walk, settings: dict[str, Any]) -> None:
        super().__init__(load_object(walk.spider.crawler_path), settings)
        self.walk = walk


def walk_of(crawler: Crawler) -> Walk:
    """The walk of the crawler that Scrapy hands its components."""
    if not isinstance(crawler, WalkCrawler):
        raise TypeError("the components of this crawl work for a WalkCrawler only")
    return crawler.walk
