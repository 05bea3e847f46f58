"""The whole walk on invented data: the replica, the real spiders, the rules, the search, the site.

`make demo` calls it. It touches no home that it did not make itself, except to crawl into it like any
other crawl, and goes to no source outside this machine.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Annotated, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import typer
from scrapy.utils.misc import load_object
from sqlalchemy import Engine

from archive.listening import listen
from archive.models import Run
from archive.models.media import MediaState
from archive.runs.lease import last_runs
from archive.store.database import read, write
from archive.store.disk import make_private_folder
from archive.store.realm import claim_realm
from archive.terminal import note, plain_errors, say, utc_now
from config.counts import write_count
from config.settings import DeploymentKind, Realm, Settings, SourceSettings
from scrapers.commands.opening import open_or_init
from scrapers.demo.case import decide_one_ad
from scrapers.demo.summary import tell_archive
from scrapers.media.collecting import MediaOrder, fetch_media
from scrapers.media.machine_text import read_kept
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.serve import running_replica
from scrapers.sources.spider import SourceSpider
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import crawl_in_child, settings_environ
from scrapers.work.crawl.progress import shown_progress
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.plan.crawl_job import CrawlJob

DEMO_HOME = Path("var/demo")
MARKER = "made-by-paidforby-demo"
DAYS = (1, 2)
CRAWLS_AT_ONCE = 2
PICTURES_READ = 3
"""A day; the worker would read the others too, and nobody wants to wait for that here."""
HOST, PORT = "127.0.0.1", 8000


def demo(
    serve: Annotated[bool, typer.Option(help="Serve the site when everything is in.")] = True,
) -> None:
    """The whole walk on invented data; the site stays up until you press Ctrl-C.

    Example: paidforby demo --serve
    """
    settings = make_demo_settings(Settings())
    if serve:
        # Nobody wants to hear of it when everything is in.
        listen(HOST, PORT, "free it, or type: paidforby demo --no-serve").close()
    started = monotonic()
    with plain_errors():
        prepare_home(settings)
        engine = open_or_init(settings)
        with write(engine) as session:
            claim_realm(session, Realm.FICTIONAL)
        crawl_days(settings, engine)
        follow_changes(settings, engine, utc_now, index=False)
        case = decide_one_ad(settings, engine, utc_now)
        follow_changes(settings, engine, utc_now, evaluate=False, copies=True)
        for line in tell_archive(settings, engine, case, utc_now()):
            say(line)
    say(f"made in {monotonic() - started:.0f} s at {settings.home}; everything in it is invented")
    engine.dispose()
    _serve_or_leave(settings, serve=serve)


def make_demo_settings(settings: Settings) -> Settings:
    """The operator's settings, with what makes a demo of them."""
    home = settings.home if "PAIDFORBY_HOME" in os.environ else DEMO_HOME
    return settings.model_copy(
        update={
            "home": home,
            "deployment_kind": DeploymentKind.DEMO,
            "operator_name": "the demo (invented data)",
            "of_sources": tuple(read_own_settings()),
        }
    )


def read_own_settings() -> Iterator[SourceSettings]:
    """What the replica wants to be shown and asked, source by source: `settings.json` of its fixtures.

    Sources that share their settings each say what is theirs.
    """
    said: dict[type[SourceSettings], dict[str, Any]] = {}
    for source, spider in find_spiders().items():
        file = FIXTURES / source / "settings.json"
        if spider.settings_type and file.exists():
            said.setdefault(spider.settings_type, {}).update(json.loads(file.read_text("utf-8")))
    for kind, values in said.items():
        yield kind(**values)


def prepare_home(settings: Settings) -> None:
    """An empty home, if it is one that an earlier demo made; any other is left as it is.

    A database of its own is not emptied, so its evidence in the home stays too.
    """
    marker = settings.home / MARKER
    if marker.exists() and settings.database_url is None:
        shutil.rmtree(settings.home)
    is_empty = not settings.home.exists() or not any(settings.home.iterdir())
    make_private_folder(settings.home)
    if is_empty:
        marker.write_text("The next demo empties this folder.\n")


