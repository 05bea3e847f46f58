"""Reports filed again, rows that are gone, batches of filings that are implausible, and wages."""

import re

import pytest
from sqlmodel import col, select

from archive.ingest.close_run import accept_vanished, close_run
from archive.ingest.pages import ingest_page
from archive.models import Correction, Disclosure, DisclosureVersion, QuarantinedBatch
from archive.models.corrections import SpendMeasure
from archive.models.runs import Outcome, PieceStatus, RunKind
from archive.privacy import projecting
from archive.privacy.projecting import project_changed
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.disclosures import DisclosureFilter, list_disclosures
from archive.records import MissingReason, wages
from archive.runs.lease import begin_run
from archive.runs.plausibility import ImplausibleBatchError, open_gate
from archive.runs.quarantine import settle
from archive.spending.query import SpendBy, SpendQuery
from archive.spending.summarise import summarise_spending
from archive.store.database import read, write
from archive.store.ledger.checking import check_ledger
from tests.archive.ingest.test_filings import day, file_row
from tests.archive.runs.gated import write_source

pytestmark = pytest.mark.engines_alike


def file_payment(amount, ref, filing="100", payment="HB.1", **values):
    report = {"report_year": 2026, "report_kind": "M9"}
    return file_row(
        amount, ref, **(report | {"filing_ref": filing, "transaction_ref": payment} | values)
    )


def take_file(engine, records, number, *, complete=True, gated=False, taken_on=None):
    """One file of a day, read to its end; gives its run."""
    now = day(taken_on or number)
    with write(engine) as session:
        lease = begin_run(
            session,
            *("example", "2026", RunKind.IMPORT, now),
            observed_on=day(number),
            is_sweep=complete,
        )
        gate = open_gate(session, "example") if gated else None
        for start in range(0, len(records), 10):
            ingest_page(session, lease, records[start : start + 10], None, now, gate=gate)
        return close_run(session, lease, Outcome.DONE, now, covered=complete, gate=gate)


def sum_filed(engine, moment=NOW, by=None):
    query = SpendQuery(by=by, measure=SpendMeasure.DISCLOSED, moment=moment)
    with read(engine) as session:
        groups = summarise_spending(session, query).groups
    return {group.label if by else "all": group.lower_minor for group in groups}


def list_told(engine):
    with read(engine) as session:
        rows = session.exec(select(Correction).order_by(col(Correction.id)))
        return [
            (row.kind, row.before.get("amount_minor"), row.after.get("amount_minor"))
            for row in rows
        ]


@pytest.mark.parametrize("complete", [True, False])
def test_a_report_filed_again_counts_as_filed_last_with_one_correction_a_payment(engine, complete):
    take_file(engine, [file_payment(1000_00, "1")], 1, complete=complete)
    take_file(engine, [file_payment(1200_00, "2", "101")], 2, complete=complete)

    assert sum_filed(engine) == {"all": 1200_00}
    assert list_told(engine) == [("restated", 1000_00, 1200_00)]
    assert sum_filed(engine, Moment(valid_at=day(1))) == {"all": 1000_00}
    assert sum_filed(engine, Moment(as_of=day(1))) == {"all": 1000_00}
    with read(engine) as session:
        rows = list_disclosures(session, DisclosureFilter()).items
    assert [(row.is_superseded, row.may_be_one_payment) for row in rows] == [
        (True, False),
        (False, False),
    ]


@pytest.mark.parametrize("complete", [True, False])
def test_what_a_report_filed_again_drops_counts_no_more(engine, complete):
    first = [file_payment(1000_00, "1"), file_payment(300_00, "2", payment="HB.2")]
    take_file(engine, first, 1, complete=complete)
    run = take_file(engine, [file_payment(1000_00, "3", "101")], 2, complete=complete)

    assert sum_filed(engine) == {"all": 1000_00}
    assert run.withdrawn == 1
    assert list_told(engine) == [("withdrawn", 300_00, None)]


def test_an_earlier_filing_that_comes_late_counts_in_its_time_alone(engine):
    take_file(engine, [file_payment(1200_00, "2", "101")], 2)
    earlier = [file_payment(1000_00, "1"), file_payment(300_00, "3", payment="HB.2")]
    take_file(engine, earlier, 1, taken_on=3)

    assert sum_filed(engine) == {"all": 1200_00}
    assert sum_filed(engine, Moment(valid_at=day(1))) == {"all": 1300_00}
    assert list_told(engine) == []


