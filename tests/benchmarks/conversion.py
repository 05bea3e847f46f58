"""What a converted page of sums costs beside the plain one: `python -m tests.benchmarks.conversion`.

Prints one JSON line: for each question the milliseconds of the plain page, of the converted one and of the
first converted one of the process, and how many times the plain page the converted one took. Pages take
turns, so that both meet the same machine; figures are medians. The ads are in four currencies, ran one day to
five years, a third of them without an end; a second run saw nine of ten unmoved.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, SourceInfo, SourceKind
from archive.runs.lease import begin_run, end_run
from archive.store.database import write
from archive.store.setup import init_archive
from config.settings import Settings

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = 5_000
SOURCE = SourceInfo(
    id="example",
    title="Example political ads file",
    publisher="Example (an invented platform)",
    kind=SourceKind.ADS,
    homepage="https://example.org/ads",
    documentation="https://example.org/ads/about",
    licence="not stated",
    access="robots: obey",
    partition_unit="a year's file",
    seconds_between_requests=1,
)
PLAIN = ("by=payer", "by=country", "by=advertiser&platform=examplatform")


def invent_ads(ads: int) -> Iterator[AdRecord]:
    """Ads of many runs, amounts and payers."""
    dice = Random(7)
    for number in range(ads):
        started_on = date(2026, 2, 1) - timedelta(days=dice.randrange(3_000))
        days = dice.choice((1, 20, 400, 1_800))
        ended_on = min(started_on + timedelta(days=dice.randrange(days)), date(2026, 2, 20))
        spent = dice.randrange(10_000_00)
        payer = dice.randrange(1 + ads // 20)
        yield AdRecord(
            ref=f"a{number}",
            platform="examplatform",
            advertiser_ref=str(payer),
            advertiser_name=f"Advertiser {payer}",
            payer_name=f"Payer {payer}",
            countries=[dice.choice(("GR", "SE", "US"))],
            declared_political=True,
            started_on=started_on,
            ended_on=None if number % 3 == 0 else ended_on,
            currency=dice.choice(("EUR", "USD", "GBP", "SEK")),
            spend_lower_minor=spent,
            spend_upper_minor=spent + dice.choice((0, 99_00)),
        )


def fill_archive(engine: Engine, ads: int) -> None:
    """All ads, and nine of ten of them again a week later."""
    records = list(invent_ads(ads))
    for day, some in ((0, records), (7, records[: ads * 9 // 10])):
        now = START + timedelta(days=day)
        with write(engine) as session:
            lease = begin_run(session, SOURCE.id, "2026", RunKind.CRAWL, now)
            for begin in range(0, len(some), PAGE):
                ingest_page(session, lease, some[begin : begin + PAGE], None, now)
            end_run(session, lease, Outcome.DONE, now)


def measure_page(client: TestClient, asked: str, rounds: int) -> dict[str, float]:
    """The two pages in turns; the plain one has been asked once before."""
    addresses = {"plain": f"/spend?{asked}", "converted": f"/spend?{asked}&convert_to=EUR"}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(rounds + 1):
        for name, address in addresses.items():
            started = time.perf_counter()
            client.get(address).raise_for_status()
            times[name].append(1000 * (time.perf_counter() - started))
    medians = {name: statistics.median(of_page[1:]) for name, of_page in times.items()}
    figures = medians | {"first_converted": times["converted"][0]}
    ratio = round(medians["converted"] / medians["plain"], 2)
    return {name: round(ms, 1) for name, ms in figures.items()} | {"ratio": ratio}


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        settings = Settings(home=Path(folder), database_url=None, meilisearch_url=None)
        engine = init_archive(settings, [SOURCE])
        fill_archive(engine, given.ads)
        with TestClient(create_app(settings), base_url="http://localhost") as client:
            figures = {asked: measure_page(client, asked, given.rounds) for asked in PLAIN}
        engine.dispose()
    sys.stdout.write(json.dumps({"ads": given.ads} | figures) + "\n")


if __name__ == "__main__":
    main()
