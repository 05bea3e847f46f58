"""How long it takes until ads can be found: `python -m tests.benchmarks.indexing --ads 100000`.

Ours goes from rows of the archive to searchable documents, words cut included; raw is a Meilisearch index of
the same ads, whose documents are ready made (`tests.benchmarks.raw_index`). Both on one server, in turn.

Prints one JSON line. `throughput_ratio`: ads a second, ours by raw. `fts5_cpu_ratio`: processor seconds of
filling the embedded engine by those of the server for the raw index. `update_ratio`: seconds until 5,000 ads
whose numbers moved are up to date, by raw (`PUT`); `update_text_ratio`: the same of changed texts; medians.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import col

from archive.ingest.pages import ingest_page
from archive.models import PublicAd
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write
from archive.store.setup import init_archive
from config.settings import Settings
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.indexed.documents import SearchDocument, read_documents
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine
from tests import servers
from tests.benchmarks import same_answer
from tests.benchmarks.raw_index import RawIndex, cut_bodies, spell_raw

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE, CHANGED, ROUNDS = 5_000, 5_000, 3
TICKS = os.sysconf("SC_CLK_TCK")
MOVING = ("key", "spend_lower_minor", "spend_upper_minor", "impressions_lower", "currency", "state")


def invent_ad(words: same_answer.Words, number: int, round_: int, *, is_text: bool) -> AdRecord:
    """An ad whose numbers, or also words, are of a round."""
    words.dice.seed(number + 10**9 * round_ * is_text)
    numbers = {"spend_lower_minor": number * 100 + round_, "impressions_lower": number + round_}
    return same_answer.invent_ad(words, number).model_copy(update=numbers)


def take_in(engine: Engine, records: list[AdRecord], at: datetime) -> None:
    """One run."""
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, at)
    for begin in range(0, len(records), PAGE):
        with write(engine) as session:
            ingest_page(session, lease, records[begin : begin + PAGE], None, at)
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, at)


def read_all(engine: Engine, last: int) -> Iterator[SearchDocument]:
    """The documents of the ads up to a number."""
    for begin in range(0, last, PAGE):
        with read(engine) as session:
            which = col(PublicAd.id).between(begin + 1, min(begin + PAGE, last))
            yield from read_documents(session, which).documents


def find_server() -> int:
    """The process of the search server that this one has started."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().partition(") ")
        except OSError:
            continue
        if "meilisearch" in name and int(rest.split()[1]) == os.getpid():
            return int(status.parent.name)
    raise RuntimeError("there is no search server")


def read_cpu(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def time_it(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(folder: Path, server: servers.Meilisearch, ads: int) -> dict[str, float]:
    """All ratios."""
    words, pid = same_answer.Words(7), find_server()
    engine = init_archive(Settings(home=folder, database_url=None, meilisearch_url=None), [])
    for begin in range(0, ads, PAGE):
        page = range(begin, min(begin + PAGE, ads))
        take_in(engine, [invent_ad(words, n, 0, is_text=False) for n in page], NOW)
    settings = Settings(meilisearch_url=server.url, meilisearch_key=SecretStr(server.key))
    ours: SearchEngine = MeilisearchSearch(settings)
    embedded = EmbeddedSearch(engine)
    raw = RawIndex(server)
    raw.make()
    bodies = cut_bodies(map(spell_raw, read_all(engine, ads)))
    before = read_cpu(pid)
    raw_seconds = time_it(lambda: raw.load(bodies))
    raw_cpu = read_cpu(pid) - before
    our_seconds = time_it(lambda: sync_index(engine, ours, NOW))
    before = time.process_time()
    sync_index(engine, embedded, NOW)
    embedded_cpu = time.process_time() - before
    figures: dict[str, float] = {
        "raw_seconds": raw_seconds,
        "our_seconds": our_seconds,
        "raw_server_cpu_seconds": raw_cpu,
        "fts5_cpu_seconds": embedded_cpu,
        "throughput_ratio": raw_seconds / our_seconds,
        "fts5_cpu_ratio": embedded_cpu / raw_cpu,
    }
    for name, is_text in (("update_ratio", False), ("update_text_ratio", True)):
        rates = []
        for round_ in range(1, ROUNDS + 1):
            at = NOW + timedelta(hours=round_ + 10 * is_text)
            some = range(min(CHANGED, ads))
            take_in(engine, [invent_ad(words, n, round_, is_text=is_text) for n in some], at)
            documents = list(map(spell_raw, read_all(engine, len(some))))
            if not is_text:
                documents = [{name: d[name] for name in MOVING} for d in documents]
            changed = cut_bodies(documents)
            raw_took = time_it(lambda changed=changed, w=is_text: raw.load(changed, whole=w))
            rates.append(time_it(lambda at=at: sync_index(engine, ours, at)) / raw_took)
        figures[name] = statistics.median(rates)
    engine.dispose()
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=10_000)
    ads = parser.parse_args().ads
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        (Path(folder) / "engine").mkdir()
        with servers.run_meilisearch(Path(folder) / "engine") as server:
            figures = measure(Path(folder) / "home", server, ads)
    sys.stdout.write(json.dumps({"ads": ads} | figures) + "\n")


if __name__ == "__main__":
    main()
