"""On which looks a run may rest, and what it leaves on the disk."""

from datetime import timedelta
from pathlib import Path

from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run, end_run
from archive.store.database import write
from archive.store.outages import Patience
from scrapers.readers import snapshots
from scrapers.readers.look_folders import name_work
from scrapers.readers.row_memory import RowMemory
from tests.scrapers.crawls import Home
from tests.scrapers.stories import (
    FILE,
    ROWS,
    START,
    know_all,
    remember,
    run,
    spell_file,
    spell_row,
)


def rests_on_snapshot(home: Home, day: int) -> bool:
    """Whether a run that begins on a day passes over rows; the run fails."""
    at = START + timedelta(days=day)
    with write(home.engine) as session:
        begun = begin_run(session, "snap", "2026", RunKind.CRAWL, at, is_sweep=True)
    memory = RowMemory.open(home.settings, home.engine, Patience(1), begun)
    with write(home.engine) as session:
        end_run(session, begun, Outcome.FAILED, at)
    return memory is not None and memory.before is not None


def test_a_run_that_ended_well_is_rested_on_until_one_ends_badly(home: Home) -> None:
    assert not rests_on_snapshot(home, 0)
    run(home, spell_file(*ROWS), 1)
    assert rests_on_snapshot(home, 2)
    assert not rests_on_snapshot(home, 3)


def test_a_run_at_an_earlier_time_reads_each_row(home: Home) -> None:
    run(home, spell_file(*ROWS), 5)
    assert not rests_on_snapshot(home, 4)


def test_a_partition_keeps_one_snapshot_and_nothing_of_the_work(home: Home) -> None:
    for day in range(3):
        run(home, spell_file(*ROWS, spell_row("late", day)), day)
    folder = snapshots.name_folder(home.settings.home, "snap", "2026")
    (kept,) = folder.iterdir()
    assert snapshots.SnapshotName.of(kept).run_id == 3


def test_what_killed_runs_left_is_swept_and_what_living_ones_use_is_not(home: Home) -> None:
    def leave_work(partition: str, day: int) -> Path:
        with write(home.engine) as session:
            at = START + timedelta(days=day)
            begun = begin_run(session, "snap", partition, RunKind.CRAWL, at, is_sweep=True)
        folder = snapshots.name_folder(home.settings.home, "snap", partition)
        work = name_work(folder, begun.run_id)
        work.mkdir(parents=True)
        (work / "noted.csv").touch()
        return work

    killed, living = leave_work("2026", 0), leave_work("2025", 0)
    run(home, spell_file(*ROWS), 1)
    assert (killed.exists(), living.exists()) == (False, True)
    elsewhere = leave_work("2025", 1)
    run(home, spell_file(*ROWS), 2)
    assert (living.exists(), elsewhere.exists()) == (False, True)


def test_a_run_that_has_ended_keeps_its_work_until_its_snapshot_is_written(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    memory.open_table(FILE, []).note([ROWS[0]], "ad0")
    run(home, spell_file(*ROWS), 1)
    assert memory.work.exists()
    memory.close(is_kept=False)
    assert not memory.work.exists()


def test_a_file_of_no_partition_leaves_no_snapshot(home: Home) -> None:
    run(home, spell_file(*ROWS), 0, partition=None)
    assert not (home.settings.home / "snapshots").exists()
