"""Evidence read again by a right reader leaves what a right reader would have left from the start."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models import (
    Ad,
    AdMetric,
    AdvertiserSpend,
    Correction,
    Disclosure,
    DisclosureVersion,
    PublicAd,
    Run,
)
from archive.models.corrections import CorrectionKind
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, AdvertiserSpendRecord, DisclosureRecord, Grain
from archive.runs.lease import begin_run
from archive.store.database import read, write
from tests.examples import few_or_many

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCES = (f"source-{number}" for number in count())
TICKS = (NOON + timedelta(days=90, seconds=number) for number in count())

FILES = st.dictionaries(st.integers(1, 9), st.integers(0, 3), min_size=1, max_size=5).flatmap(
    lambda files: st.permutations(sorted(files.items()))
)
"""What each file says, by its day, in the order in which the files come in."""


def day(number):
    return NOON + timedelta(days=number - 1)


def say(value):
    """An ad, a statement and a filed row that say one value; the same texts, other numbers."""
    who = {"advertiser_ref": "page-1", "advertiser_name": "Harbour Party", "currency": "EUR"}
    spend = {"spend_lower_minor": value * 100, "spend_upper_minor": value * 100}
    return [
        AdRecord(ref="a1", platform="examplatform", bodies=[f"body {value}"], **who, **spend),
        AdvertiserSpendRecord(
            dataset="lives", platform="examplatform", grain=Grain.LIFETIME, **who, **spend
        ),
        DisclosureRecord(
            ref="f1",
            committee_ref="c1",
            currency="EUR",
            amount_minor=value * 100,
            spent_on=date(2026, 1, 1),
            is_memo=False,
            is_notice=False,
            is_correction=False,
        ),
    ]


def misread(value):
    """A reader that takes neighbours for the same."""
    return value // 2


def bring(engine, source, value, observed_on=None, rereads=None):
    kind = RunKind.REREAD if rereads else RunKind.IMPORT
    with write(engine) as session:
        lease = begin_run(
            session, source, "2026", kind, next(TICKS), observed_on=observed_on, rereads=rereads
        )
    with write(engine) as session:
        ingest_page(session, lease, say(value), None, next(TICKS))
        close_run(session, lease, Outcome.DONE, next(TICKS))


def crawl(engine, source, number, value):
    """A complete crawl; without a value the source gave the very bytes of the last one."""
    with write(engine) as session:
        at = day(number)
        lease = begin_run(session, source, "2026", RunKind.CRAWL, at, is_sweep=True)
        if value is not None:
            ingest_page(session, lease, say(value), None, at)
        is_unchanged = value is None
        close_run(session, lease, Outcome.DONE, at, covered=True, is_unchanged=is_unchanged)


def read_again(engine, source, files):
    with read(engine) as session:
        runs = session.exec(
            select(Run)
            .where(
                Run.source == source,
                Run.kind != RunKind.REREAD,
                col(Run.observed_at).in_([day(number) for number, _ in files]),
            )
            .order_by(col(Run.observed_at))
        ).all()
        session.expunge_all()
    for run, (_, value) in zip(runs, sorted(files), strict=True):
        bring(engine, source, value, rereads=run)


def hold_on(rows, number):
    """What held at the end of a day, of rows of (observed_at, seq, value)."""
    return max((row for row in rows if row[0] <= day(number)), default=(0, 0, None))[2]


def tell(engine, source):
    """What is current, and what held on each day, of the ad, the statement and the filed row."""
    with read(engine) as session:
        ad = session.exec(select(Ad).where(Ad.source == source)).one()
        public = session.get_one(PublicAd, ad.id)
        metrics = session.exec(select(AdMetric).where(AdMetric.ad_id == ad.id)).all()
        stated = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.source == source)).all()
        filed = session.exec(select(Disclosure).where(Disclosure.source == source)).one()
        versions = session.exec(
            select(DisclosureVersion).where(DisclosureVersion.disclosure_id == filed.id)
        ).all()
        histories = (
            [(m.observed_at, m.seq, m.spend_lower_minor) for m in metrics],
            [(s.observed_at, s.id, s.spend_lower_minor) for s in stated],
            [(v.observed_at, v.seq, v.content["amount_minor"]) for v in versions],
        )
        (current,) = (s.spend_lower_minor for s in stated if s.is_current)
        return (
            (public.spend_lower_minor, public.bodies, current, filed.amount_minor),
            [[hold_on(rows, number) for rows in histories] for number in range(10)],
        )


@settings(max_examples=few_or_many(8))
@given(files=FILES)
def test_evidence_read_again_leaves_what_a_right_reader_would_have_left(engine, files):
    wrong, right = next(SOURCES), next(SOURCES)
    for number, value in files:
        bring(engine, wrong, misread(value), observed_on=day(number))
        bring(engine, right, value, observed_on=day(number))

    read_again(engine, wrong, files)

    assert tell(engine, wrong) == tell(engine, right)
    before = tell(engine, wrong)
    read_again(engine, wrong, files)
    assert tell(engine, wrong) == before


@settings(max_examples=few_or_many(8))
@given(values=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=5))
def test_crawls_that_got_the_same_bytes_do_not_affirm_what_was_read_wrongly(engine, values):
    wrong, right = next(SOURCES), next(SOURCES)
    crawls = list(enumerate([1, *values], start=1))
    for number, value in crawls:
        crawl(engine, wrong, number, None if value is None else misread(value))
        crawl(engine, right, number, value)

    read_again(engine, wrong, [each for each in crawls if each[1] is not None])

    assert tell(engine, wrong) == tell(engine, right)


def test_only_what_was_read_of_the_same_evidence_is_called_misread(engine):
    source = next(SOURCES)
    bring(engine, source, 0, observed_on=day(1))
    with write(engine) as session:
        # A run that was stopped before it took anything in.
        lease = begin_run(session, source, "2026", RunKind.IMPORT, next(TICKS), observed_on=day(2))
        close_run(session, lease, Outcome.FAILED, next(TICKS))

    read_again(engine, source, [(1, 3), (2, 1)])

    with read(engine) as session:
        told = session.exec(
            select(Correction.measure, Correction.kind).order_by(col(Correction.id))
        ).all()
    misread_all = [
        (measure, CorrectionKind.MISREAD) for measure in ("ads", "reported", "disclosed")
    ]
    restated = [(measure, CorrectionKind.RESTATED) for measure in ("ads", "reported", "disclosed")]
    assert list(told) == [*misread_all, *restated]


@pytest.mark.parametrize("number", [1, 2])
def test_a_correction_of_a_misreading_says_all_that_differs_also_where_a_figure_grew(
    engine, number
):
    source = next(SOURCES)
    bring(engine, source, 1, observed_on=day(number))
    read_again(engine, source, [(number, 3)])

    with read(engine) as session:
        before, after = session.exec(
            select(Correction.before, Correction.after).where(Correction.measure == "ads")
        ).one()
    assert (before["spend_lower_minor"], after["spend_lower_minor"]) == (100, 300)
