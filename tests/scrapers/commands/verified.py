"""A home whose archive has everything that `paidforby verify` looks at, and what the command says of one."""

import json
from pathlib import Path

from typer.testing import CliRunner

import paidforby
from archive.exports.mirror import find_folder, sync_mirror
from archive.names.following import bring_names_on
from search.copies.sync import sync_index
from search.engines import open_search
from tests.archive.exports.backups import make_home
from tests.invented import NOW, decide_something, make_archive

NAMES = ["tables", "blobs", "ledger", "shown", "names", "search", "mirror"]


def make_verified(home: Path) -> Path:
    """A home whose search copy and mirror have followed, and in which a decision was taken."""
    settings = make_home(home)
    engine = make_archive(settings)
    decide_something(settings, engine)
    bring_names_on(engine, NOW)
    sync_index(engine, open_search(settings, engine), NOW)
    sync_mirror(engine, find_folder(settings), NOW)
    engine.dispose()
    return settings.home


def run(home: Path, *arguments: str):
    return CliRunner().invoke(paidforby.app, list(arguments), env={"PAIDFORBY_HOME": str(home)})


def verify(home: Path):
    """The exit code, and what is bad by check."""
    done = run(home, "verify", "--json")
    told = json.loads(done.stdout)
    assert [check["name"] for check in told["checks"]] == NAMES
    assert told["ok"] == (done.exit_code == 0) == all(c["ok"] for c in told["checks"])
    return done.exit_code, {c["name"]: c["bad"] for c in told["checks"] if not c["ok"]}
