"""People and keys: a key is shown once, kept as a hash, and counts until somebody says otherwise."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from archive.curation.people import (
    EndedKeyError,
    add_key,
    add_user,
    disable_user,
    find_key,
    list_keys,
    note_key_used,
    revoke_key,
)
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


def whose(engine, key, day=0):
    with read(engine) as session:
        found = find_key(session, key, (NOON + timedelta(days=day)).date())
        return found[0].name if found else None


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
    again = run(tmp_path, monkeypatch, "keys", "revoke", prefix)
    assert (again.exit_code, again.stdout) == (1, "")
    assert re.fullmatch(
        rf"the key {prefix}… was revoked on \d{{4}}-\d\d-\d\d already\n", again.stderr
    )
    assert run(tmp_path, monkeypatch, "users", "disable", "B. Officer").exit_code == 0
    again = run(tmp_path, monkeypatch, "users", "disable", "B. Officer")
    assert (again.exit_code, again.stderr) == (1, "B. Officer is disabled already\n")
    listed = json.loads(run(tmp_path, monkeypatch, "users", "list", "--json").stdout)
    assert [(p["name"], p["is_disabled"]) for p in listed] == [("B. Officer", True)]
    assert "key" not in listed[0]


def test_a_key_counts_to_the_end_of_its_last_day_and_then_says_that_it_ended(engine):
    with write(engine) as session:
        key = add_user(session, "Ada", [Role.ANALYST], NOON, ends_on=date(2026, 3, 3))[1]

    assert (whose(engine, key), whose(engine, key, day=2)) == ("Ada", "Ada")
    with pytest.raises(EndedKeyError, match=r"ended on 2026-03-03.*paidforby keys add 'Ada'"):
        whose(engine, key, day=3)
    assert whose(engine, f"{key[:-1]}!", day=3) is None


def test_the_day_a_key_was_last_used_only_moves_forward(engine):
    key = add(engine)
    for day in (date(2026, 3, 5), date(2026, 3, 4)):
        with write(engine) as session:
            note_key_used(session, find_key(session, key, NOON.date())[1].id, day)

    with read(engine) as session:
        assert [row.last_used_on for row in list_keys(session)] == [date(2026, 3, 5)]


def test_a_key_ends_after_a_year_unless_a_day_is_given(engine, tmp_path, monkeypatch):
    a_year = (datetime.now(UTC) + timedelta(days=365)).date()
    made = run(tmp_path, monkeypatch, "users", "add", "Ada", "--role", "analyst")
    more = run(tmp_path, monkeypatch, "keys", "add", "Ada", "--until", "2099-12-31", "--json")
    over = run(tmp_path, monkeypatch, "keys", "add", "Ada", "--until", "2020-01-01")

    assert f"it counts until {a_year}" in made.stdout
    assert json.loads(more.stdout)["ends_on"] == "2099-12-31"
    assert (over.exit_code, "--until 2020-01-01 is over" in over.stderr) == (2, True)
    (ada,) = json.loads(run(tmp_path, monkeypatch, "users", "list", "--json").stdout)
    assert [key["ends_on"] for key in ada["keys"]] == [str(a_year), "2099-12-31"]
    table = run(tmp_path, monkeypatch, "users", "list").stdout.splitlines()
    assert [line.split()[-4:] for line in table[1:3]] == [
        [ada["keys"][0]["prefix"], "until", str(a_year), "never"],
        [ada["keys"][1]["prefix"], "until", "2099-12-31", "never"],
    ]


def test_an_unknown_person_is_a_plain_failure(engine, tmp_path, monkeypatch):
    result = run(tmp_path, monkeypatch, "users", "disable", "Nobody")
    assert result.exit_code == 1
    assert "no person 'Nobody'" in result.stderr
