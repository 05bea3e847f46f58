"""How ingest compares with what the engine itself can do: `python -m tests.benchmarks.ingest --rows N`.

The flat limit is the same records, every field a column, dumped page by page into one table without
keys on the same engine. Ingest is timed from validated records with their hashes to the commit:
versions, metrics, public view, advertisers, change sequence, ledger leaves and sightings included.
Flat and ingest take turns page by page, so that both meet the same machine; figures are medians of
the rounds. Making the records is not timed, and no more than a page of them is held.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from archive.ingest.ads.take_ads import ingest_prepared
from archive.ingest.pages import stamp_page
from archive.ingest.rows import Prepared, prepare_record
from archive.models.runs import RunKind
from archive.records import AdRecord
from archive.runs.lease import RunLease, begin_run, hold_lease, note_progress
from archive.store.database import create_archive_engine, write
from archive.store.setup import migrate, write_sources
from scrapers.spiders import find_spiders
from tests import servers
from tests.benchmarks.flat import dump_flat, make_flat
from tests.benchmarks.imports import measure_import

PAGE = 10_000
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = [
    *("harbour", "bridge", "school", "road", "tax", "nurse", "river", "vote", "council", "water"),
    *("clean", "party", "future", "street", "light", "housing", "train", "coast", "winter", "tram"),
    *("library", "market", "field", "public", "safe", "honest", "work", "family", "valley"),
]

PHASES = {"new": (0, 0.0, 0.0), "same": (1, 0.0, 0.0), "changed": (2, 0.01, 0.10)}
"""Day of the run, share of ads whose content differs from before, share whose numbers do."""


@dataclass
class Times:
    """Seconds spent by one phase of one round."""

    flat: float = 0.0
    ingest: float = 0.0


@dataclass
class Measured:
    """What one engine did."""

    ratios: dict[str, list[float]] = field(default_factory=dict)
    validate_us: list[float] = field(default_factory=list)
    hash_us: list[float] = field(default_factory=list)
    peak_rss_mb: int = 0


def invent_values(number: int, day: int, *, reworded: bool, moved: bool) -> dict[str, Any]:
    """The values of one realistic ad, always the same for the same arguments."""
    dice = Random(number)
    text_of = " ".join(dice.choices(WORDS, k=dice.randint(12, 40)))
    started_on = date(2025, 1, 1) + timedelta(days=dice.randint(0, 400))
    spend = dice.randint(1, 500) * 100_00 + (100_00 if moved else 0)
    page = dice.randint(1, 5_000)
    return {
        "ref": f"{10**14 + number}",
        "platform": "examplatform",
        "url": f"https://ads.example/library/?id={10**14 + number}",
        "surfaces": ["feed", "stories"],
        "advertiser_ref": f"{10**9 + page}",
        "advertiser_name": f"Party of {WORDS[page % len(WORDS)].title()} {page}",
        "payer_name": f"Friends of {WORDS[page % len(WORDS)].title()} {page}, Inc.",
        "sponsor_name": None,
        "registration_refs": [f"C{page:08}"],
        "countries": ["US"],
        "languages": ["en"],
        "titles": [f"{text_of[:40]} {'now' if reworded else ''}"],
        "bodies": [text_of],
        "descriptions": [text_of[10:60]],
        "landing_urls": [f"https://www.party{page}.example/join?ad={number}"],
        "media_type": "image",
        "media_urls": [f"https://cdn.example/{number:x}.jpg"],
        "election_name": "City council 2026",
        "declared_political": True,
        "declared_by": "advertiser",
        "started_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randint(0, 80_000)),
        "ended_at": None,
        "started_on": started_on,
        "ended_on": None,
        "day_zone": "America/Los_Angeles",
        "targeting": [
            {"dimension": "age", "mode": "include", "text": "18-65+"},
            {"dimension": "region", "mode": "exclude", "text": "Harbour County"},
        ],
        "currency": "USD",
        "spend_lower_minor": spend,
        "spend_upper_minor": spend + 99_00,
        "impressions_lower": dice.randint(1, 900) * 1000,
        "impressions_upper": 1_000_000,
        "reach_lower": None,
        "audience_lower": 100_001,
        "delivery": [
            {"by": "region", "label": "Harbour County", "share": "0.73"},
            {"by": "region", "label": "Valley", "share": "0.27"},
        ],
        "source_fields": {"bylines": "Friends", "estimated": "true"},
    }


def make_pages(rows: int, phase: str) -> Iterator[list[dict[str, Any]]]:
    """The phase's ads as values, a page at a time."""
    day, reworded, moved = PHASES[phase]
    for start in range(0, rows, PAGE):
        yield [
            invent_values(
                number,
                day,
                reworded=number % 1000 < reworded * 1000,
                moved=200 <= number % 1000 < 200 + moved * 1000,
            )
            for number in range(start, min(start + PAGE, rows))
        ]


