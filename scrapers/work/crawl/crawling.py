"""One partition of one source, crawled now: Scrapy's settings, the run's lease, and how it ended.

`paidforby crawl SOURCE --partition P` calls it, in a process of its own: Scrapy runs once in a
process. What a run leaves behind is its row, its captures and its data.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import Engine
from sqlmodel import Session
from twisted.python.failure import Failure

from archive.ingest.close_run import close_run
from archive.models import Run
from archive.models.runs import ENDED_WELL, Outcome, RunKind
from archive.records import SourceInfo
from archive.runs.lease import RunLease, begin_run, has_begun, hold_lease, read_cursor
from archive.runs.plausibility import Gate, open_gate
from archive.runs.refused_files import describe_refused
from archive.store.blobs import BlobStore
from archive.store.clock import require_clock
from archive.store.outages import (
    STOPPED_BY_OPERATOR,
    Patience,
    plain_failures,
    tell_failure,
    write_surely,
)
from archive.store.realm import claim_realm
from archive.terminal import note_refused
from config.counts import write_count
from config.logs import kept_log, under_way
from config.settings import Realm, Settings
from config.yaml_files import YamlFileError
from scrapers.fetching.conditional import Validators, read_validators
from scrapers.fetching.walk import LOOPBACK, Walk, WalkCrawler
from scrapers.intake.pages import Clock, Intake
from scrapers.sources.signing import MissingCredentialError, clean_logged
from scrapers.sources.spider import SourceSpider
from scrapers.work.crawl.run_lines import log_begin, log_end
from scrapers.work.plan.credentials import require_valid
from scrapers.work.plan.schedule import find_pace, read_schedules

FINISHED = "finished"
ENOUGH = "stopped after the few answers that were wanted"
STOPPED = {
    "shutdown": STOPPED_BY_OPERATOR,
    "closespider_pagecount": ENOUGH,
}


@dataclass(frozen=True)
class CrawlOrder:
    """What to crawl."""

    spider: type[SourceSpider]
    partition: str
    base_url: str = ""
    realm: Realm = Realm.REAL
    after_run: int | None = None
    """The partition's newest ended crawl when it was found due (`archive.runs.lease.begin_run`)."""

    def find_address(self, settings: Settings) -> str:
        """Where the source, or the replica in its place, is asked."""
        return self.base_url or self.spider.find_address(settings, self.partition)


def run_crawl(
    settings: Settings,
    engine: Engine,
    order: CrawlOrder,
    clock: Clock,
    most_answers: int = 0,
) -> Run:
    """RunLease at a partition; gives the ended run. Call it once in a process.

    With `most_answers` it stops after so many: enough to see whether a source is as we expect.

    Raises:
        RealmError: if the archive holds the other kind of data.
        PartitionBusyError: if another run reads the partition.
        AlreadyCrawledError: if a crawl has ended since the order's `after_run`.
        LeaseLostError: if another run took the partition over meanwhile.
        ClockError: if this machine's clock is behind what the archive has recorded.
        DatabaseAwayError: if the database stays away, so that the run cannot be closed.
        DiskFullError: if there is no room to close it.
    """
    patience = Patience(settings.database_patience_seconds)
    lease_time = timedelta(seconds=settings.lease_seconds)
    address = order.find_address(settings)
    lease, gate, validators, cursor = _begin(engine, patience, order, clock, lease_time)
    intake = Intake(engine, BlobStore(settings.blobs_dir), lease, clock, patience, gate)
    walk = Walk(order.spider, address, intake, validators=validators, cursor=cursor)
    walk.is_whole = cursor is None
    walk.shown_parameters = order.spider.list_shown_parameters(settings, order.partition)
    place = {"source": lease.source, "partition": lease.partition, "run": lease.run_id}
    log_begin(place)
    try:
        with under_way(**place):
            finish_reason = _walk_partition(settings, walk, order, most_answers)
        _classify_walk(walk, finish_reason)
    except BaseException as error:
        walk.note_trouble(Outcome.FAILED, tell_failure(error))
        log_end(place, _close_run(walk))
        raise
    with plain_failures():
        return log_end(place, _close_run(walk))


