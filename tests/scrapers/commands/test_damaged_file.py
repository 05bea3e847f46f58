"""Pages of SQLite's file that hold something else: named by verify and upkeep, and a sentence everywhere."""

import shutil

import pytest
from sqlalchemy import text

from archive.store.database import open_archive, read
from scrapers.doctor.keeping import examine_findings
from scrapers.doctor.tables import examine_database
from tests.archive.exports.backups import make_home
from tests.scrapers.commands.verified import make_verified, run, verify


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return make_verified(tmp_path_factory.mktemp("damaged") / "home")


@pytest.fixture
def settings(original, tmp_path):
    return make_home(shutil.copytree(original, tmp_path / "home"))


def damage_page(settings, of: str) -> None:
    """Overwrite the first half of the page at which a table begins, or of all tables' names."""
    engine = open_archive(settings)
    with read(engine) as session:
        page_size = session.connection().scalar(text("PRAGMA page_size"))
        root = text("SELECT rootpage FROM sqlite_schema WHERE name = :name")
        page = session.connection().scalar(root, {"name": of}) or 2
        session.connection().execute(text("COMMIT"))
        session.connection().execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    path = settings.home / "archive.sqlite3"
    data = bytearray(path.read_bytes())
    start = 100 if of == "sqlite_schema" else (page - 1) * page_size
    data[start : start + page_size // 2] = b"\xff" * (page_size // 2)
    path.write_bytes(data)


@pytest.mark.parametrize("damaged", ["ad_metric", "sqlite_schema"])
@pytest.mark.parametrize("command", ["verify", "maintain", "sources", "backup --to b"])
def test_a_damaged_file_of_the_database_is_a_sentence(
    settings, damaged, command, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    damage_page(settings, damaged)

    done = run(settings.home, *command.split())

    assert isinstance(done.exception, SystemExit) or done.exit_code == 0
    # Its sources are told without the numbers of ads.
    if (damaged, command) != ("ad_metric", "sources"):
        assert done.exit_code == 1
        assert "malformed" in done.output or "SQLite: " in done.output


def test_names_of_tables_that_are_no_text_are_a_sentence_too(settings):
    path = settings.home / "archive.sqlite3"
    whole = path.read_bytes()
    assert whole.count(b"CREATE TABLE ad (") == 1
    path.write_bytes(whole.replace(b"CREATE TABLE ad (", b"CREATE \xefABLE ad ("))

    done = run(settings.home, "verify")

    assert done.exit_code == 1
    assert "malformed database schema" in done.output


def test_of_a_damaged_file_tables_and_pages_are_named_and_the_doctor_tells_of_it(settings):
    damage_page(settings, "ad_metric")

    tables = verify(settings.home)[1]["tables"]
    kept_up = run(settings.home, "maintain")

    assert any(told.startswith("SQLite: ") for told in tables)
    assert any(told.startswith("ad_metric: could not be read to its end") for told in tables)
    assert not any(told.startswith("ad_version: ") for told in tables)
    assert "database: SQLite: " in kept_up.stdout
    assert "next: what is named above" in kept_up.stdout
    found = examine_findings(settings)
    assert not found.works
    assert "database" in found.detail


def test_the_doctor_tells_of_tables_that_cannot_be_read_what_brings_them_back(settings):
    damage_page(settings, "sqlite_schema")

    found = examine_database(settings)

    assert found.detail.startswith("SQLite cannot be read: ")
    assert found.to_type.endswith("paidforby restore")
