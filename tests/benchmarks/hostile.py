"""Every hostile input of the corpus, each in a process of its own: `python -m tests.benchmarks.hostile`.

Prints one JSON line: how many inputs; how many of them took a good neighbour with them; how many ended in a
traceback; the most memory that a process took; how many took more than 30 seconds; how many said something
else than they must. To be reached: 0, 0, at most 512, 0, 0. What is wrong with which is told on standard
error.
"""

import argparse
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.corpus import read_corpus
from tests.hostile.trying import Tried, try_entry
from tests.migrated import migrated_file

LONGEST_SECONDS = 30
MOST_MB = 512


def tell(tried: Tried) -> list[str]:
    """What is wrong with what came of an entry."""
    found = [tried.lost and f"lost: {tried.lost}", tried.unsaid and f"unsaid: {tried.unsaid}"]
    found.append("a traceback" if tried.has_traceback else "")
    found.append(f"{tried.peak_mb} MB" if tried.peak_mb > MOST_MB else "")
    found.append(f"{tried.seconds:.0f} s" if tried.seconds > LONGEST_SECONDS else "")
    return [each for each in found if each]


def try_corpus(pattern: str, workers: int) -> list[Tried]:
    """Try the entries whose names fit, a few at a time."""
    migrated_file()  # made once, before several threads ask for it
    chosen = [entry for entry in read_corpus() if re.search(pattern, entry.name)]
    with (
        TemporaryDirectory(prefix="paidforby-hostile-") as folder,
        ThreadPoolExecutor(workers) as pool,
    ):
        folders = [Path(folder) / str(number) for number in range(len(chosen))]
        results = []
        for tried in pool.map(try_entry, chosen, folders):
            results.append(tried)
            for found in tell(tried):
                sys.stderr.write(f"{tried.entry.name}: {found}\n")
    return results


def sum_up(results: list[Tried]) -> dict[str, int]:
    """The figures."""
    return {
        "inputs": len(results),
        "stopped_others": sum(bool(tried.lost) for tried in results),
        "tracebacks": sum(tried.has_traceback for tried in results),
        "peak_mb": max((tried.peak_mb for tried in results), default=0),
        "over_seconds_30": sum(tried.seconds > LONGEST_SECONDS for tried in results),
        "unsaid": sum(bool(tried.unsaid) for tried in results),
    }


def main() -> None:
    """Try them and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="A pattern of names.")
    parser.add_argument("--workers", type=int, default=2, help="Entries at a time.")
    given = parser.parse_args()
    sys.stdout.write(json.dumps(sum_up(try_corpus(given.only, given.workers))) + "\n")


if __name__ == "__main__":
    main()