def _begin(
    engine: Engine, patience: Patience, order: CrawlOrder, clock: Clock, lease_time: timedelta
) -> tuple[RunLease, Gate, Validators, str | None]:
    source = order.spider.info.id

    def begin(session: Session) -> tuple[RunLease, Gate, Validators, str | None]:
        require_clock(session, clock())
        claim_realm(session, order.realm)
        cursor = read_cursor(session, source, order.partition)
        sweeps = order.spider.sweeps
        lease = begin_run(
            session,
            source,
            order.partition,
            RunKind.CRAWL,
            clock(),
            is_sweep=sweeps,
            lease_time=lease_time,
            after_run=order.after_run,
        )
        validators = read_validators(session, source, order.partition)
        return lease, open_gate(session, source), validators, cursor

    with plain_failures():
        return write_surely(
            engine, patience, begin, lambda session, begun: has_begun(session, begun[0])
        )


def _walk_partition(settings: Settings, walk: Walk, order: CrawlOrder, most_answers: int) -> str:
    """Send the spider through the partition; gives Scrapy's reason for the end."""
    try:
        require_valid(settings, order.spider.info.id, walk.intake.clock().date())
        walk.secret = order.spider.read_secret(settings)
        schedule = read_schedules(settings).find(order.spider.info.id)
    except MissingCredentialError as missing:
        walk.note_trouble(Outcome.BLOCKED, str(missing))
        return FINISHED
    except YamlFileError as error:
        note_refused([error])
        told = describe_refused([error])[0]
        walk.note_trouble(Outcome.BLOCKED, f"{told.file} {told.why}")
        return FINISHED
    info = order.spider.info
    walk.pace = find_pace(info, schedule, walk.secret, is_local=walk.is_local)
    process = AsyncCrawlerProcess({"LOG_INSTALL_ROOT_HANDLER": False})
    crawler = WalkCrawler(
        walk,
        build_settings(settings, info, walk.address) | {"CLOSESPIDER_PAGECOUNT": most_answers},
    )
    finish_reasons: list[str] = []

    def note_end(reason: str) -> None:
        finish_reasons.append(reason)

    def note_error(failure: Failure) -> None:
        if failure.value:
            walk.note_trouble(Outcome.FAILED, tell_failure(failure.value))

    crawler.signals.connect(note_end, signals.spider_closed)
    crawler.signals.connect(note_error, signals.spider_error)
    clean = partial(clean_logged, walk.secret, walk.shown_parameters)
    with kept_log(settings.log, "crawl", clean):
        process.crawl(crawler, order.spider, settings, order.partition, walk.cursor, order.base_url)
        process.start()
    errors = crawler.stats.get_value("log_count/ERROR", 0)
    if crawler.stats.get_value("robotstxt/forbidden", 0):
        walk.note_trouble(Outcome.BLOCKED, "the source's robots.txt forbids it")
    elif errors:
        walk.note_trouble(Outcome.FAILED, f"{write_count(errors, 'error')} in the log of the crawl")
    return finish_reasons[0] if finish_reasons else "never started"


