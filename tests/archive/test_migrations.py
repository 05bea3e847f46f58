"""An archive of the first revision, with data in every table, comes to the newest one without loss."""

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, select
from sqlmodel import Session

from archive.backup.loading import reflect_tables
from archive.backup.schema import read_newest, read_revision, upgrade_tables
from archive.database import create_archive_engine, read, write
from archive.dump import dump_table, list_tables
from archive.setup import alembic_config, migrate
from tests.archive.filled_tables import fill_empty_tables

FIRST = "0001"

DROPPED = {"sighting"}
"""Tables whose rows a migration takes away, as its own words say."""


@pytest.fixture
def old_archive(database_url):
    """An archive at the first revision, two rows in each table, and those rows as they stand there."""
    engine = create_archive_engine(database_url)
    with write(engine) as session:
        upgrade_tables(session.connection(), FIRST)
        tables = reflect_old(session)
        fill_empty_tables(session.connection(), tables)
        rows = {t.name: read_rows(session, t, t.columns.keys()) for t in tables}
    yield engine, rows
    engine.dispose()


def reflect_old(session: Session):
    names = set(inspect(session.connection()).get_table_names()) - {"alembic_version"}
    return reflect_tables(session, names)


def read_rows(session: Session, table, names):
    """The named columns of all rows, by key."""
    query = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
    return [dict(row) for row in session.connection().execute(query).mappings()]


def test_nothing_is_lost_on_the_way_to_the_newest_revision(old_archive):
    engine, before = old_archive

    migrate(engine)

    with read(engine) as session:
        tables = {table.name: table for table in reflect_old(session)}
        for name, rows in before.items():
            if name not in DROPPED:
                kept = [key for key in rows[0] if key in tables[name].columns]
                assert read_rows(session, tables[name], kept) == [
                    {key: row[key] for key in kept} for row in rows
                ], name


def test_no_column_of_the_first_revision_has_gone_unnoticed(old_archive):
    engine, before = old_archive

    migrate(engine)

    with read(engine) as session:
        tables = {table.name: table for table in reflect_old(session)}
        gone = {
            (name, column)
            for name, rows in before.items()
            for column in rows[0]
            if name not in DROPPED and column not in tables[name].columns
        }
    assert gone == set()


def test_a_migrated_archive_with_data_has_exactly_the_tables_of_the_models(old_archive):
    engine, _ = old_archive

    migrate(engine)

    with engine.connect() as connection:
        command.check(alembic_config(connection))
        assert read_revision(connection) == read_newest(connection)


def test_a_migrated_archive_can_be_read_through_the_models(old_archive):
    engine, before = old_archive

    migrate(engine)

    with read(engine) as session:
        told = {t.name: list(dump_table(session, t)) for t in list_tables()}
    assert {name: len(rows) for name, rows in before.items() if name not in DROPPED} == {
        name: len(told[name]) for name in before if name not in DROPPED
    }


def test_a_migration_that_fails_leaves_the_archive_as_it_was(old_archive, monkeypatch):
    engine, before = old_archive
    broken_after(engine, monkeypatch)

    with pytest.raises(RuntimeError, match="the power went"):
        migrate(engine)

    with read(engine) as session:
        assert read_revision(session.connection()) == FIRST
        for table in reflect_old(session):
            assert read_rows(session, table, before[table.name][0].keys()) == before[table.name]


def broken_after(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every statement of a migration work and the note of its revision fail."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
