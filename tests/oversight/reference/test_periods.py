"""When an ad ran and whether that touches a span of time, said only when it is sure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.reference.periods import begin_day, find_period

START, END = datetime(2023, 5, 20, tzinfo=UTC), datetime(2023, 5, 22, tzinfo=UTC)


@dataclass
class Run:
    started_at: datetime | None = None
    ended_at: datetime | None = None
    started_on: date | None = None
    ended_on: date | None = None
    day_zone: str = "UTC"


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2023, 5, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("run", "overlaps", "inside", "starts_inside"),
    [
        (Run(at(19), at(21)), True, False, False),
        (Run(at(20), at(21)), True, True, True),
        (Run(at(10), at(19, 23)), False, False, False),
        (Run(at(22), at(23)), False, False, False),
        (Run(at(21), None), True, None, True),
        (Run(at(10), None), None, False, False),
        (Run(at(22), None), False, False, False),
        (Run(None, at(21)), True, None, None),
        (Run(None, at(19)), False, False, False),
        (Run(None, at(23)), None, False, None),
        (Run(), None, None, None),
        (Run(started_on=date(2023, 5, 20), ended_on=date(2023, 5, 21)), True, True, True),
        (Run(started_on=date(2023, 5, 19), ended_on=date(2023, 5, 19)), False, False, False),
        (Run(started_on=date(2023, 5, 19), ended_on=date(2023, 5, 20)), True, False, False),
    ],
)
def test_an_answer_is_given_only_when_it_is_sure(
    run: Run, overlaps: bool | None, inside: bool | None, starts_inside: bool | None
) -> None:
    period = find_period(run)
    assert period.overlaps(START, END) is overlaps
    assert period.is_inside(START, END) is inside
    assert period.starts_inside(START, END) is starts_inside


def test_a_day_of_which_the_window_takes_only_hours_is_open() -> None:
    period = find_period(Run(started_on=date(2023, 5, 21), ended_on=date(2023, 5, 21)))
    assert period.overlaps(at(21, 4), at(21, 16)) is None


def test_days_begin_in_the_sources_zone() -> None:
    athens = Run(started_on=date(2023, 5, 20), ended_on=date(2023, 5, 20), day_zone="Europe/Athens")
    assert find_period(athens).start_lower == at(19, 21)
    assert find_period(athens).overlaps(at(20, 21), END) is False


def test_a_day_whose_midnight_the_clocks_skip_begins_after_the_gap() -> None:
    assert begin_day(date(2018, 11, 4), "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


HOURS = st.integers(0, 100).map(lambda hours: at(18) + timedelta(hours=hours))


@given(st.tuples(HOURS, HOURS).map(sorted), st.booleans(), st.booleans(), st.booleans())
def test_knowing_less_never_turns_an_answer_round(
    run: list[datetime], has_start: bool, has_end: bool, by_day: bool
) -> None:
    truth = find_period(Run(*run))
    started, ended = (run[0] if has_start else None), (run[1] if has_end else None)
    if by_day:
        days = Run(started_on=started and started.date(), ended_on=ended and ended.date())
        known = find_period(days)
    else:
        known = find_period(Run(started, ended))
    for question in ("overlaps", "is_inside", "starts_inside"):
        said = getattr(known, question)(START, END)
        assert said is None or said is getattr(truth, question)(START, END)


@given(
    st.lists(HOURS, min_size=8, max_size=8).map(sorted),
    st.lists(st.booleans(), min_size=2, max_size=2),
)
def test_what_is_said_of_a_version_holds_whenever_it_came_and_went(
    times: list[datetime], is_given: list[bool]
) -> None:
    """The ad starts and ends at some time; looks before and after a change are all that is known of it."""
    began, seen_0, came, seen_1, seen_2, went, seen_3, ended = times
    has_start, has_end = is_given
    known = find_period(Run(began if has_start else None, ended if has_end else None))
    part = known.cut((seen_0, seen_1), (seen_2, seen_3))
    truth = find_period(Run(came, went))
    assert part is not None
    for question in ("overlaps", "is_inside", "starts_inside"):
        said = getattr(part, question)(START, END)
        assert said is None or said is getattr(truth, question)(START, END)


def test_a_version_replaced_before_the_ad_began_has_no_days_and_one_told_after_it_has_all() -> None:
    period = find_period(Run(at(19), at(21)))
    assert period.cut(None, (at(10), at(12))) is None
    assert period.cut((at(22), at(23)), None) == period


@pytest.mark.parametrize(
    "run",
    [
        Run(started_on=date(2023, 1, 1), ended_on=date.max),
        Run(started_on=date(2023, 1, 1), ended_on=date.max, day_zone="Etc/GMT+12"),
        Run(started_on=date.min, ended_on=date(2023, 6, 1), day_zone="Etc/GMT-14"),
    ],
)
def test_a_day_at_the_end_of_the_calendar_tells_nothing(run):
    period = find_period(run)
    assert period.overlaps(START, END) is None
    assert period.is_inside(START, END) is not True