def build_settings(settings: Settings, info: SourceInfo, address: str) -> dict[str, Any]:
    """Scrapy's settings for a source; whoever asks our own replica need not be slow."""
    is_local = urlsplit(address).hostname in LOOPBACK
    return {
        "USER_AGENT": settings.user_agent,
        "ROBOTSTXT_OBEY": info.access.startswith("robots: obey"),
        "DOWNLOAD_DELAY": 0 if is_local else info.seconds_between_requests,
        "BACKOFF_FIRST_WAIT_SECONDS": 0.05 if is_local else 2.0,
        "HTTPPROXY_ENABLED": not is_local,
        # The delay is the fastest pace we allow ourselves: nothing may make it shorter.
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_ITEMS": 1,
        # The download handler unpacks, and counts while it does (`archive/bounds.py`).
        "COMPRESSION_ENABLED": False,
        "DOWNLOAD_TIMEOUT": 3600,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {
            "http": "scrapers.fetching.downloads.SpoolingDownloadHandler",
            "https": "scrapers.fetching.downloads.SpoolingDownloadHandler",
            **dict.fromkeys(("data", "file", "ftp", "s3")),
        },
        "DOWNLOADER_MIDDLEWARES": {
            # Answers pass from the last to the first: kept, then classified.
            "scrapers.fetching.middlewares.GuardMiddleware": 40,
            "scrapers.fetching.middlewares.BackoffMiddleware": 560,
            "scrapers.fetching.pacing.PaceMiddleware": 570,
            "scrapers.fetching.middlewares.CaptureMiddleware": 585,
        },
        "ITEM_PIPELINES": {"scrapers.fetching.pipelines.ArchivePipeline": 100},
        # BackoffMiddleware is the one place that tries again; Scrapy's knows nothing of Retry-After.
        "RETRY_ENABLED": False,
        "RETRY_HTTP_CODES": [],
        # Both would let a local process run code inside ours.
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "REFERRER_POLICY": "no-referrer",
        "METAREFRESH_ENABLED": False,
        "URLLENGTH_LIMIT": 0,
        "DEFAULT_DROPITEM_LOG_LEVEL": "DEBUG",
    }


def _classify_walk(walk: Walk, finish_reason: str) -> None:
    """Note what a walk without trouble of its own still lacks."""
    if finish_reason in STOPPED:
        walk.note_trouble(Outcome.PARTIAL, STOPPED[finish_reason])
    elif finish_reason != FINISHED:
        walk.note_trouble(Outcome.FAILED, f"the crawl ended early ({finish_reason})")
    elif not walk.read_answers + walk.unchanged_answers:
        walk.note_trouble(Outcome.FAILED, "the source gave no answer")


def _close_run(walk: Walk) -> Run:
    """End the run; only a sweep that read everything may say what has vanished."""
    intake = walk.intake
    outcome, reason = _find_outcome(walk)
    is_unchanged = outcome == Outcome.DONE and not walk.read_answers
    is_sweep = intake.lease.is_sweep and walk.is_whole
    can_tell = outcome in ENDED_WELL and not intake.count_hiding()
    has_seen_all = can_tell and (is_sweep or is_unchanged)

    def end(session: Session) -> Run:
        if outcome in {Outcome.DONE, Outcome.ATTENTION}:
            _keep_validators(session, walk)
        return close_run(
            session,
            intake.lease,
            outcome,
            intake.clock(),
            covered=has_seen_all and not (walk.read_answers and walk.unchanged_answers),
            is_unchanged=is_unchanged,
            gate=intake.gate,
            reason=intake.add_absence(reason),
            not_read=[f"{n.file}: {n.reason}" for n in intake.not_read],
            not_before_at=walk.trouble.not_before_at if walk.trouble else None,
        )

    run = intake.close(end)
    intake.counts.vanished += run.vanished
    return run


def _find_outcome(walk: Walk) -> tuple[Outcome, str]:
    if walk.trouble:
        is_partial = walk.trouble.outcome == Outcome.FAILED and not walk.is_over
        has_some = walk.read_answers > 0
        outcome = Outcome.PARTIAL if is_partial and has_some else walk.trouble.outcome
        return outcome, walk.trouble.reason[:2_000]
    if walk.intake.unreadable:
        return Outcome.ATTENTION, walk.intake.tell_unreadable(is_sweep=walk.intake.lease.is_sweep)
    if not walk.read_answers:
        return Outcome.DONE, "unchanged since the last run"
    return Outcome.DONE, ""


def _keep_validators(session: Session, walk: Walk) -> None:
    """Remember the file's validators, if the partition is one file: of several, none speaks for all.

    Those of a file that could not be read as a whole are not kept: it may have been cut short on its
    way, and the source would say "not modified" of the sound one.
    """
    is_damaged = any(not piece.raw for piece in walk.intake.unreadable)
    if walk.read_answers == 1 and not walk.unchanged_answers and not is_damaged:
        hold_lease(
            session,
            walk.intake.lease,
            walk.intake.clock(),
            etag=walk.validators.etag,
            last_modified=walk.validators.last_modified,
        )
