"""One migration line makes the same archive on SQLite and PostgreSQL, and harms nothing when repeated."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlmodel import select

from archive.errors import DatabaseAddressError, NotInitialisedError, RealmError
from archive.models import PublicAd, Source
from archive.reading.sources.stats import count_archive
from archive.records import SourceInfo, SourceKind
from archive.store.database import create_archive_engine, open_archive, read, write
from archive.store.realm import claim_realm, read_realm
from archive.store.revisions import find_newest_revision, read_revision
from archive.store.setup import (
    alembic_config,
    init_archive,
    migrate,
)
from config.settings import Realm, Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

EXAMPLE = SourceInfo(
    id="example",
    title="Example Ad Library",
    publisher="Example",
    kind=SourceKind.ADS,
    homepage="https://ads.example",
    documentation="https://ads.example/docs",
    licence="not stated by the publisher",
    access="robots: obey",
    partition_unit="one year",
    seconds_between_requests=1,
)


def test_the_migrations_make_exactly_the_tables_of_the_models(engine):
    with engine.connect() as connection:
        command.check(alembic_config(connection))


def test_an_archive_is_at_the_newest_revision_and_alembic_agrees_which_it_is(engine):
    with engine.connect() as connection:
        assert read_revision(connection) == find_newest_revision()
        assert ScriptDirectory.from_config(alembic_config(connection)).get_heads() == [
            find_newest_revision()
        ]


def test_an_empty_database_is_at_no_revision(tmp_path):
    with create_archive_engine(f"sqlite:///{tmp_path / 'empty.db'}").connect() as connection:
        assert read_revision(connection) is None


def test_migrating_again_keeps_what_is_there(engine, ingest_run, make_ad):
    ingest_run([make_ad()])

    migrate(engine)

    with read(engine) as session:
        assert session.exec(select(PublicAd.ref)).all() == ["a1"]


def test_init_writes_sources_down_once_and_takes_a_new_title(tmp_path):
    settings = Settings(home=tmp_path)
    init_archive(settings, [EXAMPLE])
    engine = init_archive(settings, [EXAMPLE.model_copy(update={"title": "New title"})])

    with read(engine) as session:
        assert [s.title for s in session.exec(select(Source))] == ["New title"]


def test_a_folder_without_an_archive_says_what_to_type(tmp_path):
    with pytest.raises(NotInitialisedError, match="paidforby init"):
        open_archive(Settings(home=tmp_path))


def test_invented_data_never_enters_a_real_archive(engine):
    with write(engine) as session:
        claim_realm(session, Realm.REAL)
    with write(engine) as session, pytest.raises(RealmError, match="fictional"):
        claim_realm(session, Realm.FICTIONAL)
    with read(engine) as session:
        assert read_realm(session) == Realm.REAL


def test_stats_count_what_is_there_by_source(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2")])
    ingest_run([make_ad("a1", bodies=["other"])], NOON.replace(day=2))

    with read(engine) as session:
        counts = count_archive(session)

    assert {k: counts[k] for k in ("ads", "ad_versions", "ad_metrics", "vanished")} == {
        "ads": 2,
        "ad_versions": 3,
        "ad_metrics": 2,
        "vanished": 1,
    }
    assert counts["by_source"]["example"]["ad_versions"] == 3


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_a_postgresql_address_is_taken(scheme):
    engine = create_archive_engine(f"{scheme}://ada:secret@127.0.0.1/archive")

    assert engine.dialect.driver == "psycopg"


@pytest.mark.parametrize("address", ["nonsense:secret", "mysql://ada:secret@host/x", ""])
def test_an_address_of_no_database_is_refused_without_repeating_it(address):
    with pytest.raises(DatabaseAddressError) as refusal:
        create_archive_engine(address)

    assert "secret" not in str(refusal.value)
