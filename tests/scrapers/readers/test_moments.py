from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.readers.moments import compile_form, read_day_as, read_instant

FORMS = (
    "%Y/%m/%d %H:%M:%SZ",
    "%m/%d/%Y",
    "%m%d%Y",
    "%Y-%m-%dT%H:%M:%S%z",
    "%d.%m.%y",
    "%H:%M",
    "%Y-%m",
)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_day_is_read_in_each_of_the_forms_of_a_source(day: date) -> None:
    read = read_day_as("%m/%d/%Y", "%m%d%Y")
    assert read(f"{day:%m/%d/%Y}") == read(f"{day:%m%d%Y}") == day


@pytest.mark.parametrize("text", ["1152019", "1/15/2019", "13/40/2019", "2019-01-15"])
def test_a_day_in_another_form_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="not a day"):
        read_day_as("%m/%d/%Y", "%m%d%Y")(text)


def test_an_instant_comes_out_in_utc() -> None:
    read = read_instant("%Y-%m-%dT%H:%M:%S%z")
    assert read("2019-05-13T15:30:04-0700") == datetime(2019, 5, 13, 22, 30, 4, tzinfo=UTC)


def test_an_instant_before_all_time_is_refused() -> None:
    with pytest.raises(ValueError, match="not a time"):
        read_instant("%Y-%m-%dT%H:%M:%S%z")("0001-01-01T00:00:00+0700")


@pytest.mark.parametrize("value", [20190115, ["01/15/2019"], None])
def test_what_is_no_text_is_no_day(value: object) -> None:
    with pytest.raises(TypeError, match="is not text"):
        read_day_as("%m/%d/%Y")(value)


def read_plainly(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 (the zone is set below)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_shortly(text: str, form: str) -> datetime | None:
    try:
        return compile_form(form)(text)
    except ValueError:
        return None


@given(moment=st.datetimes(), form=st.sampled_from(FORMS))
def test_a_moment_is_read_as_strptime_reads_it(moment: datetime, form: str) -> None:
    text = moment.replace(tzinfo=UTC).strftime(form)
    assert read_shortly(text, form) == read_plainly(text, form)


@given(
    st.sampled_from(FORMS).flatmap(
        lambda form: st.tuples(
            st.just(form),
            st.lists(
                st.sampled_from([*"0123456789/-: TZ%", "19", "20", "31", "٣"]), max_size=20
            ).map("".join),
        )
    )
)
def test_any_text_is_a_moment_where_strptime_says_so(drawn: tuple[str, str]) -> None:
    form, text = drawn
    assert read_shortly(text, form) == read_plainly(text, form)


@given(
    digits=st.lists(st.integers(0, 9), min_size=14, max_size=14),
    form=st.sampled_from(["%Y/%m/%d %H:%M:%SZ", "%m/%d/%Y", "%m%d%Y"]),
)
def test_digits_in_the_places_of_a_form_mean_what_strptime_says(
    digits: list[int], form: str
) -> None:
    found = "".join(map(str, digits))
    parts = {"%Y": found[:4], "%m": found[4:6], "%d": found[6:8]}
    parts |= {"%H": found[8:10], "%M": found[10:12], "%S": found[12:]}
    text = form
    for directive, part in parts.items():
        text = text.replace(directive, part)
    assert read_shortly(text, form) == read_plainly(text, form)
