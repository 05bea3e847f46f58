"""Runs of sources that kill themselves at a chosen step, as power cuts and the kernel would.

A step is any moment between two acts: before each SQL statement, around each commit, before and within
each COPY, and around each act on the evidence store. The product has no hook for it: a child process
counts from outside and sends itself SIGKILL. Test modules start these through `commands.FORKS`.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import archive.store.blobs
import archive.store.bulk
import scrapers.sources.spider
import scrapers.spiders.meta.paging
from archive.store.database import open_archive
from archive.store.outages import DiskFullError
from config.settings import Realm, Settings
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl

ROWS_TO_A_PAGE = 8
ADS_TO_A_PAGE = 4


@dataclass
class Steps:
    """Counts steps, and strikes before the fatal one; 0: before none."""

    fatal: int = 0
    strike: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    taken: int = 0

    def take(self) -> None:
        self.taken += 1
        if self.taken == self.fatal:
            self.strike()


@dataclass(frozen=True)
class Death:
    """When to die, and the hour by the run's own clock."""

    step: int = 0
    hour: int = 0
    count_to: Path | None = None
    """Where one that lived writes how many steps it took."""


def import_deliveries(settings: Settings, folder: Path, death: Death) -> None:
    """What `paidforby import` does with a bundle that covers its partition, then with a damaged file."""
    scrapers.sources.spider.PAGE_SIZE = ROWS_TO_A_PAGE
    engine, steps = open_counted(settings, death)
    spider = find_spiders()["google_political_ads"]
    whole = ImportOrder((folder / "bundle.zip",), complete_partition="world")
    for order in (whole, ImportOrder((folder / "damaged.csv",))):
        import_files(settings, engine, spider, order, make_clock(death.hour))
    write_count(steps, death)


def crawl_country(settings: Settings, url: str, death: Death) -> None:
    """What `paidforby crawl meta_ad_library --partition US` does, in small pages."""
    scrapers.spiders.meta.paging.FIRST_LIMIT = ADS_TO_A_PAGE
    engine, steps = open_counted(settings, death)
    spider = find_spiders()["meta_ad_library"]
    order = CrawlOrder(spider, "US", f"{url}/meta_ad_library", Realm.FICTIONAL)
    run_crawl(settings, engine, order, make_clock(death.hour))
    write_count(steps, death)


def import_in_little_room(settings: Settings, folder: Path, most_bytes: int) -> None:
    """An import by a process whose files may not grow beyond a size; exit code 1 if the disk is full."""
    scrapers.sources.spider.PAGE_SIZE = ROWS_TO_A_PAGE
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    spider = find_spiders()["google_political_ads"]
    try:
        import_files(
            settings, open_archive(settings), spider, ImportOrder((folder,)), make_clock(0)
        )
    except DiskFullError:
        sys.exit(1)


def run_apart(run: Callable[..., None], *arguments: object) -> int:
    """A run in a process of its own; gives its exit code."""
    process = FORKS.Process(target=run, args=arguments)
    process.start()
    process.join()
    return process.exitcode


def make_clock(hour: int) -> Callable[[], datetime]:
    start = datetime.now(UTC) + timedelta(hours=hour)
    begun_at = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - begun_at)


def write_count(steps: Steps, death: Death) -> None:
    if death.count_to:
        death.count_to.write_text(str(steps.taken))


def open_counted(settings: Settings, death: Death) -> tuple[Engine, Steps]:
    """The archive, and the steps that are counted from now on."""
    engine, steps = open_archive(settings), Steps(death.step)
    event.listen(engine, "before_cursor_execute", lambda *_: steps.take())
    surround(engine.dialect, "do_commit", steps)
    surround(archive.store.blobs.tempfile, "NamedTemporaryFile", steps)
    surround(archive.store.blobs.os, "fsync", steps)
    surround(archive.store.blobs.Path, "replace", steps)
    archive.store.bulk._copy_rows = count_copy(archive.store.bulk._copy_rows, steps)
    return engine, steps


def surround(owner: Any, name: str, steps: Steps) -> None:
    """A step before an act and one after it."""
    act = getattr(owner, name)

    def act_between_steps(*arguments: object, **named: object) -> object:
        steps.take()
        result = act(*arguments, **named)
        steps.take()
        return result

    setattr(owner, name, act_between_steps)


def count_copy(copy_rows: Callable[..., None], steps: Steps) -> Callable[..., None]:
    """A step before a COPY, and one in its midst."""

    def copy(connection: object, table: object, names: object, rows: Iterable[object]) -> None:
        steps.take()
        copy_rows(connection, table, names, step_within(rows, steps))

    return copy


def step_within(rows: Iterable[object], steps: Steps) -> Iterator[object]:
    for number, row in enumerate(rows):
        if number == 1:
            steps.take()
        yield row
