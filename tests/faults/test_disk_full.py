"""A disk that is full: the run says so and what to do, nothing half-written stays, and room mends it."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from archive.models.runs import Outcome
from archive.runs.lease import LEASE
from archive.store.database import open_archive
from archive.store.outages import DiskFullError, is_away, is_disk_full
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from tests.faults.dying import import_in_little_room, run_apart
from tests.faults.scenes import (
    lay_out_deliveries,
    make_archive,
    make_settings,
    read_gap_reasons,
    read_last_reason,
    read_runs,
    tell_history,
)
from tests.scrapers.crawls import crawl_once

SOURCE = "google_political_ads"
MIB = 1 << 20
WHAT_TO_DO = "make room, then type the same command again"


@dataclass(frozen=True)
class Delivery:
    """A folder to import, and what it tells where there is room."""

    folder: Path
    told: dict[str, list[str]]


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """A bundle, and after it a large file that cannot be packed any smaller."""
    folder = tmp_path_factory.mktemp("delivery")
    bundle = lay_out_deliveries(folder / "laid-out", day=1) / "bundle.zip"
    (folder / "files").mkdir()
    bundle.rename(folder / "files" / "bundle.zip")
    (folder / "files" / "readme.bin").write_bytes(os.urandom(20 * MIB))
    settings = make_settings(folder / "home")
    take_in(settings, folder / "files")
    return Delivery(folder / "files", tell_history(settings))


def take_in(
    settings: Settings,
    folder: Path,
    prepare: Callable[[Engine], None] = lambda _: None,
    later: timedelta = timedelta(),
) -> None:
    make_archive(settings)
    engine = open_archive(settings)
    prepare(engine)
    spider, order = find_spiders()[SOURCE], ImportOrder((folder,))
    try:
        import_files(settings, engine, spider, order, lambda: datetime.now(UTC) + later)
    finally:
        engine.dispose()


def list_parts(settings: Settings) -> list[Path]:
    return list(settings.blobs_dir.rglob("*.part"))


def limit_pages(engine: Engine, more: int) -> None:
    """Let an SQLite file grow by so many of its pages only: beyond, it is full."""
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    engine.dispose()
    limit = f"PRAGMA max_page_count = {pages + more}"
    event.listen(engine, "connect", lambda connection, _: connection.execute(limit))


@pytest.mark.parametrize("more", [0, 1, 3, 8])
def test_a_database_without_room_ends_the_import_which_completes_once_there_is_some(
    delivery: Delivery, tmp_path: Path, more: int
) -> None:
    settings = make_settings(tmp_path / "home")
    with pytest.raises(DiskFullError, match=WHAT_TO_DO):
        take_in(settings, delivery.folder, lambda engine: limit_pages(engine, more))
    failed = read_runs(settings)
    take_in(settings, delivery.folder, later=LEASE)

    for run in failed:
        assert run.outcome == Outcome.FAILED
        assert run.reason.startswith("the disk is full (database or disk is full)")
        assert WHAT_TO_DO in run.reason
    assert read_runs(settings)[-1].outcome == Outcome.DONE
    assert tell_history(settings) == delivery.told


def test_evidence_without_room_leaves_no_part_of_itself_and_the_run_says_so(
    delivery: Delivery, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)
    assert run_apart(import_in_little_room, settings, delivery.folder, 16 * MIB) == 1
    (failed,) = read_runs(settings)

    assert failed.outcome == Outcome.FAILED
    assert failed.reason.startswith("the disk is full ([Errno 27] File too large")
    assert failed.seen > 0, "the pages before it are kept"
    assert not list_parts(settings)
    assert read_last_reason(settings, SOURCE) == "the disk is full"
    assert read_gap_reasons(settings, SOURCE) == {"the disk is full"}

    take_in(settings, delivery.folder)
    assert tell_history(settings) == delivery.told


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with little room on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("kib", [1_100, 1_500])
def test_a_disk_that_is_full_for_all_is_told_and_the_same_command_goes_on_at_once(
    delivery: Delivery, small_disk: Path, kib: int
) -> None:
    settings = make_settings(small_disk / "home")
    with pytest.raises(DiskFullError, match="the disk is full"):
        take_in(settings, delivery.folder, lambda _: fill_disk(small_disk, but=kib << 10))
    assert not list_parts(settings)
    (failed,) = read_runs(settings)
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    take_in(settings, delivery.folder)
    completed = read_runs(settings)[-1]

    assert failed.outcome == Outcome.FAILED
    assert failed.reason.startswith("the disk is full")
    assert WHAT_TO_DO in failed.reason
    assert completed.outcome == Outcome.DONE
    assert tell_history(settings) == delivery.told


def fill_disk(disk: Path, but: int = 0) -> Path:
    """A file that takes all the room there is, but for some bytes."""
    filler = disk / "filler"
    room = os.statvfs(disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize - but))
    return filler


def test_a_crawl_that_cannot_keep_its_evidence_reads_nothing_and_says_why(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)
    settings.blobs_dir.symlink_to(small_disk)
    filler = fill_disk(small_disk)
    with running_replica() as url:
        order = (settings, "snap", "2026", f"{url}/snap")
        run_apart(crawl_once, *order)
        filler.unlink()
        run_apart(crawl_once, *order)
    failed, completed = read_runs(settings)

    assert (failed.outcome, failed.seen) == (Outcome.FAILED, 0)
    assert failed.reason.startswith("the disk is full ([Errno 28] No space left on device)")
    assert WHAT_TO_DO in failed.reason
    assert not list_parts(settings)
    assert (completed.outcome, completed.complete, completed.seen) == (Outcome.DONE, True, 15)


@pytest.mark.parametrize(
    "error", [psycopg.errors.DiskFull(), OSError(errno.ENOSPC, ""), OSError(errno.EDQUOT, "")]
)
def test_a_full_disk_is_no_database_that_is_away(error: Exception) -> None:
    assert is_disk_full(error)
    assert not is_away(error)
