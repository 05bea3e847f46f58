"""What kills the process is found by the tries that were noted: two deaths, then halves, then put aside."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.models import ConsumerPosition
from archive.runs.tries import ProcessKilledError, begin_try, end_try, note_try, take_alone
from archive.store.changes import move_position, read_position
from archive.store.database import create_archive_engine, read, write
from tests.examples import few_or_many

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(archive_url):
    engine = create_archive_engine(archive_url)
    yield engine
    engine.dispose()


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


def go(engine, units: int, killers: set[int], most: int, put_aside: list[int]) -> None:
    """One process that works on all units from the mark on, unless it is killed."""
    while True:
        with read(engine) as session:
            mark = read_position(session, "reader")
            done = mark.seq if mark else 0
        if done == units:
            return
        noted = begin_try(engine, "reader", min(most, units - done), NOON)
        with read(engine) as session:
            meets = noted.meets_killer(session)
        taken = range(done, done + noted.most)
        if meets:
            put_aside += taken
        elif killers & set(taken):
            raise Killed
        with write(engine) as session:
            move_position(session, "reader", done + noted.most, "", NOON)
        end_try(engine, noted)


def outlive(engine, units: int, killers: set[int], most: int) -> tuple[list[int], int]:
    """Processes one after the other until one comes through; what was put aside, and the deaths."""
    put_aside: list[int] = []
    deaths = 0
    while True:
        try:
            go(engine, units, killers, most, put_aside)
        except Killed:
            deaths += 1
            with read(engine) as session:
                mark = read_position(session, "reader")
            assert mark.tries > 0
            assert deaths < 40 * (len(killers) + 1)
        else:
            return put_aside, deaths


def test_one_that_kills_is_put_aside_and_the_others_are_done(engine):
    put_aside, deaths = outlive(engine, 100, {37}, 64)
    assert put_aside == [37]
    assert deaths <= 9


@settings(max_examples=few_or_many(15, 100))
@given(data=st.data())
def test_whatever_kills_is_found_and_nobody_else_is_blamed(engine, data):
    units = data.draw(st.integers(1, 40))
    killers = data.draw(st.sets(st.integers(0, units - 1), max_size=3))
    with write(engine) as session:
        move_position(session, "reader", 0, "", NOON)
    put_aside, _ = outlive(engine, units, killers, data.draw(st.integers(1, 40)))
    assert put_aside == sorted(killers)


def test_two_deaths_by_chance_put_nobody_aside(engine):
    for _ in range(2):
        begin_try(engine, "reader", 16, NOON)
    put_aside: list[int] = []
    go(engine, 16, set(), 16, put_aside)
    assert put_aside == []
    with read(engine) as session:
        mark = read_position(session, "reader")
    assert (mark.seq, mark.tries, mark.suspects) == (16, 0, 0)


def test_an_error_is_no_death(engine):
    for _ in range(5):
        with pytest.raises(MemoryError), note_try(engine, "reader", 9, NOON) as noted:
            raise MemoryError
        assert noted.most == 9
    with read(engine) as session:
        assert session.get(ConsumerPosition, "reader") is None


def test_one_thing_that_killed_twice_is_left_and_may_be_tried_again(engine):
    for _ in range(2):
        begin_try(engine, "media:a", 1, NOON)
    with pytest.raises(ProcessKilledError):
        take_alone(engine, "media:a", NOON, lambda: "done")
    assert take_alone(engine, "media:a", NOON, lambda: "done") == "done"
    with read(engine) as session:
        assert read_position(session, "media:a") is None
