"""A value that is none of its column is named by table, row and column, and is no traceback."""

import pytest
import typer
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from archive.models import AdVersion, PublicAd
from archive.store.checking import look_at_each
from archive.store.database import is_postgresql, read, write
from archive.store.readable import find_unreadable, is_unreadable
from archive.store.references import check_tables
from archive.terminal import FAILED, plain_errors

NO_TEXT = "CAST(x'66ff' AS TEXT)"
"""Bytes that are no UTF-8, kept as text."""
SPOILED = {
    "public_ad 2: its missing is no JSON": "UPDATE public_ad SET missing = '{' WHERE id = 2",
    "public_ad 2: its started_on is no day": "UPDATE public_ad SET started_on = '31.12.' WHERE id = 2",
    "public_ad 3: its last_changed_at is no time": (
        "UPDATE public_ad SET last_changed_at = 'yesterday' WHERE id = 3"
    ),
    "public_ad 3: its spend_lower_minor is no whole number": (
        "UPDATE public_ad SET spend_lower_minor = 'much' WHERE id = 3"
    ),
    "public_ad 4: its payer_name is no text": (
        f"UPDATE public_ad SET payer_name = {NO_TEXT} WHERE id = 4"
    ),
    "sighting 1 ad_content 0: its first_id is no whole number": (
        "UPDATE sighting SET first_id = 'one' WHERE run_id = 1 AND kind = 'ad_content'"
    ),
    "change 5: its recorded_at is no time": "UPDATE change SET recorded_at = '' WHERE seq = 5",
}
"""What SQLite takes, and what is said of it."""
VERSION = {
    "ad_version 2: its content is no JSON": "UPDATE ad_version SET content = '{' WHERE id = 2"
}
"""What both take."""


def spoil(engine, statements):
    with write(engine) as session:
        for statement in statements:
            assert session.connection().execute(text(statement)).rowcount == 1


def find_all(session: Session):
    return [told for t in SQLModel.metadata.sorted_tables for told in find_unreadable(session, t)]


def test_each_value_that_is_none_of_its_column_is_named_with_its_place(filled):
    spoiled = VERSION if is_postgresql(filled) else VERSION | SPOILED
    with read(filled) as session:
        assert find_all(session) == []

    spoil(filled, spoiled.values())

    with read(filled) as session:
        assert sorted(find_all(session)) == sorted(spoiled)
        assert set(spoiled) <= set(check_tables(session, lambda _: None).bad)


def test_of_rows_that_are_read_together_the_one_that_cannot_be_is_found(filled):
    spoil(filled, VERSION.values())

    def read_words(session, ids):
        query = select(AdVersion.id, AdVersion.content).where(AdVersion.id.in_(ids))
        return [id_ for id_, _ in session.exec(query).all()]

    with read(filled) as session:
        found = look_at_each(
            [1, 2, 3], lambda ids: read_words(session, ids), lambda id_: f"{id_} is lost"
        )
    assert found == [1, "2 is lost", 3]


@pytest.mark.parametrize("told", ["its missing", "its started_on", "its payer_name"])
def test_who_reads_such_a_value_says_so_in_a_line_and_what_names_it(filled, told, capsys):
    if is_postgresql(filled):
        spoil(filled, VERSION.values())
        table = AdVersion
    else:
        spoil(filled, [sql for name, sql in SPOILED.items() if told in name])
        table = PublicAd
    with read(filled) as session, pytest.raises(typer.Exit) as ended, plain_errors():
        session.exec(select(table)).all()

    assert ended.value.exit_code == FAILED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the database holds what cannot be read: ")
    assert line.endswith("type: paidforby verify")


def test_a_fault_of_ours_stays_one():
    with pytest.raises(ValueError, match="invalid literal"), plain_errors():
        int("one")
    assert not is_unreadable(ValueError("one"))
