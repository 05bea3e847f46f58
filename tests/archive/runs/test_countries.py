"""At the end of a run it is known how many distinct ads it saw in each country, and how many went."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import RunCountry, Source
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def record_run(engine):
    def take(pages, now=NOON, *, covered=True, source="example"):
        with write(engine) as session:
            run = begin_run(session, source, "2026", RunKind.CRAWL, now, is_sweep=covered)
            for records in pages:
                ingest_page(session, run, records, None, now)
            close_run(session, run, Outcome.DONE, now, covered=covered)
        return run.run_id

    return take


def counted(engine, run_id):
    with read(engine) as session:
        rows = session.exec(select(RunCountry).where(RunCountry.run_id == run_id))
        return {row.country: (row.seen, row.vanished) for row in rows}


def test_an_ad_shown_in_two_countries_counts_in_both_and_once_in_all(engine, record_run, make_ad):
    run_id = record_run([[make_ad("a", countries=["GR", "DE"]), make_ad("b", countries=["GR"])]])
    assert counted(engine, run_id) == {"*": (2, 0), "GR": (2, 0), "DE": (1, 0)}


def test_an_ad_without_a_country_stands_under_none(engine, record_run, make_ad):
    run_id = record_run([[make_ad("a")]])
    assert counted(engine, run_id) == {"*": (1, 0), "": (1, 0)}


def test_an_ad_met_on_two_pages_of_a_run_counts_once(engine, record_run, make_ad):
    ad = make_ad("a", countries=["GR"])
    run_id = record_run([[ad, make_ad("b", countries=["GR"])], [ad]])
    assert counted(engine, run_id)["GR"] == (2, 0)


def test_what_a_run_no_longer_found_counts_in_its_country(engine, record_run, make_ad):
    greek, german = make_ad("a", countries=["GR"]), make_ad("b", countries=["DE"])
    record_run([[greek, german]])
    run_id = record_run([[greek]], NOON + DAY)
    assert counted(engine, run_id) == {"*": (1, 1), "GR": (1, 0), "DE": (0, 1)}


def test_what_vanished_in_an_earlier_run_is_not_counted_again(engine, record_run, make_ad):
    record_run([[make_ad("a"), make_ad("b")]])
    record_run([[make_ad("a")]], NOON + DAY)
    run_id = record_run([[make_ad("a")]], NOON + 2 * DAY)
    assert counted(engine, run_id) == {"*": (1, 0), "": (1, 0)}


def test_a_run_that_saw_nothing_says_so(engine, record_run):
    assert counted(engine, record_run([])) == {"*": (0, 0)}


def test_a_source_of_disclosures_counts_no_ads(engine, record_run):
    with write(engine) as session:
        given = dict.fromkeys(
            ("title", "publisher", "homepage", "documentation", "licence", "access"), "invented"
        )
        session.add(
            Source(
                id="registry",
                kind="disclosures",
                partition_unit="a year",
                seconds_between_requests=1,
                republish={},
                **given,
            )
        )
    assert counted(engine, record_run([], source="registry")) == {}
