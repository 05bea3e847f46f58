"""How fast a whole list leaves: `python -m tests.benchmarks.streams --rows 1000000`.

Prints one JSON line: for each database and form the milliseconds to the first byte and to the first
row, rows a second, and the peak memory of the process that writes, in MB. The rows are copies of one
invented ad of ordinary size, written straight into the tables.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlmodel import Session

from archive.exports.downloads import Form, What, write_stream
from archive.ingest.pages import ingest_page
from archive.models import Ad, AdMetric, AdVersion, PublicAd
from archive.models.runs import Outcome, RunKind
from archive.reading import AdFilter
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from archive.store.setup import migrate
from tests import servers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COPIED_AT_A_TIME = 5_000


def fill_archive(engine: Engine, rows: int) -> None:
    """Put so many ads into an empty archive, each with one version and one row of numbers."""
    with write(engine) as session:
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOON)
        ingest_page(session, run, [invent_ad()], None, NOON)
        end_run(session, run, Outcome.DONE, NOON)
    for start in range(2, rows + 1, COPIED_AT_A_TIME):
        with write(engine) as session:
            copy_ads(session, range(start, min(start + COPIED_AT_A_TIME, rows + 1)))


def copy_ads(session: Session, ids: range) -> None:
    """Copies of the first ad under these ids."""
    named = {
        Ad: lambda i: {"id": i, "ref": f"a{i}"},
        AdVersion: lambda i: {"id": i, "ad_id": i},
        AdMetric: lambda i: {"id": None, "ad_id": i},  # the database numbers these itself
        PublicAd: lambda i: {
            "id": i,
            "ref": f"a{i}",
            "public_id": f"example:a{i}",
            "advertiser_id": f"example:page-{i % 997}",
            "version_id": i,
        },
    }
    for table, name in named.items():
        columns = table.__table__.c
        [first] = session.execute(select(*columns).where(columns.id == 1)).mappings()
        copies = [dict(first) | name(i) for i in ids]
        kept = [{k: v for k, v in copy.items() if k != "id" or v is not None} for copy in copies]
        session.execute(insert(table.__table__), kept)


def invent_ad() -> AdRecord:
    """An ad with a text, a range and some cells of delivery."""
    return AdRecord(
        ref="a1",
        platform="examplatform",
        advertiser_ref="page-1",
        advertiser_name="Harbour Party",
        payer_name="Friends of the Harbour",
        countries=["GR"],
        bodies=["Vote for the harbour, the bridge and the tram. " * 4],
        titles=["A harbour for all"],
        landing_urls=["https://harbour.example/vote"],
        started_on=date(2026, 1, 1),
        ended_on=date(2026, 1, 31),
        currency="EUR",
        spend_lower_minor=100_00,
        spend_upper_minor=199_00,
        impressions_lower=1_000,
        impressions_upper=1_999,
        delivery=[
            {"by": "age_gender", "age": age, "gender": gender, "share": 0.125}
            for age in ("18-24", "25-34", "35-44", "45+")
            for gender in ("female", "male")
        ],
        targeting=[{"dimension": "age", "mode": "exclude", "text": "13-17"}],
    )


def measure_stream(url: str, what: What, form: Form) -> dict[str, float]:
    """Write one list to nowhere and say how that went; meant for a process of its own."""
    engine = create_archive_engine(url)
    began = time.perf_counter()
    parts = write_stream(engine, what, form, AdFilter(source="example"))
    times = [0.0, 0.0]
    size = 0
    for number, part in enumerate(parts):
        size += len(part)
        if number < len(times):
            times[number] = (time.perf_counter() - began) * 1000
    seconds = time.perf_counter() - began
    return {
        "first_byte_ms": round(times[0], 1),
        "first_rows_ms": round(times[1], 1),
        "seconds": round(seconds, 2),
        "megabytes": round(size / 1e6, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def measure_alone(url: str, what: What, form: Form) -> dict[str, float]:
    """The same in a fresh process, so that its peak of memory is its own."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as pool:
        return pool.submit(measure_stream, url, what, form).result()


def measure_forms(url: str, rows: int, what: What) -> dict[str, Any]:
    """Every form of one list of an archive with so many ads."""
    engine = create_archive_engine(url)
    migrate(engine)
    fill_archive(engine, rows)
    engine.dispose()
    measured = {form.value: measure_alone(url, what, form) for form in Form}
    for figures in measured.values():
        figures["rows_per_second"] = round(rows / figures["seconds"])
    return measured


def list_databases(names: list[str], folder: Path) -> Iterator[tuple[str, str]]:
    """An empty database of each kind asked for, by its URL; a server runs while it is used."""
    if "sqlite" in names:
        yield "sqlite", f"sqlite:///{folder / 'archive.sqlite3'}"
    if "postgresql" in names:
        with servers.run_postgresql(folder) as server, servers.make_database(server) as url:
            yield "postgresql", url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--what", type=What, default=What.ADS)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="paidforby-streams-") as folder:
        databases = list_databases(asked.database or ["sqlite", "postgresql"], Path(folder))
        measured = {name: measure_forms(url, asked.rows, asked.what) for name, url in databases}
    sys.stdout.write(json.dumps({"rows": asked.rows, "what": asked.what} | measured) + "\n")


if __name__ == "__main__":
    main()
