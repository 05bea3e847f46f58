"""An archive of its own for each test of crawls, and crawls of the replica in child processes."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from sqlalchemy import Engine
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from archive.errors import AlreadyCrawledError, LeaseLostError, PartitionBusyError
from archive.models import Change, Run
from archive.models.changes import ChangeKind
from archive.reading.sources.stats import count_archive
from archive.store.changes import read_position
from archive.store.database import open_archive, read
from config.settings import Realm, Settings
from scrapers.replica.faults import AskReplica, Fault
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS, settings_environ
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl
from scrapers.work.plan.crawl_job import CrawlJob
from search.copies.status import index_status
from search.engines import open_search
from tests.commands import run_paidforby
from tests.scrapers.replica.meta_faults import refuse_big_pages

TOKEN = "FICTIONAL-TOKEN"
META = "/meta_ad_library/*"
FOREVER = 1_000
PATIENCE_SECONDS = 120

SMALL_PAGES = Fault(META, refuse_big_pages(5), times=FOREVER)
"""Five requests are refused (100, 50, 25, 12, 6 ads), the sixth brings the first page of three."""

FIRST_PAGE_REQUEST = 6


async def send_single_ads_slowly(request: Request, ask: AskReplica) -> Response:
    """Pages of one ad, each a moment late, so that whatever happens happens within a walk."""
    response = await refuse_big_pages(1)(request, ask)
    if response.status_code == HTTPStatus.OK:
        await asyncio.sleep(0.25)
    return response


SLOW_SINGLE_ADS = Fault(META, send_single_ads_slowly, times=1_000_000)


def crawl_once(settings: Settings, source: str, partition: str, base_url: str) -> None:
    """What `paidforby crawl SOURCE --partition P` does in its process."""
    engine = open_archive(settings)
    order = CrawlOrder(find_spiders()[source], partition, base_url, Realm.FICTIONAL)
    run_crawl(settings, engine, order, now)


def run_crawl_job(settings: Settings, crawl_job: CrawlJob) -> None:
    """What a worker's child does in its process with what was found due."""
    order = CrawlOrder(
        find_spiders()[crawl_job.source],
        crawl_job.partition,
        crawl_job.base_url,
        Realm.FICTIONAL,
        crawl_job.after_run,
    )
    with suppress(AlreadyCrawledError, PartitionBusyError, LeaseLostError):
        run_crawl(settings, open_archive(settings), order, now)


def wait_for(condition: Callable[[], object]) -> None:
    """Come back when what other processes are at has come so far."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the worker did not come to it"
        time.sleep(0.05)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Home:
    """An archive that crawls write to."""

    settings: Settings
    engine: Engine

    def crawl(self, url: str, source: str = "snap", partition: str = "2026") -> Run:
        """One crawl, in a process of its own as Scrapy needs it."""
        process = FORKS.Process(
            target=crawl_once, args=(self.settings, source, partition, f"{url}/{source}")
        )
        process.start()
        process.join()
        return self.runs()[-1]

    def crawl_meta(self, url: str) -> Run:
        return self.crawl(url, "meta_ad_library", "US")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`paidforby` with these arguments."""
        return run_paidforby(*arguments, environ=settings_environ(self.settings))

    def count(self, what: str, source: str | None = None) -> int:
        with read(self.engine) as session:
            counts = count_archive(session)
        return counts["by_source"][source][what] if source else counts[what]

    def runs(self) -> list[Run]:
        with read(self.engine) as session:
            return list(session.exec(select(Run).order_by(col(Run.id))))


def is_followed(home: Home) -> bool:
    """Whether search has read all that changed, and rules all but the creatives told after they had."""
    search = open_search(home.settings, home.engine)
    with read(home.engine) as session:
        mark = read_position(session, "oversight")
        later = select(Change.seq).where(
            col(Change.seq) > (mark.seq if mark else 0), Change.kind != ChangeKind.AD_CREATIVE
        )
        is_judged = mark is not None and session.exec(later.limit(1)).first() is None
    status = index_status(home.engine, search, now())
    return is_judged and status.documents is not None and not (status.lag_changes or status.faults)
