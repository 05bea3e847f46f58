"""How long a reader waits for a search: `python -m tests.benchmarks.search --ads 100000`.

The API, asked over the network with its coverage, hits and near spellings, on Meilisearch and on FTS5, and a
raw Meilisearch index of the same ads (`tests.benchmarks.raw_index`), asked in turn. Since the moment of the
questions as of a time a tenth of the ads changed their words, and all of them their numbers.

Prints one JSON line. `by_kind`: for each kind of question the median milliseconds of each way to ask.
`api_p50_ratio`: API by raw, the worst kind but for prefixes, which `prefix_ratio` has; `api_p95_ratio` over
all questions; `api_p95_ratio_8` of eight clients; `fts5_p50_ratio_worst`: the API on FTS5 by raw, the worst
kind; `as_of_ratio`: as of the moment by now, the median over the kinds.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from pydantic import SecretStr
from sqlmodel import col

from archive.ingest.pages import ingest_page
from archive.models import PublicAd
from archive.models.runs import Outcome, RunKind
from archive.names.following import bring_names_on
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import open_archive, read, write
from archive.store.setup import init_archive
from config.settings import Settings
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.engines import open_search
from search.indexed.documents import read_documents
from tests import servers
from tests.benchmarks import same_answer
from tests.benchmarks.load import serving
from tests.benchmarks.raw_index import NoDelay, RawIndex, cut_bodies, spell_raw

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MOMENT = "2026-05-02T00:00Z"
PAGE, SEED = 5_000, 7
FACETS = ("platform", "country", "payer", "language", "currency", "state", "source")
QUESTIONS, ROUNDS, CLIENTS = 12, 2, 8

Asked = tuple[str, tuple[tuple[str, str], ...], str]
"""Words, filters and order of a question."""


def invent_ad(words: same_answer.Words, number: int, *, is_later: bool) -> AdRecord:
    """An ad at one of two times: later a tenth has other words, and all other numbers."""
    is_changed = is_later and number % 10 == 0
    words.dice.seed(number + 10**9 * is_changed)
    spent = {"spend_lower_minor": number * 100 + is_later, "impressions_lower": number + is_later}
    return same_answer.invent_ad(words, number).model_copy(update=spent)


def fill(settings: Settings, ads: int) -> None:
    """Both runs, the names, and the copies of both engines."""
    engine, words = init_archive(settings, []), same_answer.Words(SEED)
    for is_later in (False, True):
        at = NOW + timedelta(days=is_later)
        with write(engine) as session:
            lease = begin_run(session, "example", "all", RunKind.CRAWL, at)
        for begin in range(0, ads, PAGE):
            page = [
                invent_ad(words, n, is_later=is_later) for n in range(begin, min(begin + PAGE, ads))
            ]
            with write(engine) as session:
                ingest_page(session, lease, page, None, at)
        with write(engine) as session:
            end_run(session, lease, Outcome.DONE, at, complete=True)
    bring_names_on(engine, NOW + timedelta(days=2))
    for search in (open_search(settings, engine), EmbeddedSearch(engine)):
        sync_index(engine, search, NOW + timedelta(days=2))
    engine.dispose()


def load_raw(settings: Settings, raw: RawIndex) -> None:
    """The raw index of the same ads."""
    raw.make()
    engine, last = open_archive(settings), 0
    while True:
        with read(engine) as session:
            made = read_documents(session, col(PublicAd.id) > last, 10_000).documents
        if not made:
            break
        last = made[-1].ad_id
        raw.load(cut_bodies(map(spell_raw, made)))
    engine.dispose()


def list_questions() -> dict[str, list[Asked]]:
    """Questions of each kind."""
    words = same_answer.Words(SEED)
    words.dice.seed(1)
    frequent, rare = same_answer.FREQUENT, words.rare

    def make(write: Callable[[], str]) -> list[Asked]:
        return [(write(), (), "relevance") for _ in range(QUESTIONS)]

    pick = words.dice.choice
    common = rare[:60]
    return {
        "frequent": make(lambda: pick(frequent)),
        "rare": make(lambda: pick(rare)),
        "two": make(lambda: f"{pick(frequent)} {pick(common)}"),
        "or": make(lambda: f"{pick(frequent)} OR {pick(common)}"),
        "not": make(lambda: f"{pick(frequent)} -{pick(frequent)}"),
        "prefix": make(lambda: f"{pick(rare)[:3]}*"),
        "phrase": make(lambda: f'"{pick(frequent)} {pick(common)}"'),
        "field": make(lambda: f"payer:{pick(frequent)}"),
        "thirty": make(lambda: " ".join(words.dice.choices(common, k=30))),
        "empty": [("", (), "relevance")] * QUESTIONS,
        "narrowed": [
            (pick(frequent), (("country", "DE"), ("currency", "EUR")), "spend")
            for _ in range(QUESTIONS)
        ],
    }


class Site:
    """One served site, asked over connections that stay open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._count = 0

    def connect(self) -> NoDelay:
        """A connection to ask over."""
        return NoDelay("127.0.0.1", self.port, timeout=60)

    def ask(self, connection: NoDelay, asked: Asked, as_of: str = "") -> None:
        """One answer, read whole; each time from another address."""
        self._count += 1
        text, filters, sort = asked
        given = [("q", text), *filters, ("sort", sort), *(("facet", name) for name in FACETS)]
        given += [("as_of", as_of)] if as_of else []
        address = f"198.51.{self._count // 250 % 250}.{self._count % 250}"
        path = f"/api/v1/search?{urlencode(given)}"
        connection.request("GET", path, headers={"X-Forwarded-For": address})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status} {said[:200]!r}")


