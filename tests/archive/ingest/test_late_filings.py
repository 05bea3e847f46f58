"""Filings that come late, before what withdrew or replaced them: they stay gone, in their last words."""

import pytest
from sqlmodel import select

from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past_money import disclosures_at
from archive.reading.shown_rows import check_shown
from archive.store.database import read
from tests.archive.ingest.test_amended_reports import file_payment, sum_filed, take_file
from tests.archive.ingest.test_filings import day, file_row

pytestmark = pytest.mark.engines_alike


def tell_first(engine, number=None):
    """Amount of the filing `1`, and whether it is replaced and withdrawn; now, or on a day."""
    moment = Moment(valid_at=day(number)) if number else NOW
    with read(engine) as session:
        filed = next(disclosures_at(session, moment))
        row = session.exec(select(filed).where(filed.ref == "1")).one()
        return row.amount_minor, row.is_superseded, row.is_withdrawn


def test_a_withdrawn_filing_says_what_was_filed_last_before_it(engine):
    take_file(engine, [file_row(100, "1")], 1)
    take_file(engine, [], 4)
    take_file(engine, [file_row(200, "1")], 3, complete=False, taken_on=5)

    assert tell_first(engine) == tell_first(engine, 4) == (200, False, True)
    assert (sum_filed(engine), sum_filed(engine, Moment(valid_at=day(3)))) == ({}, {"all": 200})
    assert check_shown(engine, int).ok


def test_what_was_filed_before_words_that_a_withdrawn_filing_says_already_stays_history(engine):
    take_file(engine, [file_row(100, "1")], 3)
    take_file(engine, [], 4)
    take_file(engine, [file_row(200, "1")], 2, complete=False, taken_on=5)

    assert tell_first(engine) == (100, False, True)
    assert tell_first(engine, 2) == (200, False, False)
    assert check_shown(engine, int).ok


def test_a_replaced_filing_says_what_was_filed_last_before_it_and_counted_until_then(engine):
    take_file(engine, [file_payment(1000, "1")], 1)
    take_file(engine, [file_payment(1200, "2", "101")], 4, complete=False)
    take_file(engine, [file_payment(1100, "1")], 3, complete=False, taken_on=5)

    assert tell_first(engine) == tell_first(engine, 4) == (1100, True, False)
    assert sum_filed(engine) == {"all": 1200}
    assert sum_filed(engine, Moment(valid_at=day(3))) == {"all": 1100}
    assert check_shown(engine, int).ok


def test_a_replaced_filing_seen_again_as_it_was_says_its_late_words_until_then(engine):
    take_file(engine, [file_payment(1000, "1")], 1)
    take_file(engine, [file_payment(1200, "2", "101")], 4, complete=False)
    take_file(engine, [file_payment(1000, "1")], 5, complete=False)
    take_file(engine, [file_payment(1100, "1")], 3, complete=False, taken_on=6)

    assert tell_first(engine) == tell_first(engine, 5) == (1000, True, False)
    assert tell_first(engine, 4) == (1100, True, False)
    assert tell_first(engine, 3) == (1100, False, False)
    assert check_shown(engine, int).ok