def crawl_days(settings: Settings, engine: Engine) -> None:
    """Crawl the replica as it was on each day, so that there is something that changed.

    An archive that knows the later day already is shown only that: going back would look like news.
    """
    with read(engine) as session:
        days = DAYS[-1:] if last_runs(session) else DAYS
    for day in days:
        with running_replica(day=day) as url:
            crawl_jobs = list(list_crawl_jobs(settings, url, utc_now().date()))
            note(
                f"day {day}: crawling {write_count(len(crawl_jobs), 'partition')} of the invented sources"
            )
            _crawl_all(settings, engine, crawl_jobs, day)
            _keep_media(settings, engine, url, day)


def _keep_media(settings: Settings, engine: Engine, url: str, day: int) -> None:
    """Fetch what the ads' addresses hold, where their sources' terms allow."""
    order = MediaOrder(base_url=f"{url}/media")
    runs = list(fetch_media(settings, engine, utc_now, order))
    kept = sum(lease.outcome.state == MediaState.KEPT for lease in runs)
    words_read = read_kept(settings, engine, utc_now, PICTURES_READ)
    note(
        f"day {day}: {write_count(len(runs), 'address', 'addresses')} of pictures and videos asked for, "
        f"{kept} kept; "
        f"a machine read words in {words_read} of them"
    )


def list_crawl_jobs(settings: Settings, url: str, today: date) -> Iterator[CrawlJob]:
    """Every partition of every source that the replica has something for."""
    for source, spider in find_spiders().items():
        base_url = f"{url}/{source}"
        for partition in spider.list_partitions(settings, today):
            if is_served(settings, spider, partition, base_url):
                yield CrawlJob(source, partition, base_url)


def is_served(
    settings: Settings, spider: type[SourceSpider], partition: str, base_url: str
) -> bool:
    """Whether the replica knows what a partition begins with; any answer but 404 says so."""
    crawler = load_object(spider.crawler_path)
    first = next(iter(crawler(spider, settings, partition, None, base_url).requests()))
    try:
        with build_opener(ProxyHandler({})).open(Request(first.url, method="HEAD"), timeout=10):  # noqa: S310 (our own replica)
            return True
    except HTTPError as error:
        return error.code != 404


def _crawl_all(settings: Settings, engine: Engine, crawl_jobs: list[CrawlJob], day: int) -> None:
    """Crawl, each partition in a child, with a line for each source."""

    def crawl(crawl_job: CrawlJob) -> Run | None:
        return crawl_in_child(settings, engine, crawl_job, utc_now)

    places = [(crawl_job.source, crawl_job.partition) for crawl_job in crawl_jobs]
    with shown_progress(engine, places), ThreadPoolExecutor(CRAWLS_AT_ONCE) as pool:
        ended = zip(crawl_jobs, pool.map(crawl, crawl_jobs), strict=True)
        for source, pairs in groupby(ended, key=lambda pair: pair[0].source):
            note(f"day {day}: {tell_source(source, [run for _, run in pairs])}")


def tell_source(source: str, runs: list[Run | None]) -> str:
    """The runs of a source's partitions as one line."""
    width = max(map(len, find_spiders()))
    begun = [run for run in runs if run]
    outcomes = ", ".join(sorted({run.outcome for run in begun}) or ["not begun"])
    sums = {
        name: sum(getattr(run, name) for run in begun)
        for name in ("seen", "new", "changed", "vanished", "quarantined")
    }
    return (
        f"{source:<{width}} {len(runs):>2} crawled: {write_count(sums['seen'], 'record')}, "
        f"{sums['new']} new, {sums['changed']} changed, {sums['vanished']} vanished, "
        f"{sums['quarantined']} quarantined; {outcomes}"
    )


def _serve_or_leave(settings: Settings, *, serve: bool) -> None:
    """Become the server, if wanted: this process ends where that one begins."""
    command = f"PAIDFORBY_HOME={settings.home} {name_own_command()}"
    if not serve:
        say(f'next: {command} serve, or: {command} search "climate"')
        return
    say(f'next: http://{HOST}:{PORT} in a browser, or: {command} search "climate"')
    sys.stdout.flush()
    server = [sys.executable, "-m", "paidforby", "serve", "--host", HOST, "--port", str(PORT)]
    os.execve(sys.executable, server, os.environ | settings_environ(settings))  # noqa: S606 (our own command)


def name_own_command() -> str:
    """This command as it can be typed here: on the PATH by its name, else by the path it was called by."""
    name = "paidforby"
    return name if shutil.which(name) else sys.argv[0]