def test_the_number_of_a_filing_counts_and_not_its_spelling(engine):
    take_file(engine, [file_payment(1, "1", "1000001")], 1, complete=False)
    take_file(engine, [file_payment(2, "2", "999999")], 2, complete=False)

    assert sum_filed(engine) == {"all": 1}


def test_a_source_that_takes_an_amendment_back_states_the_report_as_it_was(engine):
    take_file(engine, [file_payment(1000_00, "1")], 1)
    take_file(engine, [file_payment(1200_00, "2", "101")], 2)
    take_file(engine, [file_payment(1000_00, "1")], 3)

    assert sum_filed(engine) == {"all": 1000_00}
    assert sum_filed(engine, Moment(valid_at=day(2))) == {"all": 1200_00}


def test_rows_that_a_complete_file_no_longer_has_are_withdrawn_and_come_back(engine):
    both = [file_row(100, "1"), file_row(7, "2")]
    take_file(engine, both, 1)
    assert take_file(engine, both[1:], 2, complete=False).withdrawn == 0
    assert take_file(engine, both[1:], 3).withdrawn == 1
    assert sum_filed(engine) == {"all": 7}
    take_file(engine, both, 4)

    assert sum_filed(engine) == {"all": 107}
    assert sum_filed(engine, Moment(valid_at=day(3))) == {"all": 7}
    assert list_told(engine) == [("withdrawn", 100, None), ("returned", None, 100)]


def test_a_row_of_an_older_file_that_newer_complete_ones_lack_is_history(engine):
    take_file(engine, [file_row(7, "2")], 5)
    take_file(engine, [file_row(100, "1"), file_row(7, "2")], 1, taken_on=6)

    assert sum_filed(engine) == {"all": 7}
    assert sum_filed(engine, Moment(valid_at=day(1))) == {"all": 107}


def test_the_same_payment_in_two_reports_is_two_rows_marked(engine):
    rows = [file_payment(5, "1"), file_payment(5, "2", "200", report_kind="Q3")]
    take_file(engine, rows, 1)

    assert sum_filed(engine) == {"all": 10}
    with read(engine) as session:
        assert [
            row.may_be_one_payment for row in list_disclosures(session, DisclosureFilter()).items
        ] == [True, True]


def test_a_complete_file_that_lost_most_rows_waits_for_a_person(engine):
    write_source(engine)
    rows = [file_row(100, f"{number}") for number in range(53)]
    take_file(engine, rows, 1, gated=True)
    run = take_file(engine, rows[:20], 2, gated=True)

    assert run.outcome == Outcome.ATTENTION
    assert "33 of 53 filed payments are gone at once" in run.reason
    assert sum_filed(engine) == {"all": 5300}
    with write(engine) as session:
        settle(session, "batch-1", PieceStatus.RELEASED, "Ada", "the office said so", day(3))
        released = accept_vanished(session, session.get_one(QuarantinedBatch, 1), day(3))
        assert (released.withdrawn, released.complete) == (33, True)
    assert sum_filed(engine) == {"all": 2000}


@pytest.mark.parametrize("again", ["the same rows", "a report filed again"])
def test_filings_of_half_the_amounts_are_refused(engine, again):
    write_source(engine)
    rows = [file_payment(100, f"{n}", payment=f"HB.{n}") for n in range(30)]
    take_file(engine, rows, 1, gated=True)
    more = {} if again == "the same rows" else {"filing": "101"}
    halved = [
        file_payment(50, f"{n + (100 if more else 0)}", payment=f"HB.{n}", **more)
        for n in range(30)
    ]

    with pytest.raises(ImplausibleBatchError, match="known filed payments"):
        take_file(engine, halved, 2, gated=True)
    assert sum_filed(engine) == {"all": 3000}


def test_refunds_fall_out_of_no_sum_and_a_file_read_twice_is_no_news(engine):
    write_source(engine)
    rows = [file_row(-100 if number % 2 else 50, f"{number}") for number in range(40)]
    take_file(engine, rows, 1, gated=True)

    run = take_file(engine, rows, 2, gated=True)

    assert (run.outcome, run.unchanged, run.withdrawn) == (Outcome.DONE, 40, 0)
    assert list_told(engine) == []