def declare_source(engine: Engine) -> None:
    """The source of the ads says that what they hold may be shown, as every source of ours does."""
    shown = sorted(invent_values(0, 0, reworded=False, moved=False)["source_fields"])
    info = find_spiders()["snap"].info.model_copy(update={"id": "example", "shown_fields": shown})
    with write(engine) as session:
        write_sources(session, [info])


def measure_engine(url: str, rows: int, measured: Measured) -> None:
    """One round on an empty database."""
    engine = create_archive_engine(url)
    migrate(engine)
    declare_source(engine)
    for phase in PHASES:
        times = Times()
        flat = make_flat(engine, f"flat_{phase}")
        lease = _begin(engine, phase)
        for values in make_pages(rows, phase):
            started = time.perf_counter()
            records = [AdRecord(**value) for value in values]
            validated = time.perf_counter()
            prepared = [prepare_record(record) for record in records]
            hashed = time.perf_counter()
            measured.validate_us.append((validated - started) / len(values) * 1e6)
            measured.hash_us.append((hashed - validated) / len(values) * 1e6)
            times.flat += dump_flat(engine, flat, prepared)
            times.ingest += _ingest(engine, lease, prepared)
        measured.ratios.setdefault(phase, []).append(times.ingest / times.flat)
        sys.stderr.write(
            f"{engine.dialect.name} {phase}: flat {rows / times.flat:,.0f} rows/s, "
            f"ingest {rows / times.ingest:,.0f} rows/s\n"
        )
    engine.dispose()


def _begin(engine: Engine, phase: str) -> RunLease:
    with write(engine) as session:
        at = START + timedelta(days=PHASES[phase][0])
        return begin_run(session, "example", phase, RunKind.CRAWL, at)


def _ingest(engine: Engine, lease: RunLease, prepared: list[Prepared]) -> float:
    now = lease.observed_at
    started = time.perf_counter()
    with write(engine) as session:
        hold_lease(session, lease, now)
        counts = ingest_prepared(session, stamp_page(session, lease, None, now, {}), prepared)
        note_progress(session, lease, counts, now)
    return time.perf_counter() - started


def measure_sqlite(rows: int, rounds: int) -> Measured:
    """All rounds on SQLite, in this process."""
    measured = Measured()
    for _ in range(rounds):
        with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
            measure_engine(f"sqlite:///{folder}/archive.sqlite3", rows, measured)
    measured.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return measured


def measure_postgresql(rows: int, rounds: int) -> Measured:
    """All rounds on PostgreSQL, with the client in this process."""
    measured = Measured()
    with (
        TemporaryDirectory(prefix="paidforby-benchmark-") as folder,
        servers.run_postgresql(Path(folder)) as server,
    ):
        for _ in range(rounds):
            with servers.make_database(server) as url:
                measure_engine(url, rows, measured)
    measured.peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return measured


def report(measured: Measured) -> dict[str, float]:
    """The figures of one engine, medians over its rounds."""
    ratios = {
        f"{phase}_ratio": round(statistics.median(r), 2) for phase, r in measured.ratios.items()
    }
    return ratios | {"peak_rss_mb": measured.peak_rss_mb}


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--import-rows", type=int, default=200_000, help="0: leave the import out")
    given = parser.parse_args()
    # Each engine in a process of its own, so that its peak memory is its own.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        sqlite = pool.apply(measure_sqlite, (given.rows, given.rounds))
        postgresql = pool.apply(measure_postgresql, (given.rows, given.rounds))
    figures = {
        "sqlite": report(sqlite),
        "postgresql": report(postgresql),
        "validate_us": round(statistics.median(sqlite.validate_us), 1),
        "hash_us": round(statistics.median(sqlite.hash_us), 1),
    }
    if given.import_rows:
        figures |= divide_import(given.import_rows)
    sys.stdout.write(json.dumps(figures) + "\n")


def divide_import(rows: int) -> dict[str, float]:
    """The whole command on a file of ads, by what reading its rows and dumping them flat takes.

    `reordered`: the same ads in other bytes, so that the file must be read; nothing is new in it.
    """
    seconds = measure_import(rows)
    limit = seconds["csv_s"] + seconds["flat_s"]
    names = ("new", "same", "reordered")
    return {f"import_ratio_{n}": round(seconds[f"import_{n}_s"] / limit, 2) for n in names}


if __name__ == "__main__":
    main()
