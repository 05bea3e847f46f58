"""Statements first heard of late, beside newer complete runs."""

import pytest
from sqlmodel import select

from archive.models import AdvertiserSpend
from archive.reading.shown_rows import check_shown
from archive.store.database import read
from tests.archive.ingest.test_statements import (
    day,
    list_corrections,
    list_rows,
    money,
    state,
    take_in,
)


def test_a_statement_first_heard_of_late_is_withdrawn_where_a_newer_complete_run_missed_it(engine):
    take_in(engine, [state(200, "page-2")], day(8))
    take_in(engine, [state(200, "page-2")], day(5), learned_at=day(9))
    take_in(engine, [state(300, "page-3")], day(6), partition="2025")
    take_in(engine, [state(100), state(200, "page-2")], day(2), learned_at=day(10))

    assert list_corrections(engine) == [("withdrawn", money(100), {})]
    assert list_rows(engine) == [
        (100, 2, False),
        (200, 2, False),
        (200, 5, False),
        (None, 5, True),
        (300, 6, True),
        (200, 8, True),
    ]


def test_a_statement_that_returned_late_and_was_missed_again_is_withdrawn_again(engine):
    take_in(engine, [state(100), state(200, "page-2")], day(1))
    take_in(engine, [state(200, "page-2")], day(3))
    take_in(engine, [state(200, "page-2")], day(9))
    take_in(engine, [state(120), state(200, "page-2")], day(6), learned_at=day(10))

    kinds = [kind for kind, _, _ in list_corrections(engine)]
    assert kinds == ["withdrawn", "returned", "withdrawn"]
    assert list_rows(engine)[-2:] == [(120, 6, False), (None, 9, True)]


def test_a_late_statement_stands_where_newer_complete_runs_were_of_other_partitions(engine):
    take_in(engine, [state(200, "page-2")], day(5), partition="2025")
    take_in(engine, [state(200, "page-2")], day(6), sweep=False)
    take_in(engine, [state(100)], day(2), learned_at=day(9))

    assert list_corrections(engine) == []


@pytest.mark.parametrize(("seen_on", "currency"), [(None, "USD"), (3, "EUR")])
def test_a_withdrawn_statement_says_what_was_stated_last_before_it(engine, seen_on, currency):
    take_in(engine, [state(100)], day(1))
    if seen_on:
        take_in(engine, [state(100)], day(seen_on))
    take_in(engine, [], day(4))
    take_in(engine, [state(200, currency="USD")], day(2), learned_at=day(5), sweep=False)

    with read(engine) as session:
        now = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.is_current)).one()
    assert (now.currency, now.spend_lower_minor, now.is_withdrawn) == (currency, None, True)
    assert now.observed_at == day(4)
    assert check_shown(engine, int).ok
