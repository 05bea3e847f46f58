"""From the oldest PostgreSQL that the documents name to the newest: made, brought up to date, restored."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text, update

from archive.exports.backup import make_backup, restore_backup
from archive.records import AdvertiserSpendRecord, Grain
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, write
from tests import servers
from tests.archive.exports.backups import dump_all, fill, make_home, root_of, tell
from tests.archive.store.test_migrations import (
    back_up_as_it_is,
    bring_to_the_newest,
    make_old_archive,
    reflect_old,
)
from tests.invented import NOW, record_run
from tests.oldest_postgresql import OLDEST, run_oldest_postgresql

NEWEST = 18

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def oldest_server() -> Iterator[str]:
    try:
        with run_oldest_postgresql() as url:
            yield url
    except servers.MissingServerError as error:
        servers.report_missing(error)


# The other tests run on the newest.
@pytest.fixture(params=[OLDEST, pytest.param(NEWEST, marks=pytest.mark.slow)])
def versioned_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """SQLAlchemy URL of an empty database on a server of that release."""
    name = "oldest_server" if request.param == OLDEST else "postgresql_server"
    with servers.make_database(request.getfixturevalue(name)) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            number = int(connection.scalar(text("SHOW server_version_num")))
        engine.dispose()
        assert number // 10_000 == request.param
        yield url


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_archive_of_the_first_revisions_with_data_comes_to_the_newest(versioned_url, revision):
    bring_to_the_newest(*make_old_archive(versioned_url, revision))


def test_a_backup_with_statements_of_every_kind_comes_back_and_goes_on(versioned_url, tmp_path):
    first, second, third = (
        make_home(tmp_path / name, url)
        for name, url in zip("123", [None, versioned_url, None], strict=True)
    )
    engine = fill(first)
    with write(engine) as session:
        stated = [make_statement(number, grain) for number, grain in enumerate(Grain)]
        record_run(session, BlobStore(first.blobs_dir), "harbour_ads", "kinds", NOW, stated)
    told, root = dump_all(engine), root_of(engine)
    make_backup(engine, first, tmp_path / "backup", NOW, tell)
    for home, folder, again in ((second, "backup", "again"), (third, "again", "")):
        restore_backup(home, tmp_path / folder, tell)
        restored = open_archive(home)
        assert dump_all(restored) == told
        assert root_of(restored) == root
        if again:
            make_backup(restored, home, tmp_path / again, NOW, tell)
        restored.dispose()
    engine.dispose()


def make_statement(number: int, grain: Grain) -> AdvertiserSpendRecord:
    return AdvertiserSpendRecord(
        dataset="kinds",
        platform="harbour",
        grain=grain,
        period_start_on=NOW.date(),
        period_end_on=NOW.date(),
        advertiser_ref=str(number),
        currency="USD",
        spend_lower_minor=number,
        spend_upper_minor=number,
    )


def test_a_backup_of_an_older_program_comes_back_at_the_newest_revision(versioned_url, tmp_path):
    old, _ = make_old_archive(f"sqlite:///{tmp_path / 'old.sqlite3'}", "0011")
    with write(old) as session:
        stated = next(t for t in reflect_old(session) if t.name == "advertiser_spend")
        session.connection().execute(update(stated).values(grain="WINDOW"))
    back_up_as_it_is(old, tmp_path / "backup", "0011")
    home = make_home(tmp_path / "home", versioned_url)

    restore_backup(home, tmp_path / "backup", tell)

    engine = open_archive(home)
    assert b'"grain":"window"' in dump_all(engine)["advertiser_spend"][0]
    engine.dispose()
    old.dispose()
