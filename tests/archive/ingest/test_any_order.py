"""Runs taken in in any order: in the end the archive says what it says when they come in their order.

Two sources of one archive show the very same: the first is taken in day by day, the second as drawn.
What must not differ is what was said up to each time and what stands now. Ids, the times at which the
archive learned something, rows that repeat what held, and corrections differ by design. Since when something
is gone is not compared: a complete run that comes late says nothing of what newer runs saw or missed.
"""

import shutil
from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import (
    AdMetric,
    AdVersion,
    AdvertiserSpend,
    Committee,
    Disclosure,
    DisclosureVersion,
    PublicAd,
)
from archive.models.runs import Outcome, RunKind
from archive.records import (
    AdRecord,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
)
from archive.runs.lease import begin_run
from archive.spending import SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import create_archive_engine
from tests.archive.moments import day
from tests.examples import few_or_many
from tests.migrated import migrated_file

DAYS = 5
PARTITIONS = ["east", "west"]

TEXTS = st.sampled_from(["One", "Two", "Three"])
AMOUNTS = st.sampled_from([None, 100, 200, 300])
CURRENCIES = {100: "EUR", 200: "USD", 300: "EUR"}
"""What statements of each amount are in: a withdrawn one has no amount, and still says in what."""
SAYINGS = st.tuples(TEXTS, AMOUNTS, st.sampled_from(["EUR", "USD", None]))


@dataclass(frozen=True)
class Shown:
    """What a source showed in one partition on one day; a complete run says what is no longer there."""

    day: int
    partition: str
    is_complete: bool
    ads: dict[str, tuple[str, int | None, str | None]] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    filings: dict[str, int] = field(default_factory=dict)

    def records(self):
        """Records under names of this partition; both partitions hold the same numbers."""
        spent = {
            "countries": [["GR"], ["CY", "GR"]][self.partition == "west"],
            "advertiser_ref": self.partition,
        }
        for ref, (text, amount, currency) in self.ads.items():
            yield AdRecord(
                ref=f"{self.partition}-{ref}",
                platform="examplatform",
                advertiser_name=f"Party {text}",
                bodies=[text],
                started_on=date(2026, 3, 1),
                currency=currency,
                spend_lower_minor=amount,
                spend_upper_minor=None if amount == 300 else amount,
                **spent,
            )
        for ref, amount in self.statements.items():
            yield AdvertiserSpendRecord(
                dataset=ref,
                platform="examplatform",
                grain=Grain.LIFETIME,
                currency=CURRENCIES[amount],
                spend_lower_minor=amount,
                spend_upper_minor=amount,
                **spent,
            )
        for ref, amount in self.filings.items():
            yield CommitteeRecord(ref=f"{self.partition}-C", name=f"Committee {amount}")
            yield DisclosureRecord(
                ref=f"{self.partition}-{ref}",
                committee_ref=f"{self.partition}-C",
                currency="USD",
                amount_minor=amount,
                is_memo=False,
                is_notice=False,
                is_correction=False,
                spent_on=date(2026, 3, 1),
            )


def some(keys, values):
    return st.dictionaries(st.sampled_from(keys), values, max_size=len(keys))


