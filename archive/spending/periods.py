"""A period split into days, weeks or months, and the words for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from archive.spending.query import PERIODS, SpendBy

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PeriodSlice:
    """Days from first to last, both included, with the key of the day, week or month they lie in."""

    key: str
    first_on: date
    last_on: date


def count_days(period_slice: PeriodSlice) -> int:
    """How many days it has."""
    return (period_slice.last_on - period_slice.first_on).days + 1


def slice_period(by: SpendBy | None, from_on: date, to_on: date) -> list[PeriodSlice]:
    """The period in days, weeks or months where it is split by them, else as it is."""
    if by in PERIODS and by is not None:
        return list(split_period(by, from_on, to_on))
    return [PeriodSlice("", from_on, to_on)]


def split_period(by: SpendBy, from_on: date, to_on: date) -> Iterator[PeriodSlice]:
    """The days, weeks or months of a period, in order; the first and last may be cut by its ends."""
    first_on = from_on
    while first_on <= to_on:
        key = key_day(by, first_on)
        last_on = first_on
        while last_on < to_on and key_day(by, last_on + ONE_DAY) == key:
            last_on += ONE_DAY
        yield PeriodSlice(key, first_on, last_on)
        if last_on == to_on:
            return
        first_on = last_on + ONE_DAY


def key_day(by: SpendBy, day: date) -> str:
    """Key of the day, ISO week (its Monday, ISO 8601) or month a day lies in."""
    match by:
        case SpendBy.WEEK:
            return (day - timedelta(days=day.weekday())).isoformat()
        case SpendBy.MONTH:
            return day.isoformat()[:7]
        case _:
            return day.isoformat()


def name_period(by: SpendBy, key: str) -> str:
    """A key of `key_day` in words."""
    if by is SpendBy.MONTH:
        return f"{date.fromisoformat(f'{key}-01'):%B %Y}"
    day = date.fromisoformat(key)
    return f"{'week from ' if by is SpendBy.WEEK else ''}{day.day} {day:%b %Y}"
