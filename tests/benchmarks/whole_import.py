"""What a first import costs, rules and search included: `python -m tests.benchmarks.whole_import`.

Prints one JSON line. `us_per_ad`: CPU of the whole command on an empty home, less that of the same
command on a file of one ad, by its three steps. `bytes_ratio`: the database after a checkpoint over the
unpacked file. `over_flat`: the sum of the steps over the CPU of dumping the same records flat. Only the
command line is called, so that two commits can be measured in turns on one machine.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from archive.ingest.rows import prepare_record
from archive.records import AdRecord
from archive.store.database import create_archive_engine
from scrapers.readers.files import SourceFile
from scrapers.spiders.snap import SnapSpider
from tests.benchmarks.flat import dump_flat, make_flat
from tests.benchmarks.imports import ROOT, write_snap_csv

PAGE = 5_000
STEPS = {"import": ("--no-evaluate", "--no-index"), "rules": ("--no-index",), "search": ()}
"""What the command is told to leave out, so that the step named is its last."""


def measure_command(home: Path, path: Path, leave_out: tuple[str, ...]) -> float:
    """CPU seconds of one import into an empty home, by the operating system's account."""
    command = [sys.executable, "-m", "paidforby", "import", "snap", str(path), *leave_out]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PAIDFORBY_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        cwd=ROOT,
        env=kept | {"PAIDFORBY_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_flat(database: Path, path: Path) -> float:
    """CPU seconds of dumping the records of a file flat; reading them is left out."""
    engine = create_archive_engine(f"sqlite:///{database}")
    flat, seconds = make_flat(engine, "flat"), 0.0
    readings = SnapSpider.read(SourceFile.from_path(path))
    records = (reading for reading in readings if isinstance(reading, AdRecord))
    while page := [prepare_record(record) for record in islice(records, PAGE)]:
        started = time.process_time()
        dump_flat(engine, flat, page)
        seconds += time.process_time() - started
    engine.dispose()
    return seconds


def measure_database(home: Path) -> int:
    """Bytes of the archive's database with nothing left in its journal."""
    database = home / "archive.sqlite3"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return database.stat().st_size


def measure_whole(ads: int) -> dict[str, object]:
    """Every figure once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, one = folder / "PoliticalAds.csv", folder / "One.csv"
        write_snap_csv(path, ads)
        write_snap_csv(one, 1)
        us_per_ad, so_far = {}, 0.0
        for step, leave_out in STEPS.items():
            start_up = measure_command(folder / f"one-{step}", one, leave_out)
            seconds = measure_command(folder / step, path, leave_out) - start_up
            us_per_ad[step] = round((seconds - so_far) / ads * 1e6, 1)
            so_far = seconds
        return {
            "us_per_ad": us_per_ad,
            "bytes_ratio": round(measure_database(folder / step) / path.stat().st_size, 2),
            "over_flat": round(so_far / measure_flat(folder / "flat.sqlite3", path), 1),
        }


def main() -> None:
    """Print the figures as one JSON line."""
    parser = argparse.ArgumentParser(
        description="Measure a first import, rules and search included."
    )
    parser.add_argument("--ads", type=int, default=20_000, help="Ads in the file.")
    sys.stdout.write(json.dumps(measure_whole(parser.parse_args().ads)) + "\n")


if __name__ == "__main__":
    main()
