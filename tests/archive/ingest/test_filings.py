"""Filings: amended ones are versions and corrections, late ones are history."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from archive.ingest.pages import ingest_page
from archive.models import Change, Committee, Correction, Disclosure, DisclosureVersion, LedgerLeaf
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import Moment
from archive.reading.disclosures import DisclosureFilter, list_disclosures
from archive.records import CommitteeRecord, DisclosureRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, read, write
from tests.examples import few_or_many
from tests.migrated import copy_tables

DAY_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def day(number):
    return DAY_1 + timedelta(days=number - 1)


def file_row(amount, ref="r1", **values):
    given = {
        "committee_ref": "C1",
        "currency": "USD",
        "amount_minor": amount,
        "payee_name": "A printer",
        "spent_on": date(2026, 2, 1),
        "is_memo": False,
        "is_notice": False,
        "is_correction": False,
    }
    return DisclosureRecord(ref=ref, **(given | values))


def take_in(engine, records, at, *, learned_at=None):
    now = learned_at or at
    with write(engine) as session:
        lease = begin_run(session, "example", "2026", RunKind.IMPORT, now, observed_on=at)
        counts = ingest_page(session, lease, records, None, now)
        end_run(session, lease, Outcome.DONE, now)
    return counts


def list_corrections(engine):
    with read(engine) as session:
        rows = session.exec(select(Correction).order_by(col(Correction.id)))
        return [(row.subject, row.before, row.after) for row in rows]


def list_versions(engine):
    """Amount and day, by day."""
    query = select(DisclosureVersion).order_by(
        col(DisclosureVersion.observed_at), col(DisclosureVersion.seq)
    )
    with read(engine) as session:
        return [
            (v.content["amount_minor"], (v.observed_at - DAY_1).days + 1)
            for v in session.exec(query)
        ]


def read_current(engine):
    with read(engine) as session:
        row = session.exec(select(Disclosure)).one()
        return row.amount_minor, (row.observed_at - DAY_1).days + 1, row.versions


def test_an_amended_amount_is_a_version_and_a_correction(engine):
    take_in(engine, [file_row(100)], day(1))
    counts = take_in(engine, [file_row(150)], day(2))

    assert counts.changed == 1
    assert read_current(engine) == (150, 2, 2)
    assert list_corrections(engine) == [
        (
            "example:r1",
            {"currency": "USD", "amount_minor": 100},
            {"currency": "USD", "amount_minor": 150},
        )
    ]


def test_an_amended_payee_and_day_stand_beside_the_amount(engine):
    take_in(engine, [file_row(100)], day(1))
    take_in(engine, [file_row(100, payee_name="A painter", spent_on=date(2026, 2, 2))], day(2))

    [(_, before, after)] = list_corrections(engine)
    assert before == {
        "currency": "USD",
        "amount_minor": 100,
        "payee_name": "A printer",
        "spent_on": "2026-02-01",
    }
    assert (after["payee_name"], after["spent_on"]) == ("A painter", "2026-02-02")


def test_another_purpose_is_a_version_and_no_correction(engine):
    take_in(engine, [file_row(100)], day(1))
    take_in(engine, [file_row(100, purpose="Paint")], day(2))

    assert list_versions(engine) == [(100, 1), (100, 2)]
    assert list_corrections(engine) == []


def test_two_rows_of_one_ref_in_one_run_do_not_correct_each_other(engine):
    counts = take_in(engine, [file_row(100), file_row(150)], day(1))

    assert (counts.seen, counts.new, counts.changed) == (2, 1, 1)
    assert read_current(engine) == (150, 1, 2)
    assert list_corrections(engine) == []


def test_every_version_has_its_leaf_and_every_change_its_place(engine):
    take_in(engine, [file_row(100), file_row(7, "r2")], day(1))
    take_in(engine, [file_row(150), file_row(7, "r2")], day(2))

    with read(engine) as session:
        assert len(session.exec(select(LedgerLeaf)).all()) == 3
        assert len(session.exec(select(Change)).all()) == 3


def test_a_late_filing_never_becomes_current_and_corrects_nothing(engine):
    take_in(engine, [file_row(150)], day(5))
    counts = take_in(engine, [file_row(100)], day(1), learned_at=day(6))

    assert counts.changed == 1
    assert read_current(engine) == (150, 5, 2)
    assert list_versions(engine) == [(100, 1), (150, 5)]
    assert list_corrections(engine) == []


def test_what_was_seen_unchanged_after_a_late_filing_is_affirmed(engine):
    take_in(engine, [file_row(100)], day(1))
    take_in(engine, [file_row(100)], day(10))
    take_in(engine, [file_row(150)], day(5), learned_at=day(11))

    assert list_versions(engine) == [(100, 1), (150, 5), (100, 10)]
    assert read_current(engine) == (100, 10, 3)
    assert list_corrections(engine) == []


def test_an_older_file_that_says_what_was_known_writes_nothing(engine):
    take_in(engine, [file_row(100)], day(1))
    take_in(engine, [file_row(150)], day(9))
    counts = take_in(engine, [file_row(100)], day(5), learned_at=day(10))

    assert (counts.unchanged, counts.changed) == (1, 0)
    assert read_current(engine) == (150, 9, 2)


@pytest.mark.parametrize("seen_again_on", [[], [3, 10]])
def test_an_older_description_of_an_organisation_does_not_replace_a_newer_one(
    engine, seen_again_on
):
    described_on = 1 if seen_again_on else 10
    take_in(engine, [CommitteeRecord(ref="C1", name="Harbour")], day(described_on))
    for number in seen_again_on:
        take_in(engine, [CommitteeRecord(ref="C1", name="Harbour")], day(number))
    take_in(engine, [CommitteeRecord(ref="C1", name="Old port")], day(5), learned_at=day(11))

    with read(engine) as session:
        assert session.exec(select(Committee.name)).one() == "Harbour"


def test_a_newer_description_of_an_organisation_replaces_the_older(engine):
    take_in(engine, [CommitteeRecord(ref="C1", name="Old port")], day(1))
    counts = take_in(engine, [CommitteeRecord(ref="C1", name="Harbour")], day(2))

    assert counts.changed == 1
    with read(engine) as session:
        committee = session.exec(select(Committee)).one()
        assert (committee.name, committee.versions) == ("Harbour", 2)


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory):
    engine = create_archive_engine(copy_tables(tmp_path_factory.mktemp("filed")))
    yield engine
    engine.dispose()


numbers = iter(range(10_000))
arrivals = st.lists(st.tuples(st.integers(1, 8), st.sampled_from((100, 200, 300))), max_size=7)


@settings(max_examples=few_or_many(12))
@given(arrivals)
def test_in_any_order_of_arrival_the_versions_say_what_held_at_every_time(sqlite_engine, arrivals):
    ref = f"r-{next(numbers)}"
    everything = []
    for order, (number, amount) in enumerate(arrivals):
        take_in(sqlite_engine, [file_row(amount, ref)], day(number))
        everything.append((day(number), order, amount))
    with read(sqlite_engine) as session:
        row = session.exec(select(Disclosure).where(Disclosure.ref == ref)).first()
        query = select(DisclosureVersion).where(
            DisclosureVersion.disclosure_id == (row.id if row else None)
        )
        known = [(v.observed_at, v.seq, v.content["amount_minor"]) for v in session.exec(query)]

    for moment in map(day, range(9)):
        held = max((one for one in known if one[0] <= moment), default=None)
        true = max((one for one in everything if one[0] <= moment), default=None)
        assert (held and held[2]) == (true and true[2])
    assert (row and row.amount_minor) == (max(everything)[2] if everything else None)
    assert (row and row.versions) == (len(known) or None)


def test_a_late_filing_changes_nothing_that_was_said_before_it_came(engine):
    take_in(engine, [file_row(100)], day(1))
    take_in(engine, [file_row(150)], day(5))
    take_in(engine, [file_row(120)], day(3), learned_at=day(7))

    with read(engine) as session:
        asked = [Moment(as_of=day(number)) for number in (2, 6, 8)]
        [told] = zip(
            *(list_disclosures(session, DisclosureFilter(), moment=m).items for m in asked),
            strict=True,
        )
    assert [(row.amount_minor, row.versions) for row in told] == [(100, 1), (150, 2), (150, 3)]


def test_a_filing_by_an_organisation_nobody_described_is_listed_without_its_name(engine):
    take_in(engine, [file_row(100)], day(1))

    with read(engine) as session:
        [row] = list_disclosures(session, DisclosureFilter()).items
    assert (row.committee_ref, row.committee_name) == ("C1", None)
    assert "committee_name" not in row.missing