@pytest.mark.parametrize(
    ("kind", "purpose", "is_named"),
    [
        ("IND", "PAYROLL", False),
        ("IND", "Staff salary, June", False),
        ("IND", "WEB DESIGN", True),
        ("ORG", "PAYROLL", True),
        ("IND", None, True),
    ],
)
def test_only_the_names_of_individuals_paid_wages_are_withheld(engine, kind, purpose, is_named):
    row = file_row(5, "1", payee_name="A Person", payee_kind=kind, purpose=purpose)
    take_file(engine, [row], 1)
    assert take_file(engine, [row], 2).unchanged == 1

    with read(engine) as session:
        [shown] = list_disclosures(session, DisclosureFilter()).items
        kept = session.exec(select(Disclosure)).one()
    assert shown.payee_name == ("A Person" if is_named else None)
    assert shown.missing.get("payee_name") == (None if is_named else MissingReason.REDACTED)
    assert kept.amount_minor == 5


def test_what_is_withheld_of_wages_stays_with_each_version_so_that_its_hash_still_holds(engine):
    write_source(engine)
    person = {"payee_name": "A Person", "payee_kind": "IND", "purpose": "PAYROLL"}
    first, other = (file_payment(5, ref, payment=ref, **person) for ref in "12")
    take_file(engine, [first, other], 1)
    take_file(engine, [other], 2)
    take_file(engine, [first, other], 3)

    with write(engine) as session:
        project_changed(session, day(4))
        versions = session.exec(select(DisclosureVersion)).all()
        assert {(v.content["payee_name"], v.withheld["payee_name"]) for v in versions} == {
            (None, "A Person")
        }
        assert [v.is_withdrawn for v in versions] == [False, False, True, False]
        assert check_ledger(session, None, lambda _: None).bad == []


def test_a_payment_that_no_rule_withholds_any_more_is_shown_again(engine, monkeypatch):
    write_source(engine)
    row = file_row(5, "1", payee_name="A Person", payee_kind="IND", purpose="PAYROLL")
    take_file(engine, [row], 1)
    with write(engine) as session:
        assert project_changed(session, day(2)) == 0
    monkeypatch.setattr(wages, "read_purposes", lambda: re.compile("salary"))
    monkeypatch.setattr(projecting, "read_purposes", wages.read_purposes)
    with write(engine) as session:
        assert project_changed(session, day(3)) == 1
        assert session.exec(select(Disclosure)).one().payee_name == "A Person"


def test_filings_are_split_by_payee_and_purpose(engine):
    ads = file_row(900, "1", payee_name="FACEBOOK", purpose="ONLINE ADS")
    pay = file_row(100, "2", payee_name="A Person", payee_kind="IND", purpose="PAYROLL")
    take_file(engine, [ads, pay], 1)

    of_payees = sum_filed(engine, by=SpendBy.PAYEE)
    assert of_payees.pop("FACEBOOK") == 900
    [(unknown, amount)] = of_payees.items()
    assert ("withheld" in unknown, amount) == (True, 100)
    assert sum_filed(engine, by=SpendBy.PURPOSE) == {"ONLINE ADS": 900, "PAYROLL": 100}


def test_without_a_complete_file_what_the_newest_one_lacks_is_counted(engine):
    def count_missed(moment=NOW):
        query = SpendQuery(measure=SpendMeasure.DISCLOSED, by=SpendBy.PAYEE, moment=moment)
        with read(engine) as session:
            groups = summarise_spending(session, query).groups
        return {group.label: (group.ads, group.not_in_newest) for group in groups}

    old, kept = file_payment(5, "1", payee_name="Old"), file_payment(6, "2", payee_name="Kept")
    of_last_year = file_payment(7, "3", payee_name="Past", report_year=2025)
    take_file(engine, [old, kept, of_last_year], 1, complete=False)
    take_file(engine, [kept], 2, complete=False)

    assert count_missed() == {"Old": (1, 1), "Kept": (1, 0), "Past": (1, 0)}
    assert count_missed(Moment(as_of=day(1)))["Old"] == (1, 0)
    take_file(engine, [kept], 3)
    assert count_missed() == {"Kept": (1, 0)}
