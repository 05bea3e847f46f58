"""How the text of a moment is read: days, times with and without a zone, and what is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import QuestionError
from archive.reading.as_of.moment import Moment, read_moment

NOW = datetime(2026, 11, 23, 7, 20, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 7, 20, tzinfo=UTC)


def read_time(text: str) -> datetime | None:
    moment = read_moment(text, None, NOW)
    assert moment.valid_at is None
    assert read_moment(None, text, NOW) == Moment(valid_at=moment.as_of)
    return moment.as_of


def test_a_day_means_its_last_moment_and_today_means_now() -> None:
    assert read_time("2026-11-20") == datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=UTC)
    assert read_time(" 2026-11-22 ") == datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)
    assert read_time("2026-11-23") == NOW
    assert read_time("") is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T07:20Z",
        "2026-11-20t07:20:00z",
        "2026-11-20 07:20:00.000",
        "2026-11-20T07:20",
        "2026-11-20T09:20+02:00",
        "2026-11-19T23:20-08:00",
    ],
)
def test_a_time_counts_in_its_own_zone_and_without_one_in_utc(text: str) -> None:
    assert read_time(text) == MORNING
    assert read_time(text).utcoffset() == UTC.utcoffset(None)


def test_this_very_moment_has_come_and_the_next_has_not() -> None:
    assert read_time("2026-11-23T07:20Z") == NOW
    assert read_time("2026-11-23T09:20+02:00") == NOW
    for later in ("2026-11-23T07:20:00.000001Z", "2026-11-23T09:20Z", "2026-11-23T07:20-01:00"):
        with pytest.raises(QuestionError, match="has not come yet"):
            read_time(later)


@pytest.mark.parametrize("text", ["2026-11-24", "2999-01-01", "9999-12-31"])
def test_a_day_to_come_is_refused(text: str) -> None:
    with pytest.raises(QuestionError, match=f"valid_at {text} has not come yet") as refused:
        read_moment("2026-11-20", text, NOW)
    assert refused.value.field == "valid_at"


UNREADABLE = ["next week", "20261120", "2026-W47", "2026-11", "2026-02-30", "1700000000"]
UNREADABLE += ["2026-11-20T25:00", "2026-11-20T07:20+99:00", "0001-01-01T00:00+02:00"]
UNREADABLE += ["2026-11-20T", "2026-11-20\n2026-11-20"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_day_and_no_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(QuestionError, match=r"as_of .* such as 2026-11-20 or 2026-11-20T07:20Z"):
        read_moment(text, "2026-11-20", NOW)


@given(st.text(max_size=30))
def test_no_text_given_as_a_time_fails_otherwise(text: str) -> None:
    with suppress(QuestionError):
        assert read_time(text) is None or text.strip()
