"""Runs that tests of coverage look back on."""

from datetime import UTC, datetime

import pytest

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.ingest.rows import Stamp
from archive.ingest.source_totals import ingest_totals
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run
from archive.store.database import write
from archive.store.setup import write_sources
from tests.archive.asked import LIBRARY
from tests.archive.moments import day
from tests.sources_with_terms import make_source

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def record_run(engine, make_ad):
    """One run: ads by ref, the source's totals, and how it ended."""

    def take(
        ads=(),
        now=MONDAY,
        *,
        totals=(),
        outcome=Outcome.DONE,
        reason="",
        partition="2026",
        source="example",
        kind=RunKind.CRAWL,
        covered=True,
    ):
        covered = covered and outcome is Outcome.DONE
        records = [ad if not isinstance(ad, str) else make_ad(ad, countries=["GR"]) for ad in ads]
        with write(engine) as session:
            run = begin_run(session, source, partition, kind, now, is_sweep=covered)
            ingest_page(session, run, records, None, now)
            ingest_totals(session, Stamp(run, None, now), list(totals))
            close_run(session, run, outcome, now, covered=covered, reason=reason)

    return take


@pytest.fixture
def ask_library(engine):
    """One run that asks for a partition: what was given, when it is learned, and of which day."""
    with write(engine) as session:
        write_sources(session, [make_source(None, LIBRARY, asks_by_country=True)])

    def ask(partition, ads, learned, observed=None, *, source=LIBRARY):
        now = day(learned)
        at = None if observed is None else day(observed)
        with write(engine) as session:
            run = begin_run(
                session, source, partition, RunKind.CRAWL, now, observed_on=at, is_sweep=True
            )
            ingest_page(session, run, ads, None, now)
            close_run(session, run, Outcome.DONE, now, covered=True)
        return run.run_id

    return ask
