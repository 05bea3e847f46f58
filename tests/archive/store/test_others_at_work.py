"""Tables do not move under a process that still uses them: it is named, and waited for."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.store import others_at_work
from archive.store.database import create_archive_engine, read
from archive.store.others_at_work import OthersAtWorkError, list_others, wait_for_others
from archive.store.revisions import find_newest_revision, read_revision
from tests.archive.store.test_migrations import make_old_archive
from tests.commands import start_paidforby
from tests.scrapers.crawls import wait_for

PROGRAM = Path(__file__).with_name("opening_process.py")


@contextmanager
def opened_by_another(url: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process with the database open and nothing under way, as a server is; ends with its input."""
    with subprocess.Popen(
        [sys.executable, PROGRAM, "serve", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.stdin.close()


def test_who_has_the_database_open_is_named_and_gone_once_it_has_ended(archive_url):
    engine = create_archive_engine(archive_url)
    with read(engine) as session:
        session.connection()
    assert list_others(engine) == []
    with opened_by_another(archive_url) as other:
        [named] = list_others(engine)
        assert str(other.pid) in named
        assert "serve" in named
    assert list_others(engine) == []
    engine.dispose()


def test_it_is_waited_for_and_told_once(archive_url, monkeypatch):
    engine, told = create_archive_engine(archive_url), []
    with opened_by_another(archive_url) as other:

        def tell(what: str) -> None:
            told.append(what)
            other.stdin.close()

        wait_for_others(engine, tell)
    assert len(told) == 1
    assert str(other.pid) in told[0]

    monkeypatch.setattr(others_at_work, "MOST_SECONDS", 0.0)
    with (
        opened_by_another(archive_url),
        pytest.raises(OthersAtWorkError, match="stop it, then type"),
    ):
        wait_for_others(engine, lambda _: None)
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_init_moves_an_old_archive_once_the_old_process_has_ended(database_url, tmp_path):
    old, _ = make_old_archive(database_url, "0002")
    old.dispose()
    said = tmp_path / "stderr"
    with opened_by_another(database_url) as other:
        environ = {"PAIDFORBY_HOME": f"{tmp_path}/home", "PAIDFORBY_DATABASE_URL": database_url}
        init = start_paidforby("init", environ=environ, folder=tmp_path)
        wait_for(lambda: said.exists() and "to end" in said.read_text())
        with read(old) as session:
            assert read_revision(session.connection()) == "0002"
        old.dispose()
        other.stdin.close()
        init.join()

    assert init.exitcode == 0
    told = said.read_text()
    assert f"waiting for process {other.pid}" in told
    with read(old) as session:
        assert read_revision(session.connection()) == find_newest_revision()
    old.dispose()