def ask_raw(raw: RawIndex, connection: NoDelay, asked: Asked) -> None:
    """The same question, of the raw index."""
    text, filters, sort = asked
    names = {"country": "countries"}
    by_spend = ["currency:asc", "spend_lower_minor:desc"] if sort == "spend" else []
    narrowed = [f'{names.get(name, name)} = "{value}"' for name, value in filters]
    raw.ask(connection, text, narrowed, FACETS, by_spend)


def time_it(ask: Callable[[], None]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1_000


Ways = dict[str, Callable[[NoDelay, Asked], None]]


def measure_one(raw: RawIndex, served: Site, embedded: Site) -> dict[str, dict[str, list[float]]]:
    """Milliseconds by kind and way, all ways asked in turn."""
    with (
        closing(raw.connect()) as a,
        closing(served.connect()) as b,
        closing(embedded.connect()) as c,
    ):
        ways: dict[str, Callable[[Asked], None]] = {
            "raw": lambda asked: ask_raw(raw, a, asked),
            "api": lambda asked: served.ask(b, asked),
            "fts5": lambda asked: embedded.ask(c, asked),
            "as_of": lambda asked: served.ask(b, asked, MOMENT),
            "fts5_as_of": lambda asked: embedded.ask(c, asked, MOMENT),
        }
        figures: dict[str, dict[str, list[float]]] = {}
        for kind, questions in list_questions().items():
            figures[kind] = {way: [] for way in ways}
            for way in ways.values():
                way(questions[0])
            for asked in questions * ROUNDS:
                for name, way in ways.items():
                    figures[kind][name].append(time_it(lambda way=way, asked=asked: way(asked)))
        return figures


def measure_many(
    connect: Callable[[], NoDelay], ask: Callable[[NoDelay, Asked], None]
) -> list[float]:
    """Milliseconds of eight clients, each with every question."""
    questions = [asked for kind in list_questions().values() for asked in kind[:6]]

    def run(client: int) -> list[float]:
        with closing(connect()) as connection:
            own = questions[client:] + questions[:client]
            return [time_it(lambda asked=asked: ask(connection, asked)) for asked in own]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for waited in pool.map(run, range(CLIENTS)) for each in waited]


def cut_p95(waited: Sequence[float]) -> float:
    """Of so many, the one that 95 in a hundred are faster than."""
    return sorted(waited)[int(len(waited) * 0.95)]


def measure(settings: Settings, raw: RawIndex) -> dict[str, object]:
    """All ratios."""
    alone = Settings(home=settings.home, database_url=None, meilisearch_url=None)
    with serving(settings) as (port, _), serving(alone) as (other_port, _):
        served, embedded = Site(port), Site(other_port)
        figures = measure_one(raw, served, embedded)
        many: dict[str, list[float]] = {"raw": [], "api": []}
        for _ in range(2):
            many["raw"] += measure_many(raw.connect, lambda at, asked: ask_raw(raw, at, asked))
            many["api"] += measure_many(served.connect, served.ask)
    p50 = {k: {w: statistics.median(ms) for w, ms in ways.items()} for k, ways in figures.items()}
    of = {way: [ms for ways in figures.values() for ms in ways[way]] for way in ("raw", "api")}

    def rate(kind: str, one: str, other: str) -> float:
        return p50[kind][one] / p50[kind][other]

    return {
        "api_p50_ratio": round(max(rate(k, "api", "raw") for k in p50 if k != "prefix"), 2),
        "prefix_ratio": round(rate("prefix", "api", "raw"), 2),
        "api_p95_ratio": round(cut_p95(of["api"]) / cut_p95(of["raw"]), 2),
        "api_p95_ratio_8": round(cut_p95(many["api"]) / cut_p95(many["raw"]), 2),
        "fts5_p50_ratio_worst": round(max(rate(k, "fts5", "raw") for k in p50), 2),
        "as_of_ratio": round(statistics.median(rate(k, "as_of", "api") for k in p50), 2),
        "fts5_as_of_ratio": round(statistics.median(rate(k, "fts5_as_of", "fts5") for k in p50), 2),
        "by_kind": {k: {w: round(ms, 1) for w, ms in ways.items()} for k, ways in p50.items()},
    }


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=10_000)
    ads = parser.parse_args().ads
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        (Path(folder) / "engine").mkdir()
        with servers.run_meilisearch(Path(folder) / "engine") as server:
            os.environ["PAIDFORBY_MEILISEARCH_KEY"] = server.key
            settings = Settings(
                home=Path(folder) / "home",
                database_url=None,
                meilisearch_url=server.url,
                meilisearch_key=SecretStr(server.key),
            )
            raw = RawIndex(server)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                pool.apply(fill, (settings, ads))
            load_raw(settings, raw)
            figures = measure(settings, raw)
    sys.stdout.write(json.dumps({"ads": ads} | figures) + "\n")


if __name__ == "__main__":
    main()
