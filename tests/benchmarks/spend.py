"""How long sums of money take: `python -m tests.benchmarks.spend --ads 20000`.

The archive is invented: three runs over every ad, the last of which moves a tenth, and a year of small runs.
Prints one JSON line. `axis_ratio`: the HTTP answer, coverage included, when nothing was kept, by a statement
for DuckDB written by hand over the same files, both asked in turn; medians. `first_ms`: the very first answer
to each question. `p95_ms`: of 8 clients who ask 20 questions again and again. `equal_groups`: the share of
questions to which the archive itself gives the same groups. `rss_mb`: the most that a process took that
answered, clients and statements by hand included.
"""

import argparse
import http.client
import json
import multiprocessing
import resource
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import uvicorn

from api.app import create_app
from api.questions import SpendQuestion, read_question
from archive.exports.mirror import find_folder, sync_mirror
from archive.exports.mirror.manifest import require_manifest
from archive.exports.mirror.querying import open_files
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import NOW
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.spending import summarise_spending
from archive.store.database import open_archive, read, write
from archive.store.setup import init_archive
from config.settings import Settings
from tests import servers
from tests.benchmarks.ingest import declare_source, invent_values

PAGE = 5_000
FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)
ASKED_ON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PERIOD = {"from": "2025-06-01", "to": "2026-02-20"}
ROUNDS, CLIENTS = 5, 8
SHORT_MS = 100

SUMS = (
    "sum(spend_lower_minor), sum(spend_upper_minor), count(*), count(spend_lower_minor), "
    "count(spend_upper_minor)"
)
BY_HAND = f"SELECT {{key}}, currency, source, {SUMS} FROM public_ad WHERE is_visible_by_default GROUP BY ALL"
WINDOWS_BY_HAND = """
WITH ad AS (
    SELECT {key} AS key, currency, source, step_on, least, most, unnest({first_days}) AS first_day
    FROM public_ad JOIN spend_curve USING (id)
    WHERE is_visible_by_default AND start_on <= DATE '2026-02-20'
        AND coalesce(end_on >= DATE '2025-06-01', true)
), looked AS (
    SELECT key, first_day, currency, source, least, most,
        len(list_filter(step_on, lambda step: step < greatest(first_day, DATE '2025-06-01'))) AS before,
        len(list_filter(step_on, lambda step: step <= least({last_day}, DATE '2026-02-20'))) AS by_end
    FROM ad
), held AS (
    SELECT key, first_day, currency, source, least[by_end] AS least, most[by_end] AS most,
        CASE WHEN before = 0 THEN 0 ELSE least[before] END AS least_before,
        CASE WHEN before = 0 THEN 0 ELSE most[before] END AS most_before
    FROM looked
)
SELECT key, first_day, currency, source, count(*), count(least), count(most), sum(most - least_before),
    sum(CASE WHEN most_before IS NULL THEN 0 ELSE greatest(0, least - most_before) END)
FROM held GROUP BY ALL
"""
SPLIT = (
    "generate_series(date_trunc('{by}', greatest(start_on, DATE '2025-06-01'))::TIMESTAMP, "
    "least(end_on, DATE '2026-02-20')::TIMESTAMP, INTERVAL 1 {by})"
)
COUNTRY = "CASE json_array_length(countries) WHEN 0 THEN NULL WHEN 1 THEN countries ->> 0 ELSE 'several' END"
KEYS = {
    "payer": "payer_name",
    "advertiser": "advertiser_id",
    "platform": "platform",
    "country": COUNTRY,
}


def split_by_hand(by: str) -> str:
    """Ads over the weeks or months of the period."""
    last = f"(first_day + INTERVAL 1 {by} - INTERVAL 1 day)::DATE"
    return WINDOWS_BY_HAND.format(key="NULL", first_days=SPLIT.format(by=by), last_day=last)


def bound_by_hand(key: str) -> str:
    """Ads over the whole period."""
    whole = "[DATE '2025-06-01']"
    return WINDOWS_BY_HAND.format(key=key, first_days=whole, last_day="DATE '2026-02-20'")


AXES: dict[str, tuple[dict[str, str], str]] = {
    "all": ({}, BY_HAND.format(key="NULL")),
    **{by: ({"by": by}, BY_HAND.format(key=key)) for by, key in KEYS.items()},
    **{f"{by}_period": ({"by": by, **PERIOD}, bound_by_hand(key)) for by, key in KEYS.items()},
    **{by: ({"by": by, **PERIOD}, split_by_hand(by)) for by in ("month", "week")},
}
"""Each question as an address asks it, and as a statement by hand."""

AGAIN = [asked | extra for asked, _ in AXES.values() for extra in ({}, {"currency": "USD"})][:20]


def invent_ad(number: int, *, moved: bool) -> AdRecord:
    """An ad of an advertiser with one currency; some have no end, no payer or an open range."""
    values = invent_values(number, 0, reworded=False, moved=moved and number % 10 == 0)
    started_on = date(2025, 1, 1) + timedelta(days=number * 7 % 370)
    return AdRecord(
        **values
        | {
            "currency": ("USD", "EUR", "GBP", None)[int(values["advertiser_ref"]) % 29 % 4],
            "started_on": started_on,
            "started_at": None,
            "ended_on": started_on + timedelta(days=number % 90) if number % 3 else None,
            "spend_upper_minor": values["spend_upper_minor"] if number % 50 else None,
            "payer_name": values["payer_name"] if number % 20 else None,
            "countries": [["US"], ["DE"], ["FR"], ["US", "CA"]][number % 11 % 4],
        }
    )


