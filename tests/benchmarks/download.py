"""Memory and time of a large download: `python -m tests.benchmarks.download --megabytes 512`.

Prints one JSON line. `rss_mb`: by how much the peak memory of a process rises while its spooling
handler fetches the body, above what it held just before. `wall_ratio`: its time, hash and fsync
included, by that of Scrapy's own handler whose body is then written to a file. The two take turns, each
in a fresh process; the figures are medians of the rounds.
"""

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

from archive.records import SourceInfo, SourceKind
from archive.runs.lease import RunLease
from archive.store.blobs import BlobStore
from archive.store.database import create_archive_engine
from archive.store.outages import Patience
from config.settings import Settings
from scrapers.fetching.partition_spider import FileSpider
from scrapers.fetching.spooled import SpooledResponse
from scrapers.fetching.walk import Walk, WalkCrawler
from scrapers.intake.pages import Intake
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading
from scrapers.sources.spider import SourceSpider
from scrapers.work.crawl.crawling import build_settings

STOCK = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
MEGABYTE = 1 << 20
BLOCK = bytes(range(256)) * (MEGABYTE // 256)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Figures:
    """What one process measured of its download."""

    seconds: float
    rss_mb: float
    sha256: str


class BodySpider(SourceSpider):
    """One body; nothing of it is read."""

    info = SourceInfo(
        id="body",
        title="A body",
        publisher="Nobody",
        kind=SourceKind.ADS,
        homepage="https://body.example",
        documentation="https://body.example",
        licence="none",
        access="robots: obey",
        partition_unit="the body",
        seconds_between_requests=1,
        plausible_spend_minor=1,
    )
    base_url = "https://body.example"
    crawler_path = f"{__name__}.MeasuringSpider"

    @classmethod
    def list_partitions(cls, _settings: Settings, today: date) -> list[str]:
        return ["all"]

    @classmethod
    def list_files(cls, _settings: Settings, _partition: str, address: str) -> list[str]:
        return [address]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        raise NotImplementedError


class MeasuringSpider(FileSpider):
    """Takes the time and the memory of the download."""

    figures: Figures | None = None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.held_mb = read_memory_mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here (proc(5))
        self.started = time.perf_counter()
        for request in self.requests():
            yield request

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:
        if isinstance(response, SpooledResponse):
            path, sha256 = response.part.path, response.part.sha256
        else:
            path, sha256 = self.archive_settings.home / "body", ""
            path.write_bytes(response.body)
        seconds = time.perf_counter() - self.started
        rss_mb = read_memory_mb("VmHWM") - self.held_mb
        self.figures = Figures(seconds, rss_mb, sha256 or hash_file(path))
        yield from ()


def read_memory_mb(field: str) -> float:
    """This process's memory, now (`VmRSS`) or at its peak (`VmHWM`)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure_download(url: str, handler: str | None) -> Figures:
    """One download in this process, by Scrapy's handler or, with `None`, by ours."""
    logging.disable()  # Scrapy's report of its settings
    with TemporaryDirectory(prefix="paidforby-benchmark-") as home:
        settings = Settings(home=Path(home))
        blobs = BlobStore(settings.blobs_dir)
        lease = RunLease(1, "body", "all", 1, NOON, is_sweep=True)
        engine = create_archive_engine(settings.resolved_database_url)
        intake = Intake(engine, blobs, lease, lambda: NOON, Patience(0))
        options = build_settings(settings, BodySpider.info, url)
        options |= {"DOWNLOADER_MIDDLEWARES": {}, "ITEM_PIPELINES": {}, "ROBOTSTXT_OBEY": False}
        if handler:
            options["DOWNLOAD_HANDLERS"] = {"http": handler}
        crawler = WalkCrawler(Walk(BodySpider, url, intake), options)
        process = AsyncCrawlerProcess({"LOG_ENABLED": False})
        process.crawl(crawler, BodySpider, settings, "all", None, url)
        process.start()
    if not isinstance(crawler.spider, MeasuringSpider) or crawler.spider.figures is None:
        raise RuntimeError("the download failed")
    return crawler.spider.figures


def run_server(sender: Connection, megabytes: int) -> None:
    """Serve a body of so many megabytes on a loopback port, which is sent to the parent."""

    class Body(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(megabytes * MEGABYTE))
            self.send_header("ETag", '"1"')
            self.end_headers()
            for _ in range(megabytes):
                self.wfile.write(BLOCK)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Body)
    sender.send(server.server_port)
    server.serve_forever()


@contextmanager
def serving_body(megabytes: int) -> Iterator[str]:
    """A server in a process of its own; gives the body's address."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=run_server, args=(sender, megabytes), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}/body.zip"
    finally:
        process.terminate()
        process.join()


def measure_rounds(megabytes: int, rounds: int) -> dict[str, float]:
    """The figures of both handlers in turns.

    Raises:
        ValueError: if a body did not arrive as it was sent.
    """
    expected = hashlib.sha256()
    for _ in range(megabytes):
        expected.update(BLOCK)
    spooled: list[Figures] = []
    ratios: list[float] = []
    spawn = multiprocessing.get_context("spawn")
    with (
        serving_body(megabytes) as url,
        ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool,
    ):
        for _ in range(rounds):
            stock = pool.submit(measure_download, url, STOCK).result()
            ours = pool.submit(measure_download, url, None).result()
            if {stock.sha256, ours.sha256} != {expected.hexdigest()}:
                raise ValueError("the body did not arrive as it was sent")
            spooled.append(ours)
            ratios.append(ours.seconds / stock.seconds)
            sys.stderr.write(
                f"stock {stock.seconds:.2f} s, +{stock.rss_mb:.0f} MB; "
                f"spooled {ours.seconds:.2f} s, +{ours.rss_mb:.0f} MB\n"
            )
    return {
        "rss_mb": round(statistics.median(figures.rss_mb for figures in spooled), 1),
        "wall_ratio": round(statistics.median(ratios), 2),
    }


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    sys.stdout.write(json.dumps(measure_rounds(given.megabytes, given.rounds)) + "\n")


if __name__ == "__main__":
    main()
