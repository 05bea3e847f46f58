"""What a crawl does in a process of its own, from its crawl job to its exit code.

`scrapers.work.crawl.children` forks such a process; `paidforby crawl --partition P` does the same in its own.
It evaluates no rule and indexes nothing: whoever sent the crawl job lets others follow the changes.
"""

import os
import sys
from contextlib import nullcontext
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import typer
from sqlalchemy import Engine
from sqlmodel import col, select

from archive.errors import AlreadyCrawledError, PartitionBusyError
from archive.models import QuarantinedPiece, Run
from archive.models.runs import Outcome
from archive.runs.quarantine import tell_piece
from archive.store.database import open_archive, read
from archive.store.outages import bounded_memory
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    FAILED,
    WRONG_USAGE,
    note,
    note_refused,
    plain_errors,
    utc_now,
)
from config.faults import ask_nearest
from config.logs import kept_log
from config.settings import Realm, Settings
from scrapers.fetching.walk import LOOPBACK
from scrapers.sources.spider import SourceSpider
from scrapers.spiders import find_spiders
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl
from scrapers.work.plan.crawl_job import CrawlJob

SHOWN_AT_MOST = 20
REMAINDERS = frozenset({Outcome.ATTENTION, Outcome.PARTIAL, Outcome.DEFERRED})
REALM_HEADER = "X-Realm"


def run_crawl_job(settings: Settings, crawl_job: CrawlJob, *, keeps_log: bool) -> None:
    """Crawl, as the leader of a process group, and end the process with what that came to.

    `keeps_log`: whoever started it does, so that what it says stands in lines of a log too.
    """
    os.setsid()
    with kept_log(settings.log, "crawl") if keeps_log else nullcontext():
        try:
            sys.exit(_run_crawl_job(settings, crawl_job))
        except typer.Exit as refused:
            sys.exit(refused.exit_code)


def _run_crawl_job(settings: Settings, crawl_job: CrawlJob) -> int:
    """The exit code; a partition that another worker was quicker at is done."""
    spider = find_spiders()[crawl_job.source]
    require_partition(settings, spider, crawl_job.partition)
    realm = find_realm(crawl_job.base_url)
    order = CrawlOrder(spider, crawl_job.partition, crawl_job.base_url, realm, crawl_job.after_run)
    with plain_errors(), bounded_memory(settings.crawl_memory_mb):
        engine = open_archive(settings)
        try:
            run = run_crawl(settings, engine, order, utc_now)
        except (AlreadyCrawledError, PartitionBusyError) as error:
            note(str(error))
            return DONE if crawl_job.after_run is not None else FAILED
        note_quarantined_pieces(engine, [run])
    return choose_exit_code([run])


def require_partition(settings: Settings, spider: type[SourceSpider], partition: str) -> None:
    """Say which partitions there are, and end, if this is none of them."""
    known = spider.list_partitions(settings, utc_now().date())
    if partition not in known:
        note_refused(error for error in spider.list_refused(settings) if error.name == partition)
        note(f"{spider.info.id} has no partition {partition!r}{ask_nearest(partition, known)}")
        raise typer.Exit(WRONG_USAGE)


def find_realm(base_url: str) -> Realm:
    """Fictional if a server on this machine says so of itself; everything else is real."""
    parts = urlsplit(base_url)
    if parts.hostname not in LOOPBACK:
        return Realm.REAL
    try:
        # No proxy stands between us and this machine.
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{parts.scheme}://{parts.netloc}/robots.txt", timeout=10) as answer:
            return Realm(answer.headers.get(REALM_HEADER, Realm.REAL))
    except (URLError, ValueError) as error:
        note(f"nothing to crawl at {base_url}: {error}")
        raise typer.Exit(FAILED) from None


def choose_exit_code(runs: list[Run | None], remaining: int = 0) -> int:
    """The worst of what happened, as a program reads it.

    `remaining`: what the steps after the runs put aside, and files that could not be used.
    """
    outcomes = {run.outcome if run else Outcome.FAILED for run in runs}
    if outcomes & {Outcome.FAILED, Outcome.BLOCKED}:
        return FAILED
    return DONE_WITH_REMAINDERS if remaining or outcomes & REMAINDERS else DONE


def note_quarantined_pieces(engine: Engine, runs: list[Run]) -> None:
    """Say of each piece that was put aside where it stands and what is wrong with it."""
    query = select(QuarantinedPiece).where(
        col(QuarantinedPiece.run_id).in_([run.id for run in runs])
    )
    with read(engine) as session:
        pieces = session.exec(query.limit(SHOWN_AT_MOST)).all()
    for piece in pieces:
        note(tell_piece(piece))