def fill_archive(settings: Settings, ads: int) -> None:
    """Three runs over all ads and a year of small ones; then the mirror is brought up."""
    engine = init_archive(settings, [])
    declare_source(engine)
    for number in range(365):
        at = FIRST - timedelta(days=400 - number)
        with write(engine) as session:
            lease = begin_run(session, "example", "small", RunKind.CRAWL, at)
            end_run(session, lease, Outcome.DONE, at + timedelta(minutes=1))
    for number in range(3):
        at = FIRST + timedelta(days=30 * number)
        with write(engine) as session:
            lease = begin_run(session, "example", "all", RunKind.CRAWL, at)
        for begin in range(0, ads, PAGE):
            page = [invent_ad(n, moved=number == 2) for n in range(begin, min(begin + PAGE, ads))]
            with write(engine) as session:
                ingest_page(session, lease, page, None, at)
        with write(engine) as session:
            end_run(session, lease, Outcome.DONE, at + timedelta(hours=1), complete=True)
    sync_mirror(engine, find_folder(settings), ASKED_ON)
    engine.dispose()


class Site:
    """The site on a port of this machine, whose clock stands where it is put."""

    def __init__(self, settings: Settings) -> None:
        self.now = ASKED_ON
        app = create_app(settings, now=lambda: self.now)
        self.port = servers.find_free_port()
        config = uvicorn.Config(app, port=self.port, log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.05)

    def forget(self) -> None:
        """The next day, when no answer is kept any more; nobody has asked too often on it yet."""
        self.now += timedelta(days=1)

    def ask(self, asked: dict[str, str]) -> tuple[float, Any]:
        """Milliseconds until the whole answer was there, and the answer."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("GET", f"/api/v1/spend?{urlencode(asked)}")
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        if answer.status != http.client.OK:
            raise RuntimeError(body.decode())
        return took, body

    def stop(self) -> None:
        """Let the server go."""
        self.server.should_exit = True
        self.thread.join()


def measure_site(settings: Settings) -> dict[str, Any]:
    """All figures of one archive."""
    site = Site(settings)
    try:
        first = {name: site.ask(asked)[0] for name, (asked, _) in AXES.items()}
        pairs = {name: measure_axis(settings, site, name) for name in AXES}
        again = measure_again(site)
    finally:
        site.stop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "axis_ratio": {name: round(ours / by_hand, 2) for name, (ours, by_hand) in pairs.items()},
        "unkept_ms": {name: round(ours) for name, (ours, _) in pairs.items()},
        "missed": [n for n, (ms, by_hand) in pairs.items() if ms > max(SHORT_MS, 1.5 * by_hand)],
        "first_ms": {name: round(ms) for name, ms in first.items()},
        "p95_ms": round(again),
        "rss_mb": peak,
    }


def measure_axis(settings: Settings, site: Site, name: str) -> tuple[float, float]:
    """Medians in milliseconds of the answer, kept by nobody, and of the statement by hand."""
    asked, statement = AXES[name]
    folder = find_folder(settings)
    ours, by_hand = [], []
    with open_files(folder, require_manifest(folder)).connect() as connection:
        for _ in range(ROUNDS):
            site.forget()
            ours.append(site.ask(asked)[0])
            began = time.perf_counter()
            connection.exec_driver_sql(statement).fetchall()
            by_hand.append((time.perf_counter() - began) * 1000)
    return statistics.median(ours), statistics.median(by_hand)


def measure_again(site: Site) -> float:
    """The slowest but 5 % of answers, in milliseconds, to clients who all ask what was asked before."""
    site.forget()
    for asked in AGAIN:
        site.ask(asked)

    def ask_all(client: int) -> list[float]:
        turned = AGAIN[client:] + AGAIN[:client]
        return [site.ask(asked)[0] for asked in turned]

    with ThreadPoolExecutor(CLIENTS) as clients:
        times = sorted(ms for one in clients.map(ask_all, range(CLIENTS)) for ms in one)
    return times[int(len(times) * 0.95)]


def compare_groups(settings: Settings) -> float:
    """The share of questions to which archive and site give the same groups."""
    engine = open_archive(settings)
    site = Site(settings)
    equal = []
    try:
        for asked, _ in AXES.values():
            found = json.loads(site.ask(asked)[1])
            query = read_question(SpendQuestion, asked).build_query(NOW, ASKED_ON.date())
            with read(engine) as session:
                groups = summarise_spending(session, query).model_dump(mode="json")["groups"]
            equal.append(found["route"] == "mirror" and found["groups"] == groups)
    finally:
        site.stop()
    return sum(equal) / len(equal)


def measure_archive(home: Path, url: str | None, ads: int) -> dict[str, Any]:
    """Fill one archive and measure it, each in a process of its own."""
    settings = Settings(home=home, database_url=url, meilisearch_url=None)
    steps = []
    for step, given in (
        (fill_archive, (settings, ads)),
        (measure_site, (settings,)),
        (compare_groups, (settings,)),
    ):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            steps.append(pool.apply(step, given))
    return steps[1] | {"equal_groups": steps[2]}


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=20_000)
    ads = parser.parse_args().ads
    with (
        TemporaryDirectory(prefix="paidforby-benchmark-") as folder,
        servers.run_postgresql(Path(folder)) as server,
        servers.make_database(server) as url,
    ):
        measured = {
            name: measure_archive(Path(folder) / name, address, ads)
            for name, address in (("sqlite", None), ("postgresql", url))
        }
    figures = {
        "ads": ads,
        "equal_groups": min(one["equal_groups"] for one in measured.values()),
        "rss_mb": max(one["rss_mb"] for one in measured.values()),
    }
    names = ("axis_ratio", "missed", "unkept_ms", "first_ms", "p95_ms")
    figures |= {name: {engine: one[name] for engine, one in measured.items()} for name in names}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
