"""Ends of windows: days, working days, weekdays and hours as a law counts them; rounds and phases."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from oversight.reference.holidays import Holidays
from oversight.reference.periods import Period
from oversight.reference.windows import WindowSpec, compute_window
from tests.oversight.reference.votes import SOURCE, make_election, make_spec, reckon

FREE = {
    "country": "GR",
    "first_on": date(2023, 1, 1),
    "last_on": date(2023, 12, 31),
    "days": [date(2023, 5, 18)],
    "source": SOURCE,
}
ROUNDS = {
    "polling_days": [date(2023, 5, 21), date(2023, 6, 4)],
    "polls": [
        {"zone": "UTC", "opens": "08:00", "closes": "19:00", "days": [date(2023, 5, 21)]},
        {
            "zone": "UTC",
            "opens": "08:00",
            "closes": "20:00",
            "days": [date(2023, 6, 4)],
            "round": 2,
        },
    ],
}
PHASES = {
    "polling_days": ROUNDS["polling_days"],
    "polls": [polls | {"round": 1, "phase": i} for i, polls in enumerate(ROUNDS["polls"], 1)],
}


@pytest.mark.parametrize(
    ("starts", "said", "begins"),
    [
        ("polling_day - 1 working day", {}, "2023-05-18 21:00"),
        ("polling_day - 2 working days", {}, "2023-05-16 21:00"),
        # 21 May is a Sunday, so that no day of work is counted with it.
        ("polling_day - 2 working days", {"first_day": "counted"}, "2023-05-16 21:00"),
        ("polling_day - P3D", {"first_day": "counted"}, "2023-05-18 21:00"),
        ("polling_day - P3D", {"first_day": "not_counted"}, "2023-05-17 21:00"),
        ("polling_day - P3D @ 18:00", {}, "2023-05-18 15:00"),
        ("polling_day - 1 wednesday", {}, "2023-05-16 21:00"),
        ("polling_day - 1 sunday", {}, "2023-05-13 21:00"),
        ("polling_day - 2 sundays", {}, "2023-05-06 21:00"),
        ("year_start", {}, "2022-12-31 22:00"),
        ("campaign_start", {}, "2023-04-27 21:00"),
    ],
)
def test_days_are_counted_as_the_law_says(starts: str, said: dict[str, str], begins: str) -> None:
    dates = {"campaign_starts_on": date(2023, 4, 28), "holidays": FREE}
    dates["sources"] = [SOURCE | {"about": ["polling_days", "polls", "campaign_starts_on"]}]
    assert reckon(starts, "poll_closes", said, **dates)[0][0] == begins


def test_a_window_may_end_on_the_tenth_friday_after_the_vote() -> None:
    assert reckon("poll_closes", "polling_day + 10 fridays @ 18:00")[0][1] == "2023-07-28 15:00"


@pytest.mark.parametrize("holidays", [None, FREE | {"last_on": date(2023, 5, 20)}])
def test_working_days_of_which_the_holidays_are_not_known_are_refused(holidays: object) -> None:
    with pytest.raises(ValueError, match=r"holidays of .* (are not|for)"):
        reckon("polling_day - 2 working days", "poll_closes + 2 working days", holidays=holidays)


def test_polls_that_close_after_midnight_close_the_next_day() -> None:
    late = {"zone": "Europe/Athens", "opens": "07:00", "closes": "01:00", "closes_next_day": True}
    assert reckon("poll_opens", "poll_closes", polls=[late])[0][1] == "2023-05-21 22:00"
    election = make_election(polls=[late])
    assert not election.is_over(datetime(2023, 5, 21, 21, 59, tzinfo=UTC))
    assert election.is_over(datetime(2023, 5, 21, 22, tzinfo=UTC))


def test_each_round_has_its_window_and_an_ad_in_one_of_them_is_in_it() -> None:
    both = [("2023-05-20 00:00", "2023-05-21 19:00"), ("2023-06-03 00:00", "2023-06-04 20:00")]
    assert reckon("polling_day - P1D", "poll_closes", {"per": "round"}, **ROUNDS) == both
    assert reckon("polling_day - P1D", "poll_closes", **ROUNDS) == [(both[0][0], both[1][1])]
    spec = make_spec("polling_day - P1D", "poll_closes", per="round")
    window = compute_window(spec, make_election(**ROUNDS))
    days = [datetime(2023, *day, tzinfo=UTC) for day in ((5, 20), (5, 28), (6, 3))]
    ran = [window.overlaps(Period(at, at, at, at)) for at in days]
    assert ran == [True, False, True]
    assert [span.part for span in window.spans] == ["", "round 2"]


def test_of_phases_nobody_knows_which_an_ad_was_shown_in() -> None:
    window = compute_window(
        make_spec("poll_opens", "poll_closes", per="phase"), make_election(**PHASES)
    )
    at = datetime(2023, 5, 21, 12, tzinfo=UTC)
    assert window.overlaps(Period(at, at, at, at)) is None
    with pytest.raises(ValueError, match="name their district"):
        compute_window(
            make_spec("poll_opens", "poll_closes", per="district"), make_election(**PHASES)
        )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"from": "poll_opens - PT48H"}, "write counted_in: hours, or days"),
        ({"from": "poll_opens - P1M", "first_day": "counted"}, "counted is about days"),
        ({"from": "poll_opens", "counted_in": "minutes"}, "counted_in"),
        ({"from": "poll_opens - 2 holidays"}, "2 working days"),
        ({"from": "poll_opens - 0 fridays"}, "10 fridays"),
        ({"from": "poll_opens @ 24:00"}, "@ 18:00"),
    ],
)
def test_a_way_of_counting_that_is_not_said_is_refused(said: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        WindowSpec.model_validate({"to": "poll_closes"} | said)


def test_polls_and_polling_days_are_the_same_days() -> None:
    with pytest.raises(ValueError, match="2023-06-11 stands in polls"):
        make_election(**ROUNDS | {"polling_days": [*ROUNDS["polling_days"], date(2023, 6, 11)]})
    with pytest.raises(ValueError, match="more than a day"):
        make_election(
            polls=[{"zone": "UTC", "opens": "07:00", "closes": "19:00", "closes_next_day": True}]
        )


ZONES = st.sampled_from(
    ["Europe/Athens", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]
)


@given(ZONES, st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(1, 400), st.integers(0, 23))
def test_days_keep_the_clock_and_hours_are_elapsed_whatever_the_clocks_do(
    zone: str, day: date, count: int, hour: int
) -> None:
    election = make_election(
        polling_days=[day], polls=[{"zone": zone, "opens": f"{hour:02}:00", "closes": "23:59"}]
    )
    by_days = compute_window(make_spec(f"poll_opens - P{count}D", "poll_closes"), election).spans[0]
    wanted = datetime.combine(day - timedelta(days=count), time(hour))
    began = by_days.start_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    # Where the clocks skip the hour, it begins when they have.
    assert timedelta() <= began - wanted <= timedelta(hours=1)
    assert began == wanted or by_days.start_at.astimezone(ZoneInfo(zone)).fold == 0
    by_hours = compute_window(make_spec(f"poll_opens - PT{count}H", "poll_opens"), election).spans[
        0
    ]
    assert by_hours.end_at - by_hours.start_at == timedelta(hours=count)


@given(ZONES, st.dates(date(2023, 2, 1), date(2023, 11, 30)), st.integers(1, 12), st.booleans())
def test_working_days_are_counted_one_by_one(
    zone: str, day: date, count: int, is_counted: bool
) -> None:
    said = {"first_day": "counted"} if is_counted else {}
    polls = [{"zone": zone, "opens": "07:00", "closes": "19:00"}]
    holidays = Holidays.model_validate(FREE)
    election = make_election(polling_days=[day], polls=polls, holidays=holidays)
    spec = make_spec(f"polling_day - {count} working days", "poll_closes", **said)
    begins = compute_window(spec, election).spans[0].start_at.astimezone(ZoneInfo(zone)).date()
    between = [begins + timedelta(days=n) for n in range((day - begins).days + is_counted)]
    assert sum(holidays.is_working(each) for each in between) == count
    assert holidays.is_working(begins)


@given(st.text(max_size=40), st.sampled_from(["poll_opens ", "polling_day - ", ""]))
def test_no_words_make_an_end_die(text: str, moment: str) -> None:
    try:
        spec = WindowSpec.model_validate({"from": moment + text, "to": "poll_closes"})
    except ValidationError:
        return
    with suppress(ValueError):
        compute_window(spec, make_election(holidays=FREE))
