"""The units of docs/run/systemd: what each starts, run as written, works and ends when it is told to."""

import configparser
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from archive.runs.crawling_stops import stop_crawling
from archive.store.database import create_archive_engine, write
from tests.invented import NOW
from tests.nginx import ROOT
from tests.served import ask
from tests.servers import find_free_port

UNITS = sorted((ROOT / "docs/run/systemd").glob("*.service"))
BINARIES = "/opt/paidforby/bin/"
SECONDS_TO_START = 180


def read_unit(name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(ROOT / "docs/run/systemd" / name)
    return dict(parser["Service"])


@pytest.fixture
def environ(archive_url: str, tmp_path: Path) -> dict[str, str]:
    """An archive in which nothing is fetched."""
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        stop_crawling(session, "test", "no source is asked", NOW)
    engine.dispose()
    told = {"PAIDFORBY_HOME": str(tmp_path), "PAIDFORBY_DATABASE_URL": archive_url}
    return {k: v for k, v in os.environ.items() if not k.startswith("PAIDFORBY_")} | told


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Runs the ExecStart of a unit, with this checkout in place of the installed program."""
    program = tmp_path / "bin/paidforby"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m paidforby "$@"\n')
    program.chmod(0o755)
    started = []

    def run(name: str, *more: str) -> subprocess.Popen[str]:
        written = read_unit(name)["ExecStart"].replace("%%", "%")
        placed = written.replace(BINARIES, f"{program.parent}/").replace("/var/", f"{tmp_path}/")
        process = subprocess.Popen(
            [*shlex.split(placed), *more],
            env=environ | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def await_true(holds: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def end(process: subprocess.Popen[str], name: str) -> None:
    process.terminate()
    told, _ = process.communicate(timeout=int(read_unit(name)["TimeoutStopSec"]))
    assert process.returncode in {0, -15}, told
    assert "Traceback" not in told


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_unit_runs_without_rights_in_a_home_of_its_own(unit):
    said = read_unit(unit.name)
    wanted = {"User": "paidforby", "UMask": "0077", "NoNewPrivileges": "yes"}
    assert said.items() >= wanted.items()
    assert said["ProtectSystem"] == "strict"
    assert said["StateDirectory"] == "paidforby"


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_the_site_answers(start):
    port = find_free_port()
    process = start("paidforby-site.service", "--port", str(port))
    await_true(lambda: ask(port, "/api/v1/health/ready") == 200, process)
    end(process, "paidforby-site.service")


@pytest.mark.parametrize(
    ("archive_url", "name", "at_work"),
    [
        ("sqlite", "paidforby-worker", "SELECT 1 FROM singleton_lease WHERE name = 'worker'"),
        (
            "postgresql",
            "paidforby-scheduler",
            "SELECT 1 FROM singleton_lease WHERE name = 'scheduler'",
        ),
        ("postgresql", "paidforby-queue@", "SELECT 1 FROM work_queue.procrastinate_workers"),
    ],
    indirect=["archive_url"],
)
def test_whoever_works_begins_and_ends_when_told(start, archive_url, name, at_work):
    engine = sqlalchemy.create_engine(archive_url)

    def is_at_work() -> bool:
        try:
            with engine.connect() as connection:
                return connection.exec_driver_sql(at_work).first() is not None
        except sqlalchemy.exc.ProgrammingError:
            return False  # the queue has no tables yet

    process = start(f"{name}.service")
    await_true(is_at_work, process)
    end(process, f"{name}.service")
    engine.dispose()


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_a_backup_is_taken(start, tmp_path):
    (tmp_path / "backups/paidforby").mkdir(parents=True)
    process = start("paidforby-backup.service")
    told, _ = process.communicate(timeout=SECONDS_TO_START)
    assert process.returncode == 0, told
    [manifest] = tmp_path.glob("backups/paidforby/*/manifest.json")
    assert json.loads(manifest.read_text())["tables"]["crawling_stop"] == 1
