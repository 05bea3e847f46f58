"""People and keys: a key is shown once, kept as a hash, and counts until somebody says otherwise."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from archive.curation.people import add_key, add_user, disable_user, find_user_by_key, revoke_key
from archive.errors import ArchiveError, NotFoundError
from archive.models import ApiKey
from archive.models.people import Role
from archive.store.database import read, write
from config.settings import Settings
from paidforby import app
from tests.migrated import init_fresh

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    engine = init_fresh(Settings(home=tmp_path), [])
    yield engine
    engine.dispose()


def whose(engine, key):
    with read(engine) as session:
        user = find_user_by_key(session, key)
        return user.name if user else None


def add(engine, name="A. Officer", roles=(Role.ANALYST,)):
    with write(engine) as session:
        return add_user(session, name, roles, NOON)[1]


def test_a_key_tells_whose_it_is_and_is_kept_as_a_hash_only(engine):
    key = add(engine)
    assert whose(engine, key) == "A. Officer"
    with read(engine) as session:
        kept = session.exec(select(ApiKey)).one()
    assert key not in str(kept.model_dump())


@pytest.mark.parametrize(
    "change", [lambda k: k[:-1], lambda k: k + "x", lambda k: k[:12], lambda _: ""]
)
def test_a_key_that_is_nearly_right_is_nobodys(engine, change):
    assert whose(engine, change(add(engine))) is None


def test_no_two_keys_are_alike(engine):
    keys = {add(engine, f"Person {i}") for i in range(20)}
    assert len(keys) == 20
    assert all(len(key) >= 43 for key in keys)


def test_a_revoked_key_no_longer_counts_and_the_others_do(engine):
    first = add(engine)
    with write(engine) as session:
        second = add_key(session, "A. Officer", NOON)[1]
        revoke_key(session, first[:12], NOON)
    assert (whose(engine, first), whose(engine, second)) == (None, "A. Officer")


def test_a_disabled_person_can_do_nothing_and_gets_no_new_key(engine):
    key = add(engine)
    with write(engine) as session:
        disable_user(session, "A. Officer", NOON)
    assert whose(engine, key) is None
    with write(engine) as session, pytest.raises(ArchiveError, match="disabled"):
        add_key(session, "A. Officer", NOON)


def test_names_are_given_once_and_roles_are_needed(engine):
    add(engine)
    with write(engine) as session:
        with pytest.raises(ArchiveError, match="already"):
            add_user(session, " A. Officer ", [Role.ANALYST], NOON)
        with pytest.raises(ArchiveError, match="role"):
            add_user(session, "B. Officer", [], NOON)
        with pytest.raises(ArchiveError, match="name"):
            add_user(session, " ", [Role.ANALYST], NOON)
        with pytest.raises(NotFoundError):
            revoke_key(session, "pfb_unknown", NOON)


def run(tmp_path, monkeypatch, *arguments):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    return CliRunner().invoke(app, list(arguments))


def test_the_commands_add_list_and_disable(engine, tmp_path, monkeypatch):
    added = run(tmp_path, monkeypatch, "users", "add", "B. Officer", "--role", "reviewer", "--json")
    answer = json.loads(added.stdout)
    assert (answer["name"], answer["roles"]) == ("B. Officer", ["reviewer"])
    assert whose(engine, answer["key"]) == "B. Officer"

    more = run(tmp_path, monkeypatch, "keys", "add", "B. Officer", "--json")
    prefix = json.loads(more.stdout)["prefix"]
    assert run(tmp_path, monkeypatch, "keys", "revoke", prefix).exit_code == 0
    assert run(tmp_path, monkeypatch, "users", "disable", "B. Officer").exit_code == 0
    listed = json.loads(run(tmp_path, monkeypatch, "users", "list", "--json").stdout)
    assert [(p["name"], p["is_disabled"]) for p in listed] == [("B. Officer", True)]
    assert "key" not in listed[0]


def test_an_unknown_person_is_a_plain_failure(engine, tmp_path, monkeypatch):
    result = run(tmp_path, monkeypatch, "users", "disable", "Nobody")
    assert result.exit_code == 1
    assert "no person 'Nobody'" in result.stderr
