"""Does what is due on this machine: sources side by side, changes followed by one at a time.

`paidforby worker` calls it. Several may run beside each other: one schedules, crawls and follows, the
others wait to take over. While a `paidforby scheduler` is at work, none of them is.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from functools import partial
from itertools import groupby
from threading import Event, Lock

from sqlalchemy import Engine

from archive.errors import ArchiveError
from archive.models import Run
from archive.records import QuarantineStage
from archive.runs.fence import run_fenced
from archive.runs.singleton_lease import (
    WORKER,
    HeldSingletonLease,
    SingletonTakenError,
    require_no_rival,
)
from archive.store.clock import ClockError, require_clock
from archive.store.database import read
from archive.store.outages import Absence
from archive.terminal import note
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.media.collecting import keep_due_media
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import Child, finish_child, start_child
from scrapers.work.dispatch.alerting import send_alerts
from scrapers.work.dispatch.ending import end_on_signals, wait_until
from scrapers.work.dispatch.following import WHOLE_STEP, follow_changes
from scrapers.work.dispatch.presence import Presence
from scrapers.work.dispatch.scheduler import (
    Scheduler,
    find_tick_seconds,
    find_work,
    take_scheduling,
)
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.upkeep import keep_up_nightly

SECONDS_UNFOLLOWED = 10.0
"""Pictures of a few ads take a minute; what comes in meanwhile is searchable within one all the same."""


class LocalCrawls:
    """Crawls in child processes of this one, one at a time of each source.

    A crawl waits for a database that is away by itself (`archive.store.outages.Patience`); here its absence
    is passed over.
    """

    def __init__(self, settings: Settings, engine: Engine, clock: Clock) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self.absence = Absence()
        self.threads = ThreadPoolExecutor(len(find_spiders()))
        """One waits for each crawl."""
        self._going: dict[str, Future[list[Run | None]]] = {}
        self._children: set[Child] = set()
        self._is_closing = False
        self._lock = Lock()

    def begin(self, crawl_jobs: list[CrawlJob]) -> None:
        """Crawl, each source's partitions one after the other; a source that is still crawled is left."""
        for source, theirs in groupby(crawl_jobs, key=lambda crawl_job: crawl_job.source):
            going = self._going.get(source)
            if going is None or going.done():
                self._going[source] = self.threads.submit(self._crawl_source, list(theirs))

    def are_over(self, wait_seconds: float) -> bool:
        """Whether all that was begun has ended, at the latest after so many seconds."""
        return not wait(self._going.values(), wait_seconds).not_done

    def list_runs(self) -> list[Run | None]:
        """The runs of the crawls that were begun last, once they are over.

        `None` stands for a crawl that could not begin; what another worker took meanwhile is left out.
        """
        return [run for crawls in self._going.values() for run in crawls.result()]

    def list_names(self) -> list[str]:
        """What is crawled now: `source/partition` each."""
        with self._lock:
            crawl_jobs = [child.crawl_job for child in self._children]
        return [f"{each.source}/{each.partition}" for each in crawl_jobs]

    def close(self) -> None:
        """Start nothing more; end every child with its process group."""
        with self._lock:
            self._is_closing = True
            children = list(self._children)
        with ThreadPoolExecutor() as stopping:
            stopping.map(Child.stop, children)
        self.threads.shutdown()

    def _crawl_source(self, crawl_jobs: list[CrawlJob]) -> list[Run | None]:
        runs: list[Run | None] = []
        for crawl_job in crawl_jobs:
            if self._is_closing:
                break
            runs += self.crawl(crawl_job)
        return runs

    def crawl(self, crawl_job: CrawlJob) -> list[Run | None]:
        """Crawl one partition and wait for it; gives its run, as `list_runs` does."""
        crawl = partial(self._crawl, crawl_job)
        subject = f"{crawl_job.source}/{crawl_job.partition}"
        stage = QuarantineStage.CRAWL
        with self.absence.passed_over():
            runs = run_fenced(self._engine, stage, crawl_job.source, subject, self._clock, crawl)
            return [None] if runs is None else runs
        return [None]

    def _crawl(self, crawl_job: CrawlJob) -> list[Run | None]:
        """Crawl one partition; gives its run, nothing where it was left to another worker."""
        with self._lock:
            if self._is_closing:
                return []
            child = start_child(self._settings, crawl_job, self._clock)
            self._children.add(child)
        try:
            run = finish_child(self._engine, child, self._clock)
        finally:
            with self._lock:
                self._children.discard(child)
        return [run] if run or child.wait() else []


