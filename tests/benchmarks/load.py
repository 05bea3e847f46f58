"""What many readers get while an import goes on: `python -m tests.benchmarks.load --ads 100000`.

A site of one process, as `paidforby serve` starts it, over invented ads. Readers search, open ads, ask for
spend as CSV and as a page, for the first page and, with a key, for flags, each time from another address; who
is refused comes again after as long as it was told, at most `PAUSE_SECONDS`.

Prints one JSON line, for each database: `errors_500` among all answers; `refused_share` at 64 readers;
`rate_64_over_8`, complete answers a second at 64 readers by those at 8; `health_p95_ms` meanwhile; `rss_mb`,
the most that the process took; `home_growth` and `spend_growth`, the later answers of a page by those over a
tenth of the ads; `first_ms`, the first answer.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from archive.curation.people import add_user
from archive.ingest.pages import ingest_page
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run, end_run
from archive.store.database import open_archive, write
from config.settings import Settings
from search.copies.sync import sync_index
from search.engines import open_search
from tests import servers
from tests.benchmarks.spend import fill_archive, invent_ad

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECONDS = 10
READERS = (8, 32, 64)
PAUSE_SECONDS = 2.0
PATHS = (
    *("/api/v1/search?q=vote&facet=source", "/search?q=vote", "/ads/example/{ad}", "/", "/spend"),
    *("/api/v1/ads/example/{ad}", "/api/v1/spend?by=payer&format=csv", "/api/v1/flags"),
)


def fill(settings: Settings, ads: int) -> str:
    """Ads with their mirror and search copy, and somebody who may read flags; gives the key."""
    fill_archive(settings, ads)
    engine = open_archive(settings)
    sync_index(engine, open_search(settings, engine), NOW)
    with write(engine) as session:
        key = add_user(session, "Ann", [Role.ANALYST], NOW)[1]
    engine.dispose()
    return str(key)


def import_on(settings: Settings, ads: int, seconds: float) -> None:
    """Take pages of ads in whose numbers moved, one after the other."""
    engine, until, at = open_archive(settings), time.monotonic() + seconds, NOW
    while time.monotonic() < until:
        at += timedelta(hours=1)
        with write(engine) as session:
            lease = begin_run(session, "example", "all", RunKind.CRAWL, at)
        begin = random.randrange(max(ads - 500, 1))
        with write(engine) as session:
            page = [invent_ad(n, moved=True) for n in range(begin, min(begin + 500, ads))]
            ingest_page(session, lease, page, None, at)
        with write(engine) as session:
            end_run(session, lease, Outcome.DONE, at)


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[int, int]]:
    """The site as a process: its port and its id."""
    port = servers.find_free_port()
    told = {"PAIDFORBY_HOME": str(settings.home)}
    told |= {"PAIDFORBY_DATABASE_URL": settings.database_url} if settings.database_url else {}
    told |= (
        {"PAIDFORBY_MEILISEARCH_URL": settings.meilisearch_url} if settings.meilisearch_url else {}
    )
    options = ["--port", str(port), "--trusted-proxy", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "paidforby", "serve", *options], env=os.environ | told
    )
    try:
        while ask(port, "/api/v1/health/ready", "192.0.2.1")[0] != http.client.OK:
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def ask(port: int, path: str, address: str, key: str = "") -> tuple[int, float, float]:
    """Status (0: none), milliseconds, and how long to wait before coming again."""
    began = time.perf_counter()
    headers = {"X-Forwarded-For": address} | ({"Authorization": f"Bearer {key}"} if key else {})
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0, 0, 0.1
    pause = float(answer.headers.get("Retry-After", 0)) if answer.status >= 400 else 0
    return answer.status, (time.perf_counter() - began) * 1000, min(pause, PAUSE_SECONDS)


def read_on(port: int, ads: int, key: str, reader: int, until: float) -> Counter[int]:
    """One reader: what it was answered."""
    dice, statuses = random.Random(reader), Counter[int]()
    while time.monotonic() < until:
        path = dice.choice(PATHS)
        address = f"198.51.{dice.randrange(100)}.{dice.randrange(250)}"
        own = key if path.endswith("flags") else ""
        status, _, pause = ask(port, path.format(ad=10**14 + dice.randrange(ads)), address, own)
        statuses[status] += 1
        time.sleep(pause)
    return statuses


def measure_load(settings: Settings, ads: int, key: str) -> dict[str, Any]:
    """Readers of each number, during an import."""
    rates, shares, health, errors = {}, {}, [], 0
    with serving(settings) as (port, pid):
        for readers in READERS:
            importing = multiprocessing.get_context("spawn").Process(
                target=import_on, args=(settings, ads, SECONDS)
            )
            importing.start()
            with ThreadPoolExecutor(readers + 1) as pool:
                over = Event()
                watching = pool.submit(watch_health, port, over)
                until = time.monotonic() + SECONDS
                coming = [pool.submit(read_on, port, ads, key, n, until) for n in range(readers)]
                statuses = sum((one.result() for one in coming), Counter[int]())
                over.set()
                health += watching.result()
            importing.join()
            rates[readers] = statuses[200] / SECONDS
            shares[readers] = (statuses[503] + statuses[429]) / statuses.total()
            errors += sum(n for status, n in statuses.items() if status in (0, 500))
        status = Path(f"/proc/{pid}/status").read_text()
        peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return {
        "errors_500": errors,
        "refused_share": round(shares[64], 3),
        "rates": rates,
        "rate_64_over_8": round(rates[64] / rates[8], 2),
        "health_p95_ms": round(sorted(health)[int(len(health) * 0.95)]),
        "rss_mb": int(peak) // 1024,
    }


def watch_health(port: int, over: Event) -> list[float]:
    """Milliseconds of each answer about health, ten a second."""
    waited = []
    while not over.wait(0.1):
        waited.append(ask(port, "/api/v1/health", f"203.0.113.{len(waited) % 250}")[1])
    return waited


def measure_pages(settings: Settings) -> dict[str, list[float]]:
    """Milliseconds of the first answer of a page, and the median of the next five."""
    with serving(settings) as (port, _):
        asked = {p: [ask(port, p, "192.0.2.2")[1] for _ in range(6)] for p in ("/", "/spend")}
    return {path: [each[0], statistics.median(each[1:])] for path, each in asked.items()}


def measure_archive(
    home: Path, url: str | None, small_url: str | None, search: str | None, ads: int
) -> dict[str, Any]:
    """Fill two archives, one with a tenth of the ads, and measure."""
    settings = Settings(home=home / "all", database_url=url, meilisearch_url=search)
    small = Settings(home=home / "tenth", database_url=small_url, meilisearch_url=None)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(fill, (small, ads // 10))
        key = pool.apply(fill, (settings, ads))
    of_small, of_all = measure_pages(small), measure_pages(settings)
    growth = {path: round(of_all[path][1] / of_small[path][1], 2) for path in of_all}
    return measure_load(settings, ads, key) | {
        "home_growth": growth["/"],
        "spend_growth": growth["/spend"],
        "first_ms": {path: round(each[0]) for path, each in of_all.items()},
    }


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=10_000)
    ads = parser.parse_args().ads
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        home = Path(folder)
        for name in ("server", "engine"):
            (home / name).mkdir()
        figures = {"sqlite": measure_archive(home / "sqlite", None, None, None, ads)}
        with (
            servers.run_postgresql(home / "server") as server,
            servers.run_meilisearch(home / "engine") as engine,
            servers.make_database(server) as url,
            servers.make_database(server) as small_url,
        ):
            os.environ["PAIDFORBY_MEILISEARCH_KEY"] = engine.key
            figures["postgresql"] = measure_archive(
                home / "postgresql", url, small_url, engine.url, ads
            )
    sys.stdout.write(json.dumps({"ads": ads} | figures) + "\n")


if __name__ == "__main__":
    main()
