"""An empty archive on each database, and short ways to fill it.

`engine` has its tables and is empty; `ingest_run` runs one whole run of a source with the given records;
`filled` holds rows of every kind that can be streamed.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from archive.ingest.ads.vanished_ads import mark_vanished
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, AnyRecord
from archive.runs.lease import Counts, begin_run, end_run
from archive.store.database import create_archive_engine, write
from archive.store.setup import write_sources
from tests.archive.exports.streamed import invent_records
from tests.sources_with_terms import make_source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(archive_url: str) -> Iterator[Engine]:
    engine = create_archive_engine(archive_url)
    yield engine
    engine.dispose()


@pytest.fixture
def make_ad() -> Callable[..., AdRecord]:
    def make(ref: str = "a1", **values: object) -> AdRecord:
        given = {
            "platform": "examplatform",
            "advertiser_ref": "page-1",
            "advertiser_name": "Harbour Party",
            "bodies": ["Vote for the harbour"],
            "currency": "EUR",
            "spend_lower_minor": 100_00,
            "spend_upper_minor": 199_00,
        }
        return AdRecord(ref=ref, **(given | values))

    return make


@pytest.fixture
def know_source(engine: Engine) -> Callable[..., None]:
    """Writes down a source, of which these fields are shown under its own names."""

    def know(*shown: str, name: str = "example") -> None:
        with write(engine) as session:
            write_sources(session, [make_source(None, name, shown=shown)])

    return know


@pytest.fixture
def ingest_run(engine: Engine) -> Callable[..., Counts]:
    def lease(
        records: list[AnyRecord],
        now: datetime = NOON,
        *,
        source: str = "example",
        partition: str = "2026",
        observed_on: datetime | None = None,
        sweep: bool = True,
    ) -> Counts:
        with write(engine) as session:
            run = begin_run(
                session,
                source,
                partition,
                RunKind.CRAWL,
                now,
                observed_on=observed_on,
                is_sweep=sweep,
            )
            counts = ingest_page(session, run, records, None, now)
            if sweep:
                counts.vanished = mark_vanished(session, run, now)
            end_run(session, run, Outcome.DONE, now, complete=sweep)
        return counts

    return lease


@pytest.fixture
def filled(engine, ingest_run, make_ad) -> Engine:
    """An archive with every kind of rows, some of them changed or vanished by a second run."""
    ingest_run(invent_records(make_ad))
    again = [make_ad(f"a{number}", spend_lower_minor=number) for number in range(3)]
    ingest_run([*again, make_ad("a3", bodies=["Other words"])], NOON + timedelta(days=1))
    return engine
