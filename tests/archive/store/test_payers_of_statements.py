"""Statements kept before the payer was a field: parted by a migration as the same evidence is read today."""

from datetime import timedelta

from alembic import command
from sqlalchemy import text
from sqlmodel import col, select

from archive.models import AdvertiserSpend
from archive.reading.as_of.moment import Moment
from archive.spending import SpendBy, SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read, write
from archive.store.revisions import find_newest_revision
from archive.store.setup import alembic_config
from scrapers.spiders.meta.report_lines import join_lines
from tests.archive.conftest import NOON
from tests.scrapers.samples import read_all, records

SOURCE = "meta_ad_library_report"
NAME = "FacebookAdLibraryReport_2026-11-20_BE_lifelong_advertisers.csv"
HEADER = "Page ID,Page name,Disclaimer,Amount spent (EUR),Number of ads in Library"
ONE = "1,Harbour,Harbour Trust,500,3"
OWN_ADDRESS = '2,Mill,"Mill Trust, 12 High Street, Town AB1 2CD",70,1'
SEVERAL = [
    "3,Quay,Quay Trust,≤100,1",
    '3,Quay,"Quay Club, 12 High Street, Town AB1 2CD",300,2',
    "3,Quay,These ads ran without a disclaimer,40,1",
    "3,Quay,Quay Trust,250,4",
]
FIRST = [ONE, OWN_ADDRESS, *SEVERAL]


def read_lines(*lines):
    return records(read_all(SOURCE, NAME, "\n".join((HEADER, *lines))))


def read_as_before(*lines):
    """One statement a page, its lines beside, no payer."""
    pages = {}
    for line in lines:
        (record,) = read_lines(line)
        record.missing.pop("payer_name", None)
        record.payer_name = None
        pages.setdefault(record.advertiser_ref, []).append(record)
    return [of_page[0] if len(of_page) == 1 else join_lines(of_page) for of_page in pages.values()]


def migrate_from_before(engine):
    """The one migration, of an archive whose statements are as they were before it."""
    newest = find_newest_revision()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(text("ALTER TABLE advertiser_spend DROP COLUMN payer_name"))
        command.stamp(alembic_config(connection), "0025", purge=True)
        command.upgrade(alembic_config(connection), "0026")
        command.stamp(alembic_config(connection), newest, purge=True)


def list_stated(engine, **asked):
    query = SpendQuery(measure=SpendMeasure.REPORTED, **asked)
    with read(engine) as session:
        groups = summarise_spending(session, query).groups
    return {g.key: (g.lower_minor, g.upper_minor, g.not_in_newest) for g in groups}


BY_PAYER = {
    "Harbour Trust": (500_00, 500_00, 0),
    "Mill Trust": (70_00, 70_00, 0),
    "Quay Club": (300_00, 300_00, 0),
    "Quay Trust": (250_00, 350_00, 0),
    "unknown:not_disclosed": (40_00, 40_00, 0),
}


def test_nothing_looks_changed_when_a_file_kept_before_comes_in_again(
    engine, ingest_run, know_source
):
    know_source("disclaimer", "lines.*", name=SOURCE)
    ingest_run(read_as_before(*FIRST), source=SOURCE, sweep=False)
    before = list_stated(engine, by=SpendBy.COUNTRY)
    migrate_from_before(engine)

    assert list_stated(engine, by=SpendBy.PAYER) == BY_PAYER
    again = ingest_run(read_lines(*FIRST), NOON + timedelta(days=1), source=SOURCE, sweep=False)

    assert (again.new, again.changed, again.unchanged) == (0, 0, 5)
    assert list_stated(engine, by=SpendBy.PAYER) == BY_PAYER
    assert list_stated(engine, by=SpendBy.COUNTRY) == before


def test_rows_that_come_of_a_migration_are_those_of_a_fresh_import(engine, ingest_run, know_source):
    know_source("disclaimer", "lines.*", name=SOURCE)
    ingest_run(read_as_before(*FIRST), source=SOURCE, sweep=False)
    migrate_from_before(engine)
    migrated = read_rows(engine)
    with write(engine) as session:
        session.connection().execute(text("DELETE FROM advertiser_spend"))
    ingest_run(read_lines(*FIRST), source=SOURCE, sweep=False, partition="again")
    assert migrated == read_rows(engine)


def read_rows(engine):
    beside = {"id", "run_id", "recorded_at", "observed_at"}
    with read(engine) as session:
        rows = session.scalars(select(AdvertiserSpend).order_by(col(AdvertiserSpend.series))).all()
        return [row.model_dump(exclude=beside) for row in rows]


def test_a_payer_that_a_later_statement_did_not_name_is_withdrawn_from_then_on(
    engine, ingest_run, know_source
):
    know_source("disclaimer", "lines.*", name=SOURCE)
    ingest_run(read_as_before(*FIRST), source=SOURCE, sweep=False)
    later = [ONE.replace("Trust", "Club"), OWN_ADDRESS, *SEVERAL[:1], *SEVERAL[2:]]
    at = NOON + timedelta(days=1)
    ingest_run(read_as_before(*later), at, source=SOURCE, sweep=False)
    migrate_from_before(engine)

    expected = {k: v for k, v in BY_PAYER.items() if k not in ("Harbour Trust", "Quay Club")}
    expected["Harbour Club"] = (500_00, 500_00, 0)
    assert list_stated(engine, by=SpendBy.PAYER) == expected
    assert list_stated(engine, by=SpendBy.PAYER, moment=Moment(as_of=at)) == expected
    then = Moment(as_of=NOON)
    assert list_stated(engine, by=SpendBy.PAYER, moment=then) == BY_PAYER
