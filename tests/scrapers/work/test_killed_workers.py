"""Real workers with their crawls are killed, as machines are; others collect each partition exactly once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pytest

from archive.models import Run, Source
from archive.models.runs import Outcome
from archive.runs.lease import WORKER_STOPPED
from archive.store.changes import last_change_seq, read_position
from archive.store.database import create_archive_engine, read, write
from config.settings import Settings
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.work.crawl.children import settings_environ
from scrapers.work.plan.due import find_due
from scrapers.work.plan.schedule import read_schedules
from search.engines import open_search
from tests.migrated import migrated_file
from tests.scrapers.crawls import SLOW_SINGLE_ADS, TOKEN, Home, now

SOURCE = "meta_ad_library"
ADS = {"US": 17, "AU": 3, "BR": 2, "MX": 2}
"""The fictional ads of each partition; none is in two."""
WORKERS = 4
KILLS = 40
LEASE_SECONDS = 1.0
PATIENCE_SECONDS = 900


@dataclass
class Cluster:
    """Machines that start a worker again whenever it has ended, however it ended."""

    home: Home
    workers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A machine's worker: it leads a group, in which is also what its crawls are forked from."""
        environ = os.environ | settings_environ(self.home.settings)
        command = [sys.executable, "-m", "paidforby", "worker", "--once"]
        with self.lock:
            worker = subprocess.Popen(
                command, env=environ, stdout=subprocess.DEVNULL, start_new_session=True
            )
            self.workers[worker.pid] = worker
        return worker

    def is_through(self) -> bool:
        done = {run.partition for run in self.home.runs() if run.outcome == Outcome.DONE}
        return done == set(self.home.settings.of(MetaSettings).countries)

    def is_anything_due(self) -> bool:
        settings = self.home.settings
        return bool(find_due(self.home.engine, settings, read_schedules(settings), now()))

    def work(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_through():
            assert time.monotonic() < deadline, f"no end: {self.home.runs()}"
            if self.is_anything_due():
                self.start_worker().wait()
            else:
                time.sleep(0.2)

    def find_walk(self, least_pages: int) -> Run | None:
        """A run under way that has come so far, the one least disturbed."""
        walks = [
            run
            for run in self.home.runs()
            if run.outcome == Outcome.RUNNING
            and run.pages >= least_pages
            and is_alive(read_pid(run))
        ]
        return walks[0] if walks else None

    def kill_machine(self, least_pages: int) -> int | None:
        """Kill a crawl and its worker in one moment; gives the crawl's process."""
        while not self.is_through():
            if walk := self.find_walk(least_pages):
                crawl = read_pid(walk)
                worker = find_parent(find_parent(crawl))
                with self.lock:
                    victims = [crawl, *({worker} & self.workers.keys())]
                for pid in victims:
                    with suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
                return crawl
            time.sleep(0.02)
        return None

    def kill_worker(self, chance: random.Random) -> None:
        """Kill any worker, whatever it is at; a crawl it started goes on alone."""
        with self.lock:
            alive = [pid for pid, worker in self.workers.items() if worker.poll() is None]
        if alive:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(alive), signal.SIGKILL)


def read_pid(run: Run) -> int:
    return int(run.worker.split("/")[1])


def read_status(pid: int) -> list[str]:
    """Fields of a process's status behind its name (proc(5)): its state, then its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", "0"]


def is_alive(pid: int) -> bool:
    return read_status(pid)[0] not in {"X", "Z"}


def find_parent(pid: int) -> int:
    return int(read_status(pid)[1])


@contextmanager
def running_cluster(database_url: str, folder: Path, countries: list[str]) -> Iterator[Cluster]:
    settings = Settings(
        home=folder / "home",
        database_url=database_url,
        of_sources=(MetaSettings(access_token=TOKEN, countries=countries),),
        meilisearch_url=None,
        lease_seconds=LEASE_SECONDS,
    )
    engine = create_archive_engine(database_url)
    with write(engine) as session:
        session.add(Source(**find_spiders()[SOURCE].info.model_dump()))
    with running_replica(faults=[SLOW_SINGLE_ADS]) as url:
        schedules = settings.home / "config" / "schedules"
        schedules.mkdir(parents=True)
        for source in find_spiders():
            (schedules / f"{source}.yaml").write_text("every: never\n")
        (schedules / f"{SOURCE}.yaml").write_text(f"every: 1d\nbase_url: {url}/{SOURCE}\n")
        yield Cluster(Home(settings, engine))
    engine.dispose()


def check_all_is_collected_once(home: Home, killed: list[int]) -> None:
    runs, countries = home.runs(), home.settings.of(MetaSettings).countries
    ads = sum(ADS[country] for country in countries)
    done = Counter(run.partition for run in runs if run.outcome == Outcome.DONE)
    assert done == Counter(countries)
    assert (sum(run.new for run in runs), sum(run.changed for run in runs)) == (ads, 0)
    assert home.count("ads") == home.count("ad_versions") == ads
    by_pid = {read_pid(run): run for run in runs}
    # One that was killed when all was written, before it had said goodbye, has ended well.
    failed = [by_pid[pid] for pid in killed if by_pid[pid].outcome != Outcome.DONE]
    assert {(run.outcome, run.reason) for run in failed} <= {(Outcome.FAILED, WORKER_STOPPED)}
    assert all(run.ended_at for run in runs)


def is_followed(home: Home) -> bool:
    consumers = ("oversight", open_search(home.settings, home.engine).consumer)
    with read(home.engine) as session:
        marks = [read_position(session, consumer) for consumer in consumers]
        return all(mark and mark.seq == last_change_seq(session) for mark in marks)


def test_a_machine_that_dies_in_a_walk_leaves_it_to_the_next_one(tmp_path):
    """On SQLite only: the sweep below, and the test of shared partitions, are on both."""
    url = f"sqlite:///{shutil.copy(migrated_file(), tmp_path / 'archive.sqlite3')}"
    with running_cluster(url, tmp_path, ["AU"]) as cluster:
        worker = cluster.start_worker()
        killed = cluster.kill_machine(least_pages=1)
        worker.wait()
        cluster.work()

        assert worker.returncode == -signal.SIGKILL
        check_all_is_collected_once(cluster.home, [killed])
        assert [run.outcome for run in cluster.home.runs()] == [Outcome.FAILED, Outcome.DONE]
        assert is_followed(cluster.home)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_forty_kills_leave_no_gap_and_no_double(archive_url, tmp_path, seed):
    chance, killed = random.Random(seed), []
    with (
        running_cluster(archive_url, tmp_path, list(ADS)) as cluster,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        machines = [pool.submit(cluster.work) for _ in range(WORKERS)]
        for number in range(KILLS):
            if chance.random() < 0.2:
                cluster.kill_worker(chance)
            # Most die before their first page, so that there is something left for the last of them.
            elif crawl := cluster.kill_machine(least_pages=1 if number % 5 == 4 else 0):
                killed.append(crawl)
        for machine in machines:
            machine.result()
        cluster.start_worker().wait()

        check_all_is_collected_once(cluster.home, killed)
        assert len(killed) > KILLS / 2
        assert is_followed(cluster.home)