RUNS = st.lists(
    st.builds(
        Shown,
        day=st.integers(1, DAYS),
        partition=st.sampled_from(PARTITIONS),
        is_complete=st.booleans(),
        ads=some(["1", "2"], SAYINGS),
        statements=some(["s", "t"], AMOUNTS.filter(bool)),
        filings=some(["f"], AMOUNTS.filter(bool)),
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda run: (run.day, run.partition),
)


def take_in(session, source, start, place, run):
    """Take a run in as the one in this place of all that are learned."""
    now = day(start + 100 + place)
    lease = begin_run(
        session,
        source,
        run.partition,
        RunKind.IMPORT,
        now,
        observed_on=day(start + run.day),
        is_sweep=True,
    )
    ingest_page(session, lease, list(run.records()), None, now)
    close_run(session, lease, Outcome.DONE, now, covered=run.is_complete)


def tell(session, source, start, days):
    """What stands now, and what held on these days."""
    moments = [day(start + number) for number in days]
    stated = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.source == source)).all()
    filed = session.exec(select(Disclosure).where(Disclosure.source == source)).all()
    ads = session.exec(select(PublicAd).where(PublicAd.source == source)).all()
    registered = select(Committee.ref, Committee.name).where(Committee.source == source)
    return {
        "ads": {ad.ref: (*read_ad(ad), ad.state, ad.first_seen_at) for ad in ads},
        "statements": sorted(
            (row.series, row.currency, row.spend_lower_minor, row.is_withdrawn)
            for row in stated
            if row.is_current
        ),
        "filings": {row.ref: (row.amount_minor, row.is_withdrawn) for row in filed},
        "committees": dict(session.exec(registered).all()),
        "sums": [tell_sums(session, source, measure) for measure in SpendMeasure],
        "texts then": [
            hold_then(session, AdVersion, {ad.id: ad.ref for ad in ads}, "ad_id", moment)
            for moment in moments
        ],
        "numbers then": [
            hold_then(session, AdMetric, {ad.id: ad.ref for ad in ads}, "ad_id", moment)
            for moment in moments
        ],
        "filings then": [
            hold_then(
                session, DisclosureVersion, {f.id: f.ref for f in filed}, "disclosure_id", moment
            )
            for moment in moments
        ],
    }


def read_ad(ad):
    return ad.text, ad.currency, ad.spend_lower_minor, ad.spend_upper_minor


def tell_sums(session, source, measure):
    summary = summarise_spending(session, SpendQuery(source=source, measure=measure))
    return [(g.currency, g.lower_minor, g.upper_minor, g.ads) for g in summary.groups]


HASHES = {AdVersion: "content_sha256", AdMetric: "numbers_sha256", DisclosureVersion: "row_sha256"}


def hold_then(session, table, refs, owner, moment):
    """The hash of what held of each thing at a time, by the source's own id."""
    owned = col(getattr(table, owner))
    query = select(table).where(owned.in_(refs), col(table.observed_at) <= moment)
    rows = session.exec(query.order_by(col(table.observed_at), col(table.seq)))
    return {refs[getattr(row, owner)]: getattr(row, HASHES[table]) for row in rows}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive in which every example is undone when it ends."""
    path = shutil.copy(migrated_file(), tmp_path_factory.mktemp("any_order") / "archive.sqlite3")
    engine = create_archive_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def check_order(archive, runs):
    start, days = 0, sorted({run.day for run in runs})
    with archive.connect() as connection, Session(connection) as session:
        for place, run in enumerate(sorted(runs, key=lambda run: run.day)):
            take_in(session, "ordered", start, place, run)
        for place, run in enumerate(runs):
            take_in(session, "drawn", start, place, run)
        ordered, drawn = (tell(session, source, start, days) for source in ("ordered", "drawn"))
    assert drawn == ordered


FILED_BEFORE_IT_WAS_GONE = [
    Shown(day=1, partition="east", is_complete=False),
    Shown(day=1, partition="west", is_complete=False),
    Shown(day=4, partition="east", is_complete=True),
    Shown(day=2, partition="east", is_complete=False, filings={"f": 100}),
    Shown(day=3, partition="east", is_complete=False, filings={"f": 200}),
]
STATED_BEFORE_IT_WAS_GONE = [
    Shown(day=3, partition="east", is_complete=True),
    Shown(day=1, partition="east", is_complete=False, statements={"s": 100}),
    Shown(day=2, partition="east", is_complete=False, statements={"s": 200}),
]


@settings(max_examples=few_or_many(8, 400))
@given(runs=RUNS)
@example(runs=FILED_BEFORE_IT_WAS_GONE)
@example(runs=STATED_BEFORE_IT_WAS_GONE)
def test_in_whatever_order_runs_come_the_archive_says_the_same(archive, runs):
    check_order(archive, runs)


def test_a_late_run_is_late_beside_a_newer_one_that_found_its_partition_empty(archive):
    empty = Shown(day=2, partition="west", is_complete=True)
    late = Shown(day=1, partition="west", is_complete=False, ads={"1": ("One", None, "EUR")})
    check_order(archive, [empty, late])