def work_once(settings: Settings, engine: Engine, clock: Clock) -> tuple[list[Run | None], int]:
    """Crawl every partition that is due and follow the changes.

    Gives the runs as `LocalCrawls` does, and how much the steps after them put aside.

    Raises:
        RivalError: if a `paidforby scheduler` is at work.
    """
    with read(engine) as session:
        require_no_rival(session, WORKER, clock())
    with closing(LocalCrawls(settings, engine, clock)) as crawls:
        put_aside = 0
        crawls.begin(find_work(settings, engine, clock))
        # A long source keeps nobody else's ads out of the search.
        while not crawls.are_over(find_tick_seconds(settings)):
            put_aside += follow_up(settings, engine, clock)
        put_aside += follow_up(settings, engine, clock)
        return crawls.list_runs(), put_aside


def work_on(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Work until a signal ends the process, crawls under way with it; else until overtaken by another.

    Raises:
        RivalError: if a `paidforby scheduler` is at work.
    """
    end_on_signals()
    seconds = find_tick_seconds(settings)
    with (
        closing(LocalCrawls(settings, engine, clock)) as crawls,
        closing(Presence(engine, clock, WORKER, crawls.absence, crawls.list_names)) as presence,
        closing(
            Scheduler(
                settings, engine, clock, _await_lease(settings, engine, clock, presence), presence
            )
        ) as scheduler,
    ):
        scheduler.start(crawls.begin)
        # In the main thread, where a signal ends it at once.
        while not wait_until(scheduler.is_over, seconds):
            # A clock that is behind is named at each tick.
            with suppress(ClockError), crawls.absence.passed_over():
                follow_up(settings, engine, clock)


def _await_lease(
    settings: Settings, engine: Engine, clock: Clock, presence: Presence
) -> HeldSingletonLease:
    is_told = False
    while True:
        try:
            with presence.absence.passed_over():
                presence.beat()
                return take_scheduling(settings, engine, clock, WORKER)
        except SingletonTakenError as error:
            if not is_told:
                note(f"{error}; this one waits to take over")
            is_told = True
        time.sleep(find_tick_seconds(settings))


def follow_up(
    settings: Settings, engine: Engine, clock: Clock, is_over: Event | None = None
) -> int:
    """What follows the crawls: alerts, rules, search copy and mirror, pictures, the night's upkeep.

    Each can be killed at any point. Once `is_over` is set, from another thread, no further picture is begun.
    Gives how much was put aside.

    Raises:
        ClockError: if this machine's clock is behind what the archive has recorded; that too is mailed.
    """
    try:
        send_alerts(settings, engine, clock)
    except ArchiveError as error:
        note(f"no alert is sent for now: {error}")
    with read(engine) as session:
        require_clock(session, clock())
    follow = partial(follow_changes, settings, engine, clock, mirror=True, copies=True)
    put_aside = [follow()]
    meanwhile = _take_turns(lambda: put_aside.append(follow()))
    fetch = partial(keep_due_media, settings, engine, clock, is_over, meanwhile)
    failed = run_fenced(engine, QuarantineStage.MEDIA, "", WHOLE_STEP, clock, fetch)
    keep_up_nightly(settings, engine, clock())
    return sum(put_aside) + (1 if failed is None else failed)


def _take_turns(follow: Callable[[], object]) -> Callable[[], None]:
    """Follow again while something else takes long, every `SECONDS_UNFOLLOWED`."""
    last = time.monotonic()

    def take_turn() -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_UNFOLLOWED:
            follow()
            last = time.monotonic()

    return take_turn
