"""Every command of docs/run is typed here, in an archive that is well, and ends as the page says.

The number behind `#` is the exit code when all is well; in the table of docs/run/README.md the column `0`.
Lines that are not ours (`systemctl`, `curl`) are not typed.
"""

import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.runs.workers import note_worker
from archive.store.database import create_archive_engine, write
from archive.terminal import utc_now
from scrapers.replica.serve import running_replica
from tests.commands import run_paidforby
from tests.nginx import ROOT

RUN = ROOT / "docs/run"
BACKUP = "2026-11-30T020000Z"


def list_blocks() -> list[tuple[str, list[str]]]:
    """Each section with commands of ours, and its lines."""
    found = []
    for file in ("runbooks.md", "keeping.md"):
        for section in re.split(r"^#+ ", (RUN / file).read_text(), flags=re.MULTILINE)[1:]:
            lines = [
                line
                for block in re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
                for line in block.splitlines()
            ]
            found.append((section.partition("\n")[0], lines))
    return [(title, lines) for title, lines in found if lines]


def list_table() -> list[str]:
    """The commands of the table of what one sees."""
    _, _, table = (RUN / "README.md").read_text().partition("| what one sees |")
    return re.findall(r"^\|[^|]+\| `(paidforby [^`]+)` \|", table, re.MULTILINE)


@pytest.fixture(scope="module")
def replica() -> Iterator[str]:
    with running_replica() as url:
        yield url


@pytest.fixture(scope="module")
def well(replica: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive that has seen one source, its copies, a person, and a backup."""
    folder = tmp_path_factory.mktemp("well")
    (folder / "backups/paidforby").mkdir(parents=True)
    for line in (
        "paidforby init",
        f"paidforby crawl snap --partition 2026 --base-url {replica}/snap",
        "paidforby mirror sync",
    ):
        run = type_line(folder, line, {})
        assert run.returncode in {0, 3}, run.stderr
    made = type_line(folder, "paidforby users add reviewer --role reviewer", {})
    (folder / "key").write_text(re.search(r"pfb_\S+", made.stdout)[0])
    type_line(folder, f"paidforby backup --to /var/backups/paidforby/{BACKUP}", {})
    return folder


def type_line(folder: Path, line: str, told: dict[str, str]):
    """A line as on the page, with the folder in place of /var; somebody is at work meanwhile."""
    if line.startswith("paidforby workers"):
        engine = create_archive_engine(f"sqlite:///{folder}/lib/paidforby/archive.sqlite3")
        with write(engine) as session:
            note_worker(session, "worker", utc_now(), [], utc_now())
        engine.dispose()
    words = shlex.split(line.replace("/var/", f"{folder}/"), comments=True)
    home = {"PAIDFORBY_HOME": str(folder / "lib/paidforby")}
    return run_paidforby(*words[1:], environ=home | told)


@pytest.fixture
def folder(well: Path, tmp_path: Path) -> Path:
    return shutil.copytree(well, tmp_path / "var")


@pytest.mark.parametrize(("title", "lines"), list_blocks(), ids=[t for t, _ in list_blocks()])
def test_every_command_of_a_runbook_ends_as_it_says(folder, replica, title, lines):
    told: dict[str, str] = {}
    for line in lines:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            told[name] = value.replace("/var/", f"{folder}/")
            continue
        assert line.startswith("paidforby "), line
        command, _, note = line.partition("#")
        if "paidforby backup" in line:
            shutil.rmtree(folder / "backups/paidforby" / BACKUP)
        if "paidforby crawl " in line:
            command = f"{command} --base-url {replica}/snap"
        if "keys revoke" in line:
            command = command.replace("pfb_1234", (folder / "key").read_text()[:12])
        run = type_line(folder, command, told)
        assert run.returncode == int(re.match(r" *(\d+)", note)[1]), (line, run.stdout, run.stderr)
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", list_table())
def test_every_command_of_the_table_ends_with_0_when_all_is_well(folder, command):
    run = type_line(folder, command.replace(" DIR", " /var/backups/paidforby/new"), {})
    assert run.returncode == 0, run.stdout + run.stderr


def test_when_search_is_short_the_runbook_mends_it(folder):
    """The first command says so, the second makes it right."""
    with sqlite3.connect(folder / "lib/paidforby/archive.sqlite3") as archive:
        (number,) = archive.execute("SELECT number FROM search_copy").fetchone()
        archive.execute(f"DELETE FROM search_{number}_ad WHERE id % 2")
    archive.close()
    status, sync, check, _, again = dict(list_blocks())["Search is short"]
    assert type_line(folder, status, {}).returncode == 1
    for line in (sync, check, again):
        assert type_line(folder, line, {}).returncode == 0, line
