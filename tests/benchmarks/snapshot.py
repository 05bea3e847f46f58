"""What a run costs when nothing has changed: `python -m tests.benchmarks.snapshot --rows N`.

The same zipped table once more: unpacking it, laying its lines beside the snapshot and giving the ad of
every row, divided by what the reference reader (`scrapers.readers.tables.read_table` with nothing to pass
over) takes to bring the same rows into cells: `unchanged_ratio` by the clock, `unchanged_cpu_ratio` by the
time of all threads, which other work on the machine disturbs less. `bare_ratio` divides by Python's
`csv.reader` alone. All take turns; ratios are medians of the rounds. Looking ads up in the archive is no
part of the diff. `kept_ratio` is what the next snapshot takes on top, `diff_rss_mb` the memory that the
diff takes above what the process held (`null` where there is no /proc), `peak_rss_mb` the process's peak.
"""

import argparse
import csv
import io
import json
import resource
import statistics
import sys
import time
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from archive.records import Unreadable
from archive.runs.unchanged_rows import QuietAd
from scrapers.readers.files import SourceFile, expand_file
from scrapers.readers.row_memory import RowMemory
from scrapers.readers.snapshots import SnapshotName, make_key
from scrapers.readers.tables import TableRow, read_header, read_table
from tests.benchmarks.download import read_memory_mb

PEAK = Path("/proc/self/clear_refs")

