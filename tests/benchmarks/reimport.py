"""What a second import costs beside the first: `python -m tests.benchmarks.reimport --rows 60000`.

Prints one JSON line: for each engine seconds of a second import by those of the first, medians of the
rounds. All imports are of one file in Snap's shape, in one process, with `--complete`; start-up, rules and
search are left out, evidence and database are not. `same`: nothing changed. `changed_1`, `changed_10`: of so
many ads in a hundred the numbers moved, of a tenth of these the words too. `new_code`: nothing changed, but
whoever reads the rows is another.
"""

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from archive.store.setup import init_archive
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.sources import spider as delivery
from scrapers.spiders.snap import SnapSpider
from tests import servers
from tests.benchmarks.imports import write_snap_csv

FIRST_DAY = date(2026, 10, 1)
IMPORTS = ("first", "same", "changed_1", "changed_10", "new_code")
"""In the order of their days."""
SHARES = {"changed_1": 100, "changed_10": 10}
"""One row in so many changes."""
REWORDED = 10
"""One row in so many of those that change."""


def write_days(folder: Path, rows: int) -> dict[str, Path]:
    """The file of each import, by its name."""
    files = {name: folder / name / "PoliticalAds.csv" for name in IMPORTS}
    for path in files.values():
        path.parent.mkdir()
    write_snap_csv(files["first"], rows)
    for before, name in pairwise(IMPORTS):
        change_rows(files[before], files[name], SHARES.get(name, 0))
    return files


def change_rows(path: Path, to: Path, share: int) -> None:
    """The same table; with a share, of one row in so many the numbers moved."""
    with path.open(newline="") as before, to.open("w", newline="") as after:
        table = csv.DictReader(before)
        changed = csv.DictWriter(after, table.fieldnames or [], lineterminator="\n")
        changed.writeheader()
        for number, row in enumerate(table):
            if share and number % share == 0:
                row["Spend"] = str(int(row["Spend"]) + 7)
                row["Impressions"] = str(int(row["Impressions"]) + 700)
                if number % (share * REWORDED) == 0:
                    row["CandidateBallotInformation"] += " again"
            changed.writerow(row)


def time_imports(home: Path, url: str | None, files: dict[str, Path]) -> dict[str, float]:
    """Seconds of each import into one archive, a day after the one before it."""
    settings = Settings(home=home, database_url=url, meilisearch_url=None)
    engine = init_archive(settings, [SnapSpider.info])
    seconds: dict[str, float] = {}
    for day, name in enumerate(IMPORTS):
        on = FIRST_DAY + timedelta(days=day)
        now = datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=12)
        order = ImportOrder((files[name],), observed_on=on, complete_partition="2026")
        started = time.perf_counter()
        with read_by(name):
            report = import_files(settings, engine, SnapSpider, order, lambda at=now: at)
        seconds[name] = time.perf_counter() - started
        sys.stderr.write(f"{engine.dialect.name} {name}: {seconds[name]:.2f} s, {report.counts}\n")
    engine.dispose()
    return seconds


@contextmanager
def read_by(name: str) -> Iterator[None]:
    """Let the hashes of one import's rows rest on another reader's code."""
    described = {"new_code": lambda _: "another reader"}.get(name, delivery.describe_reader)
    with patch.object(delivery, "describe_reader", described):
        yield


def divide_seconds(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Each later import by the first one, medians of the rounds."""
    return {
        name: round(statistics.median(one[name] / one["first"] for one in rounds), 3)
        for name in IMPORTS[1:]
    }


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with (
        TemporaryDirectory(prefix="paidforby-benchmark-") as name,
        TemporaryDirectory(prefix="paidforby-benchmark-") as server_folder,
    ):
        folder = Path(name)
        files = write_days(folder, given.rows)
        sqlite = [
            time_imports(folder / f"sqlite-{number}", None, files) for number in range(given.rounds)
        ]
        postgresql = []
        with servers.run_postgresql(Path(server_folder)) as server:
            for number in range(given.rounds):
                with servers.make_database(server) as url:
                    postgresql.append(time_imports(folder / f"postgresql-{number}", url, files))
    figures = {"sqlite": divide_seconds(sqlite), "postgresql": divide_seconds(postgresql)}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
