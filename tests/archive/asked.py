"""A source that is asked country by country, and runs that ask it."""

import pytest

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run
from archive.store.database import write
from archive.store.setup import write_sources
from tests.archive.moments import day
from tests.sources_with_terms import make_source

LIBRARY = "library"
"""Asked by country; `example` is not."""


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