COLUMNS = 22
QUIET = QuietAd(1, None, 0)
PLACES = ["Port Examplia, Examplia", "Lampton, Examplia", "Quay Ward, Examplia", "Tide County"]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_table(path: Path, rows: int) -> None:
    """A zip with one table; a fifth of its cells hold commas, a few hold quotes."""
    dice = Random(rows)
    tails = [
        [
            *(f"https://ads.example/creative/{dice.getrandbits(60)}", "IMAGE", "EX, FI"),
            f"AR{dice.randrange(5_000):020}",
            dice.choice(["Harbour Party", "Tide Agency, Inc.", 'The "Lantern" Union']),
            *("2026-01-02", "2026-02-03", "33", "10k-100k", "Not targeted", "Not targeted"),
            "; ".join(dice.choices(PLACES, k=dice.randrange(1, 12))),
            *(str(dice.randrange(10) * 100) for _ in range(9)),
        ]
        for _ in range(10_000)
    ]
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("creative-stats.csv", "w", force_zip64=True) as member,
        io.TextIOWrapper(member, "utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["ad_id", *(f"column_{number}" for number in range(1, COLUMNS))])
        for number, tail in zip(range(rows), cycle(tails), strict=False):
            writer.writerow([f"CR{number:020}", *tail])


def find_table(path: Path) -> SourceFile:
    """The table in the zip."""
    (member,) = expand_file(SourceFile.from_path(path))
    if isinstance(member, Unreadable):
        raise TypeError(member.reason)
    return member


def remember_table(file: SourceFile, folder: Path) -> RowMemory:
    """The memory of a run right after one that read every row; each ad is as it was left."""
    first = RowMemory(folder, SnapshotName(1, AT, make_key()), None, know_all, "")
    table = first.open_table(file.name, read_header(file))
    for row in read_table(file):
        if isinstance(row, TableRow):
            table.note(row.lines, row.cells["ad_id"])
    table.lay_out(file.open)
    first.close(is_kept=True)
    name = first.name._replace(run_id=2)
    return RowMemory(folder, name, folder / str(first.name), know_all, "")


def know_all(refs: Collection[str]) -> dict[str, QuietAd]:
    """What an archive would say that knows every ad, and says it at once."""
    return dict.fromkeys(refs, QUIET)


def count_again(file: SourceFile, memory: RowMemory) -> int:
    """The rows of one more look that finds all as it was."""
    lease = replace(memory)
    met = sum(1 for _ in pass_over(file, lease))
    lease.close(is_kept=False)
    return met


def pass_over(file: SourceFile, memory: RowMemory) -> Iterator[TableRow | Unreadable | QuietAd]:
    """The rows of a run of a file that the memory knows."""
    return read_table(file, memory=memory.open_table(file.name, read_header(file)))


def check_order(file: SourceFile, memory: RowMemory, rows: int) -> None:
    """See that every row is passed over, in the table's order.

    Raises:
        ValueError: if not.
    """
    ids = {f"CR{number:020}": QuietAd(number, None, 0) for number in range(rows)}
    knowing = replace(memory, recognise=lambda _: ids)
    if any(one is not ad for one, ad in zip(pass_over(file, knowing), ids.values(), strict=True)):
        raise ValueError("the rows passed over are not those of the table, in its order")
    knowing.close(is_kept=False)


def read_bare(file: SourceFile) -> int:
    """The rows that `csv.reader` finds, without the header."""
    with file.open() as stream, io.TextIOWrapper(stream, "utf-8", newline="") as text:
        return sum(1 for _ in islice(csv.reader(text), 1, None))


class Seconds(NamedTuple):
    """What a piece of work takes, by the clock and in all threads together."""

    clock: float
    cpu: float


def measure(work: Callable[[], int], rows: int) -> Seconds:
    """What a piece of work takes.

    Raises:
        ValueError: if it did not meet every row.
    """
    clock, cpu = time.perf_counter(), time.process_time()
    met = work()
    seconds = Seconds(time.perf_counter() - clock, time.process_time() - cpu)
    if met != rows:
        raise ValueError(f"{met:,} of {rows:,} rows were met")
    return seconds


def measure_memory(work: Callable[[], int]) -> int | None:
    """Megabytes that a piece of work takes at its peak above what the process holds."""
    if not PEAK.exists():
        return None
    PEAK.write_text("5")  # the peak counts from here (proc(5))
    held = read_memory_mb("VmRSS")
    work()
    return round(read_memory_mb("VmHWM") - held)


def divide(parts: list[Seconds], wholes: list[Seconds]) -> Seconds:
    """The medians of the rounds' ratios."""
    pairs = list(zip(parts, wholes, strict=True))
    clock = statistics.median(part.clock / whole.clock for part, whole in pairs)
    cpu = statistics.median(part.cpu / whole.cpu for part, whole in pairs)
    return Seconds(round(clock, 3), round(cpu, 3))


def keep_snapshot(memory: RowMemory, rows: int) -> int:
    """Write the next snapshot, as a run does that ends well; gives the rows again."""
    memory.close(is_kept=True)
    if not (memory.folder / str(memory.name)).exists():
        raise ValueError("the snapshot was not written")
    return rows


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=800_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        path = Path(folder) / "bundle.zip"
        make_table(path, given.rows)
        file = find_table(path)
        memory = remember_table(file, Path(folder) / "snapshots")
        check_order(file, memory, given.rows)
        works: dict[str, Callable[[], int]] = {
            "same": lambda: count_again(file, memory),
            "reference": lambda: sum(1 for _ in read_table(file)),
            "bare": lambda: read_bare(file),
        }
        diff_rss_mb = measure_memory(works["same"])
        seconds: dict[str, list[Seconds]] = {name: [] for name in works}
        for _ in range(given.rounds):
            for name, work in works.items():
                seconds[name].append(measure(work, given.rows))
        sum(1 for _ in pass_over(file, memory))
        kept = measure(lambda: keep_snapshot(memory, given.rows), given.rows)
    for name, times in seconds.items():
        shown = ", ".join(f"{one.clock:.2f} s ({one.cpu:.2f} s of CPU)" for one in times)
        sys.stderr.write(f"{name}: {shown}\n")
    unchanged = divide(seconds["same"], seconds["reference"])
    figures = {
        "unchanged_ratio": unchanged.clock,
        "unchanged_cpu_ratio": unchanged.cpu,
        "bare_ratio": divide(seconds["same"], seconds["bare"]).clock,
        "kept_ratio": divide([kept] * given.rounds, seconds["reference"]).clock,
        "diff_rss_mb": diff_rss_mb,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
