"""Tables of another program are refused by every command in one line, and changed by `init` alone."""

import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from archive.store.database import create_archive_engine
from archive.store.revisions import find_newest_revision, read_revision
from archive.store.setup import alembic_config, migrate
from paidforby import app

NEWEST = find_newest_revision()
OLDER = "back up with the program that made them, then type: paidforby init"
NEWER = "a newer program made them: upgrade paidforby on this machine"
COMMANDS = [
    ["stats"],
    ["sources"],
    ["coverage"],
    ["spend"],
    ["search", "vote"],
    ["quarantine", "list"],
    ["rules", "list"],
    ["index", "status"],
    ["index", "sync"],
    ["verify"],
    ["crawl", "snap"],
    ["worker", "--once"],
    ["serve"],
    ["mirror", "sync"],
    ["users", "add", "Ann", "--role", "reviewer"],
]


@pytest.fixture
def run(archive_url, tmp_path, monkeypatch):
    """A command on an archive whose tables are put to a revision."""
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", archive_url)

    def run(revision, *command):
        put_to(archive_url, revision)
        result = CliRunner().invoke(app, command)
        return result.exit_code, result.stderr

    yield run
    # The next test may borrow the same tables.
    put_to(archive_url, NEWEST)


def put_to(archive_url, revision):
    engine = create_archive_engine(archive_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    engine.dispose()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("revision", "advice"), [("0002", OLDER), ("9999", NEWER)])
@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_each_command_says_in_one_line_both_revisions_and_what_to_do(
    run, command, revision, advice
):
    code, told = run(revision, *command)
    assert (
        told == f"the archive's tables are at {revision}, this program is for {NEWEST}; {advice}\n"
    )
    assert code == 1


@pytest.mark.parametrize("archive_url", ["sqlite"], indirect=True)
def test_init_refuses_newer_tables(run):
    code, told = run("9999", "init")
    assert (code, NEWER in told) == (1, True)


@pytest.mark.parametrize(("revision", "advice"), [("0002", OLDER), ("9999", NEWER)])
def test_doctor_names_both_revisions(run, revision, advice):
    code, _ = run(revision, "doctor")
    found = CliRunner().invoke(app, ["doctor", "--json"])
    findings = {one["name"]: one for one in json.loads(found.stdout)["findings"]}
    assert (code, findings["archive"]["works"]) == (1, False)
    assert advice in findings["archive"]["detail"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_init_says_from_which_revision_to_which_the_tables_move(
    tmp_path, monkeypatch, database_url
):
    from alembic import command  # noqa: PLC0415 (as the product does)

    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", database_url)
    engine = create_archive_engine(database_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0025")

    result = CliRunner().invoke(app, ["init"])

    assert f"the archive's tables move from 0025 to {NEWEST}\n" in result.stderr
    assert result.exit_code == 0
    with engine.connect() as connection:
        assert read_revision(connection) == NEWEST
    migrate(engine)
    engine.dispose()


def test_the_first_command_says_where_it_makes_a_new_archive(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "new"))
    result = CliRunner().invoke(app, ["import", "snap", str(tmp_path)])
    assert f"new archive at sqlite:///{tmp_path}/new/archive.sqlite3\n" in result.stderr


@pytest.mark.parametrize("command", [["stats"], ["search", "vote"], ["sources"]], ids=" ".join)
def test_a_command_that_reads_makes_no_archive_where_there_is_none(command, tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path / "home"))
    result = CliRunner().invoke(app, command)
    place = tmp_path / "home" / "archive.sqlite3"
    said = f"there is no archive at {place}; type: paidforby init\n"
    assert (result.exit_code, result.stderr) == (1, said)
    assert not (tmp_path / "home").exists()
