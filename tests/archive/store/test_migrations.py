"""An archive of the first revision, with data in every table, comes to the newest one without loss."""

from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, delete, inspect, select, update
from sqlmodel import Session

from archive.exports.backup import Manifest, restore_backup
from archive.exports.backup.folder import BackupWriter, name_table_file
from archive.exports.backup.loading import reflect_tables
from archive.exports.backup.schema import upgrade_tables
from archive.exports.dump import dump_table, list_tables
from archive.models import Correction, Disclosure, DisclosureVersion, LedgerLeaf
from archive.store.database import create_archive_engine, open_archive, read, write
from archive.store.ledger.root import read_ledger_head
from archive.store.revisions import find_newest_revision, read_revision
from archive.store.setup import alembic_config, migrate
from tests.archive.store.filled_tables import THEN, fill_empty_tables
from tests.invented import make_settings

FIRST = "0001"

DROPPED = {"sighting"}
"""Tables whose rows a migration takes away, as its own words say."""

RENAMED = {
    "ad_absence": "vanished_period",
    "consumer_mark": "consumer_position",
    "held_batch": "quarantined_batch",
    "stated_total": "source_total",
}
RENAMED_COLUMNS = {
    "lacks": "data_gaps",
    "held_at": "quarantined_at",
    "believable_fall_share": "plausible_fall_share",
    "believable_spend_minor": "plausible_spend_minor",
    "fewest_records_per_look": "fewest_records_per_run",
    "most_records_per_look": "most_records_per_run",
}

MADE_ANEW = {"public_ad": {"text_folded"}}
"""Columns that went because they follow from others."""


@pytest.fixture
def old_archive(database_url):
    """An archive at the first revision, and its rows."""
    engine, rows = make_old_archive(database_url, FIRST)
    yield engine, rows
    engine.dispose()


def make_old_archive(url: str, revision: str):
    """An archive at a revision, two rows in each table, and those rows as they stand there."""
    engine = create_archive_engine(url)
    with write(engine) as session:
        upgrade_tables(session.connection(), revision)
        tables = reflect_old(session)
        fill_empty_tables(session.connection(), tables)
        rows = {t.name: read_rows(session, t, t.columns.keys()) for t in tables}
    return engine, rows


def reflect_old(session: Session):
    names = set(inspect(session.connection()).get_table_names()) - {"alembic_version"}
    return reflect_tables(session, names)


def read_rows(session: Session, table, names):
    """The named columns of all rows, by key."""
    query = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
    return [dict(row) for row in session.connection().execute(query).mappings()]


@pytest.mark.parametrize("revision", [FIRST, "0002"])
def test_nothing_is_lost_on_the_way_to_the_newest_revision(database_url, revision):
    bring_to_the_newest(*make_old_archive(database_url, revision))


def bring_to_the_newest(engine: Engine, before) -> None:
    """Migrate an old archive, and see that it lost nothing."""
    migrate(engine)

    with read(engine) as session:
        after = {t.name: read_rows(session, t, t.columns.keys()) for t in reflect_old(session)}
    for name in before.keys() - DROPPED:
        old = before[name]
        kept = old[0].keys() - MADE_ANEW.get(name, set())
        assert [
            {key: row[RENAMED_COLUMNS.get(key, key)] for key in kept}
            for row in after[RENAMED.get(name, name)]
        ] == [{key: row[key] for key in kept} for row in old], name
    engine.dispose()


def test_a_migrated_archive_with_data_has_exactly_the_tables_of_the_models(old_archive):
    engine, _ = old_archive

    migrate(engine)

    with engine.connect() as connection:
        config = alembic_config(connection)
        # Alembic keeps the output that was there when it was first imported, by whichever test.
        config.stdout = StringIO()
        command.check(config)
        assert read_revision(connection) == find_newest_revision()


def test_a_migrated_archive_can_be_read_through_the_models(old_archive):
    engine, before = old_archive

    migrate(engine)

    with read(engine) as session:
        told = {t.name: list(dump_table(session, t)) for t in list_tables()}
    assert {name: len(rows) for name, rows in before.items() if name not in DROPPED} == {
        name: len(told[RENAMED.get(name, name)]) for name in before if name not in DROPPED
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_of_an_older_revision_comes_back_at_the_newest(old_archive, tmp_path):
    engine, before = old_archive
    back_up_as_it_is(engine, tmp_path / "backup")
    settings = make_settings(tmp_path / "home")

    restore_backup(settings, tmp_path / "backup", lambda *_: None)

    restored = open_archive(settings)
    with read(restored) as session:
        assert read_revision(session.connection()) == find_newest_revision()
        ads = {table.name: table for table in reflect_old(session)}["ad_version"]
        assert read_rows(session, ads, before["ad_version"][0].keys()) == before["ad_version"]
    restored.dispose()


def back_up_as_it_is(engine: Engine, folder: Path, revision: str = FIRST) -> None:
    """A backup as the program of that revision would have made it; its ledger is empty."""
    folder.mkdir()
    writer = BackupWriter(folder, lambda *_: None)
    with write(engine) as session:
        tables = reflect_old(session)
        session.connection().execute(delete(LedgerLeaf))
        manifest = Manifest(
            schema_revision=revision,
            made_at=THEN,
            realm=None,
            ledger=read_ledger_head(session),
            tables={
                t.name: writer.write_lines(name_table_file(t.name), dump_table(session, t))
                for t in tables
            },
            blobs=0,
            missing_blobs=[],
            sums_sha256=writer.close_sums(),
        )
    (folder / "manifest.json").write_text(manifest.model_dump_json())


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


def test_names_of_people_paid_wages_leave_an_older_archive(database_url):
    engine = create_archive_engine(database_url)
    with write(engine) as session:
        upgrade_tables(session.connection(), "0015")
        tables = {table.name: table for table in reflect_old(session)}
        fill_empty_tables(session.connection(), list(reflect_old(session)))
        file_wages(session, tables)

    migrate(engine)

    with read(engine) as session:
        filed = {row.ref: row for row in session.scalars(select(Disclosure))}
        contents = session.scalars(select(DisclosureVersion.content)).all()
        told = session.scalars(select(Correction.before)).all()
    engine.dispose()
    assert (filed["1"].payee_name, filed["1"].missing) == (None, {"payee_name": "redacted"})
    assert filed["2"].payee_name == "A Person"
    assert [content["payee_name"] for content in contents] == [None] * len(contents)
    assert told == [{"amount_minor": 1}] * len(told)


def file_wages(session, tables):
    """A person's pay and a person's printing; all versions and corrections are of the first."""
    filed, connection = tables["disclosure"], session.connection()
    first, second = connection.execute(select(filed.c.id).order_by(filed.c.id)).scalars()
    person = {"source": "s", "payee_kind": "IND", "payee_name": "A Person", "payee_place": None}
    for row_id, ref, purpose in ((first, "1", "Payroll, June"), (second, "2", "PRINTING")):
        stated = person | {"ref": ref, "purpose": purpose, "missing": {}}
        connection.execute(update(filed).where(filed.c.id == row_id).values(stated))
    content = {"payee_name": "A Person", "missing": {}}
    of_first = {"disclosure_id": first, "content": content}
    versions = tables["disclosure_version"]
    connection.execute(delete(versions).where(versions.c.disclosure_id != first))
    connection.execute(update(versions).values(of_first))
    before = {"amount_minor": 1, "payee_name": "A Person"}
    of_row = {"measure": "disclosed", "subject": "s:1", "before": before, "after": {}}
    connection.execute(update(tables["correction"]).values(of_row))
