"""How long a search as of a time takes: `python -m tests.benchmarks.search_as_of --rows 20000`.

Prints one JSON line: for each database, moment and query the seconds of the fastest of three searches and
how many ads answered. `same` is a moment after which nothing changed, `changed` one after which a
tenth of the ads did.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from archive.ingest.pages import ingest_page
from archive.models.runs import RunKind
from archive.reading.as_of.moment import Moment
from archive.records import AdRecord
from archive.runs.lease import begin_run
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import migrate
from search.as_of.answers import search_as_of
from search.question.query import AdQuery, build_query
from tests import servers
from tests.benchmarks.ingest import PHASES, START, make_pages

PAGE = 5_000
QUERIES = {
    "everything": build_query(),
    "one_word": build_query("harbour"),
    "phrase": build_query('"harbour bridge"'),
    "words_and_facets": build_query("harbour vote", facets=["country", "platform", "payer"]),
    "rare_word": build_query("4711"),
    "one_payer": build_query(filters=[("payer", "Friends of Bridge 31, Inc.")]),
}
"""Common questions: from what every ad answers to what hardly one does."""


def fill_archive(engine: Engine, rows: int) -> dict[str, Moment]:
    """Take the ads in twice, a tenth of them changed; the moments to ask for, by name."""
    migrate(engine)
    for phase in ("new", "changed"):
        now = START + timedelta(days=PHASES[phase][0])
        with write(engine) as session:
            lease = begin_run(session, "example", phase, RunKind.CRAWL, now)
        for page in make_pages(rows, phase):
            records = [AdRecord(**values) for values in page]
            for begin in range(0, len(records), PAGE):
                with write(engine) as session:
                    ingest_page(session, lease, records[begin : begin + PAGE], None, now)
    return {"same": Moment(as_of=now), "changed": Moment(as_of=START)}


def time_search(engine: Engine, query: AdQuery, moment: Moment) -> dict[str, float]:
    """Seconds of the fastest of three searches, and how many ads answered."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        with read(engine) as session:
            total = search_as_of(session, query, moment).total
        seconds.append(time.perf_counter() - started)
    return {"seconds": round(min(seconds), 3), "total": total}


def measure_database(url: str, rows: int) -> dict[str, dict[str, dict[str, float]]]:
    """Every query at every moment."""
    engine = create_archive_engine(url)
    moments = fill_archive(engine, rows)
    answers = {
        when: {name: time_search(engine, query, moment) for name, query in QUERIES.items()}
        for when, moment in moments.items()
    }
    engine.dispose()
    return answers


@contextmanager
def open_databases(folder: Path) -> Iterator[dict[str, str]]:
    """Addresses of an empty database of each kind."""
    with servers.run_postgresql(folder) as server, servers.make_database(server) as url:
        yield {"sqlite": f"sqlite:///{folder}/archive.sqlite3", "postgresql": url}


def run(description: str | None, measure: Callable[[str, int], object]) -> None:
    """Measure each kind of database with so many rows, and print one JSON line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    with (
        TemporaryDirectory(prefix="paidforby-benchmark-") as folder,
        open_databases(Path(folder)) as urls,
    ):
        answers = {name: measure(url, rows) for name, url in urls.items()}
    print(json.dumps({"rows": rows, **answers}))  # noqa: T201 (the benchmark's answer)


if __name__ == "__main__":
    run(__doc__, measure_database)
