"""A statement of the site ends when its time is over; the connection is as good as before."""

import time

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from archive.store.database import read
from archive.store.time_limits import TimeIsUpError, limit_session, limit_statements

ENDLESS = text(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
)


def test_a_statement_that_does_not_end_is_ended(engine: Engine):
    limit_statements(engine, 0.2)
    began = time.perf_counter()

    with read(engine) as session, pytest.raises(OperationalError):
        session.execute(ENDLESS)

    assert time.perf_counter() - began < 5
    with read(engine) as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_time_between_two_statements_is_nobodys_fault(engine: Engine):
    limit_statements(engine, 0.2)
    with read(engine) as session:
        session.execute(text("SELECT 1"))
        time.sleep(0.3)

        assert session.execute(text("SELECT 2")).scalar_one() == 2


@pytest.mark.parametrize("usual", [None, 0.3])
def test_one_question_may_have_less_time_and_the_next_has_as_much_as_ever(
    engine: Engine, usual: float | None
):
    if usual:
        limit_statements(engine, usual)
    began = time.perf_counter()
    with read(engine) as session, pytest.raises(TimeIsUpError), limit_session(session, 0.1):
        session.execute(ENDLESS)
    assert time.perf_counter() - began < 5
    with read(engine) as session:
        with limit_session(session, 60):
            assert session.execute(text("SELECT 1")).scalar_one() == 1
        if usual:
            with pytest.raises(OperationalError):
                session.execute(ENDLESS)


def test_what_fails_for_another_reason_is_not_taken_for_the_time(engine: Engine):
    with read(engine) as session, pytest.raises(RuntimeError), limit_session(session, 60):
        raise RuntimeError
