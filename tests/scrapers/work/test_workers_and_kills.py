"""Four workers share the partitions of a source, are killed and stalled, and collect each exactly once."""

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import pytest

from archive.models import Run, Source
from archive.models.runs import Outcome
from archive.runs.lease import WORKER_STOPPED
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.work.crawl.children import FORKS
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.due import find_due
from scrapers.work.plan.schedule import Schedule
from tests.scrapers.crawls import SLOW_SINGLE_ADS, TOKEN, Home, now, run_crawl_job

SOURCE = "meta_ad_library"
COUNTRIES = {"US": 17, "AU": 3, "BR": 2, "MX": 2}
"""Partitions, and the fictional ads each has; none is in two, where the run that began earlier may see it
later, and so adds to what is known of its past."""
ADS = 24
WORKERS = 4
LEASE_SECONDS = 2.5
PATIENCE_SECONDS = 200


@pytest.fixture
def home(archive_url, tmp_path):
    settings = Settings(
        home=tmp_path / "home",
        database_url=archive_url,
        of_sources=(MetaSettings(access_token=TOKEN, countries=list(COUNTRIES)),),
        meilisearch_url=None,
        lease_seconds=LEASE_SECONDS,
    )
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        session.add(Source(**find_spiders()[SOURCE].info.model_dump()))
    yield Home(settings, engine)
    engine.dispose()


@dataclass
class Crew:
    """Workers, each with one crawl at a time in a process of its own."""

    home: Home
    url: str
    processes: dict[int, object] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def find_due(self) -> list[CrawlJob]:
        schedule = Schedule(every="1d", base_url=f"{self.url}/{SOURCE}")
        return find_due(self.home.engine, self.home.settings, {SOURCE: schedule}, now())

    def is_through(self) -> bool:
        outcomes = {run.partition: run.outcome for run in self.home.runs()}
        return all(outcomes.get(country) == Outcome.DONE for country in COUNTRIES)

    def work(self, number: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_through():
            assert time.monotonic() < deadline, f"no end: {self.home.runs()}"
            due = self.find_due()
            if not due:
                time.sleep(0.2)
                continue
            # Two take the first and two the last: only the archive keeps them apart.
            crawl_job = due[-(number % 2)]
            process = FORKS.Process(target=run_crawl_job, args=(self.home.settings, crawl_job))
            with self.lock:
                process.start()
                self.processes[process.pid] = process
            process.join()

    def find_walking(self, least_pages: int) -> list[int]:
        """Processes whose walk has come so far."""
        pids = [
            int(run.worker.split("/")[1])
            for run in self.home.runs()
            if run.outcome == Outcome.RUNNING and run.pages >= least_pages
        ]
        with self.lock:
            return [pid for pid in pids if pid in self.processes and self.processes[pid].is_alive()]

    def disturb(self, kills: int, stalls: int, chance: random.Random) -> list[int]:
        """Kill and stall walks in a random order; gives the processes that were killed."""
        acts = ["kill"] * kills + ["stall"] * stalls
        chance.shuffle(acts)
        killed = []
        while acts and not self.is_through():
            # Every other one dies before its first page, so that there is something left for the last.
            walking = self.find_walking(least_pages=len(acts) % 2)
            if not walking:
                time.sleep(0.05)
                continue
            pid = chance.choice(walking)
            if acts.pop() == "kill":
                os.kill(pid, signal.SIGKILL)
                self.processes[pid].join()
                killed.append(pid)
            else:
                os.kill(pid, signal.SIGSTOP)
                time.sleep(LEASE_SECONDS * 1.5)
                os.kill(pid, signal.SIGCONT)
        return killed


@pytest.mark.parametrize(
    ("kills", "stalls"), [(6, 2), pytest.param(40, 10, marks=pytest.mark.slow)]
)
def test_every_partition_is_collected_once_and_every_gap_is_recorded(home, kills, stalls):
    with running_replica(faults=[SLOW_SINGLE_ADS]) as url, ThreadPoolExecutor(WORKERS) as pool:
        crew = Crew(home, url)
        workers = [pool.submit(crew.work, number) for number in range(WORKERS)]
        killed = crew.disturb(kills, stalls, random.Random(kills))
        for worker in workers:
            worker.result()
        left_over = crew.find_due()

    runs = home.runs()
    seen = Counter()
    for run in runs:
        seen[run.partition] += run.seen
    assert left_over == []
    assert Counter(run.partition for run in runs if run.outcome == Outcome.DONE) == Counter(
        list(COUNTRIES)
    )
    # Killed between its last page and its end, a walk is walked again: read twice, taken in once.
    assert all(seen[country] >= ads for country, ads in COUNTRIES.items())
    assert sum(run.new for run in runs) == ADS
    assert sum(run.changed for run in runs) == 0
    assert home.count("ads") == home.count("ad_versions") == ADS
    # A quick machine may be through before the last of them.
    assert len(killed) >= min(kills, 6) // 2
    gaps = {int(run.worker.split("/")[1]): run for run in runs if run.outcome == Outcome.FAILED}
    assert all(gaps[pid].reason == WORKER_STOPPED and gaps[pid].ended_at for pid in killed)
    assert {run.outcome for run in runs} == {Outcome.DONE, Outcome.FAILED}


def test_of_two_that_found_a_partition_due_the_later_one_has_nothing_to_do(home):
    with running_replica() as url:
        crew = Crew(home, url)
        crawl_job = next(each for each in crew.find_due() if each.partition == "AU")
        crawl_in_process(home, crawl_job)
        crawl_in_process(home, crawl_job)
    assert [(run.partition, run.outcome) for run in home.runs()] == [("AU", Outcome.DONE)]


def crawl_in_process(home: Home, crawl_job: CrawlJob) -> None:
    process = FORKS.Process(target=run_crawl_job, args=(home.settings, crawl_job))
    process.start()
    process.join()


def test_a_run_names_the_process_it_lives_in(home):
    with running_replica() as url:
        crawl_in_process(home, Crew(home, url).find_due()[0])
    run: Run = home.runs()[0]
    assert run.worker.split("/")[1] != str(os.getpid())
