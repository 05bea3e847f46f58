"""One of several processes that write into the same archive; it takes the database's URL and a name.

It waits for a line on standard input, then imports its own ads and those that every process imports, in
small pages, and prints what it counted as one JSON line.
"""

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, AdvertiserSpendRecord, AnyRecord, DisclosureRecord
from archive.runs.lease import Counts, begin_run, end_run
from archive.store.database import create_archive_engine, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGES, ADS_A_PAGE = 15, 8


def make_ad(ref: str) -> AdRecord:
    return AdRecord(
        ref=ref,
        platform="examplatform",
        advertiser_ref=f"page-{len(ref)}",
        advertiser_name="Harbour Party",
        bodies=[f"Vote {ref}"],
        currency="EUR",
        spend_lower_minor=100,
        spend_upper_minor=100,
    )


def make_statement(number: int) -> AdvertiserSpendRecord:
    return AdvertiserSpendRecord(
        dataset="weekly",
        platform="examplatform",
        grain="week",
        period_start_on=date(2026, 2, 2),
        period_end_on=date(2026, 2, 8),
        advertiser_ref=f"page-{number}",
        currency="EUR",
        spend_lower_minor=number,
        spend_upper_minor=number,
    )


def make_disclosure(number: int) -> DisclosureRecord:
    return DisclosureRecord(
        ref=f"d{number}",
        committee_ref="c1",
        currency="EUR",
        amount_minor=number,
        is_memo=False,
        is_notice=False,
        is_correction=False,
        spent_on=date(2026, 2, 3),
    )


def make_page(name: str, page: int) -> list[AnyRecord]:
    """Half of the ads are this process's own, the rest everybody's."""
    own = [make_ad(f"{name}-{page}-{i}") for i in range(ADS_A_PAGE // 2)]
    shared = [make_ad(f"shared-{page}-{i}") for i in range(ADS_A_PAGE // 2)]
    return [*own, *shared, make_statement(page), make_disclosure(page)]


def write_pages(engine: Engine, name: str) -> Counts:
    counts = Counts()
    with write(engine) as session:
        lease = begin_run(
            session, "example", name, RunKind.IMPORT, datetime.now(UTC), observed_on=NOON
        )
    for page in range(PAGES):
        with write(engine) as session:
            counts.add(ingest_page(session, lease, make_page(name, page), None, datetime.now(UTC)))
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, datetime.now(UTC))
    return counts


if __name__ == "__main__":
    engine = create_archive_engine(sys.argv[1])
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    print(json.dumps(asdict(write_pages(engine, sys.argv[2]))))  # noqa: T201
