"""Real processes with their crawls are killed, as machines are; others collect each partition exactly once.

Several workers side by side, of which one schedules; and workers of a queue with the scheduler that fills it.
"""

import os
import random
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
from threading import Event, Lock

import pytest

from archive.models import Run, Source
from archive.models.runs import Outcome
from archive.runs.lease import WORKER_STOPPED
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.work.crawl.children import settings_environ
from tests.scrapers.crawls import SLOW_SINGLE_ADS, TOKEN, Home, is_followed

SOURCE = "meta_ad_library"
ADS = {"US": 17, "AU": 3, "BR": 2, "MX": 2}
"""The fictional ads of each partition; none is in two."""
WORKERS = 4
KILLS = 40
LEASE_SECONDS = 6.0
"""Short, so that the dead are replaced soon; longer than a busy machine takes for a tick."""
PATIENCE_SECONDS = 900

Command = tuple[str, ...]
WITHOUT_QUEUE: list[Command] = [("worker",)] * WORKERS
WITH_QUEUE: list[Command] = [("scheduler",), *[("worker", "--queue")] * (WORKERS - 1)]


@dataclass
class Cluster:
    """Machines that start their process again whenever it has ended, however it ended."""

    home: Home
    workers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    is_over: Event = field(default_factory=Event)

    def start(self, command: Command) -> subprocess.Popen[bytes]:
        """A machine's process: it leads a group, in which is also what its crawls are forked from."""
        environ = os.environ | settings_environ(self.home.settings)
        with self.lock:
            worker = subprocess.Popen(
                [sys.executable, "-m", "paidforby", *command],
                env=environ,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.workers[worker.pid] = worker
        return worker

    def is_through(self) -> bool:
        done = {run.partition for run in self.home.runs() if run.outcome == Outcome.DONE}
        return done == set(self.home.settings.of(MetaSettings).countries)

    @contextmanager
    def running(self, commands: list[Command]) -> Iterator[None]:
        """Machines at work until all is collected, then told to end."""
        with ThreadPoolExecutor(len(commands)) as machines:
            for command in commands:
                machines.submit(self.keep_up, command)
            try:
                yield
                deadline = time.monotonic() + PATIENCE_SECONDS
                while not self.is_through():
                    assert time.monotonic() < deadline, f"no end: {self.home.runs()}"
                    time.sleep(0.2)
            finally:
                self.is_over.set()
                for worker in self.list_alive():
                    worker.terminate()

    def keep_up(self, command: Command) -> None:
        while not self.is_over.is_set():
            worker = self.start(command)
            if self.is_over.is_set():
                worker.terminate()
            worker.wait()

    def list_alive(self) -> list[subprocess.Popen[bytes]]:
        with self.lock:
            return [worker for worker in self.workers.values() if worker.poll() is None]

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
                    # A worker that saw its crawl die would close the run itself.
                    victims = [*({worker} & self.workers.keys()), crawl]
                for pid in victims:
                    with suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
                return crawl
            time.sleep(0.02)
        return None

    def kill_worker(self, chance: random.Random) -> None:
        """Kill any process, whatever it is at; crawls it started go on alone."""
        if alive := self.list_alive():
            chance.choice(alive).kill()


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


@pytest.mark.parametrize(
    ("archive_url", "command"), [("sqlite", ("worker", "--once"))], indirect=["archive_url"]
)
@pytest.mark.slow
def test_a_machine_that_dies_in_a_walk_leaves_it_to_the_next_one(archive_url, tmp_path, command):
    """On SQLite only: the sweep below, and the test of shared partitions, are on both."""
    with running_cluster(archive_url, tmp_path, ["AU"]) as cluster:
        worker = cluster.start(command)
        killed = cluster.kill_machine(least_pages=1)
        worker.wait()
        while not cluster.is_through():
            cluster.home.command(*command)

        assert worker.returncode == -signal.SIGKILL
        check_all_is_collected_once(cluster.home, [killed])
        assert [run.outcome for run in cluster.home.runs()] == [Outcome.FAILED, Outcome.DONE]
        assert is_followed(cluster.home)


@pytest.mark.parametrize(
    ("archive_url", "commands"),
    [
        pytest.param("sqlite", WITHOUT_QUEUE[:2], marks=pytest.mark.slow),
        ("postgresql", WITH_QUEUE[:3]),
    ],
    indirect=["archive_url"],
)
def test_a_machine_that_dies_among_others_leaves_its_walk_to_them(archive_url, tmp_path, commands):
    with running_cluster(archive_url, tmp_path, ["AU", "BR"]) as cluster:
        with cluster.running(commands):
            killed = cluster.kill_machine(least_pages=1)
        cluster.home.command(*commands[-1], "--once")

        check_all_is_collected_once(cluster.home, [killed])
        assert is_followed(cluster.home)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("archive_url", "commands"),
    [("sqlite", WITHOUT_QUEUE), ("postgresql", WITHOUT_QUEUE), ("postgresql", WITH_QUEUE)],
    indirect=["archive_url"],
)
def test_forty_kills_leave_no_gap_and_no_double(archive_url, tmp_path, commands, seed):
    chance, killed = random.Random(seed), []
    with running_cluster(archive_url, tmp_path, list(ADS)) as cluster:
        with cluster.running(commands):
            for number in range(KILLS):
                if chance.random() < 0.2:
                    cluster.kill_worker(chance)
                # Most die before their first page, so that there is something left for the last of them.
                elif crawl := cluster.kill_machine(least_pages=1 if number % 5 == 4 else 0):
                    killed.append(crawl)
        cluster.home.command(*commands[-1], "--once")

        check_all_is_collected_once(cluster.home, killed)
        assert len(killed) > KILLS / 2
        assert is_followed(cluster.home)
