"""Ends of windows: a moment of an election, moved by calendar units, working days or elapsed time.

Years, months, weeks and days are counted on the local calendar, keeping the local time of day unless `@` says
another; hours and minutes are elapsed time. A month that has no such day ends on its last one: 31 May minus
three months is 28 or 29 February.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Self

from oversight.reference.holidays import WEEK, Holidays, Weekday


class Anchor(StrEnum):
    """The moments of an election that a window can be counted from."""

    CALLED_ON = "called_on"
    MONTH_START = "month_start"
    POLLING_DAY = "polling_day"
    POLL_OPENS = "poll_opens"
    POLL_CLOSES = "poll_closes"
    YEAR_START = "year_start"
    CAMPAIGN_START = "campaign_start"
    PERIOD_START = "period_start"
    PUBLIC_NOTICE = "public_notice"


DAY_OF = {
    Anchor.CALLED_ON: "called_on",
    Anchor.CAMPAIGN_START: "campaign_starts_on",
    Anchor.PERIOD_START: "period_starts_on",
    Anchor.PUBLIC_NOTICE: "noticed_on",
}
"""The field of an election that such a moment begins, at local midnight."""

EDGE = re.compile(
    r"(?P<anchor>[a-z_]+)(?:\s*(?P<sign>[+-])\s*(?:P(?=\d|T\d)"
    r"(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?)?"
    r"|(?P<working>\d{1,3}) working days?"
    rf"|(?P<nth>[1-9]\d?) (?P<weekday>{'|'.join(Weekday)})s?))?"
    r"(?:\s*@\s*(?P<clock>[01]\d:[0-5]\d|2[0-3]:[0-5]\d))?"
)


class FirstDay(StrEnum):
    """How days are counted from a moment."""

    COUNTED = "counted"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True)
class Edge:
    """One end of a window: a moment of the election, moved by calendar units and by elapsed time."""

    anchor: Anchor
    months: int = 0
    days: int = 0
    elapsed: timedelta = timedelta()
    working_days: int = 0
    nth: int = 0
    """So many of that weekday, after the moment or before it."""
    weekday: Weekday | None = None
    clock: time | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `polling_day - P1D`, `poll_opens - PT48H`, `poll_closes + 10 fridays @ 18:00`.

        Raises:
            ValueError: if it is not a known moment with an ISO 8601 duration.
        """
        found = EDGE.fullmatch(text.strip())
        if not found or found["anchor"] not in set(Anchor):
            names = ", ".join(Anchor)
            ways = "- P1D, + PT24H, - 2 working days, + 10 fridays, @ 18:00"
            raise ValueError(f"{text!r} is not one of {names}, with or without {ways}")
        sign = -1 if found["sign"] == "-" else 1
        count = {k: sign * int(found[k] or 0) for k in found.groupdict() if k not in NOT_COUNTED}
        return cls(
            anchor=Anchor(found["anchor"]),
            months=12 * count["years"] + count["months"],
            days=7 * count["weeks"] + count["days"],
            elapsed=timedelta(hours=count["hours"], minutes=count["minutes"]),
            working_days=count["working"],
            nth=count["nth"],
            weekday=Weekday(found["weekday"]) if found["weekday"] else None,
            clock=time.fromisoformat(found["clock"]) if found["clock"] else None,
        )

    def move(self, day: date, first_day: FirstDay, holidays: Holidays | None) -> date:
        """The day that is so many months and days from another.

        Raises:
            ValueError: if working days are to be counted and no holidays are known.
            OverflowError: beyond the calendar.
        """
        day, days, working = _add_months(day, self.months), self.days, self.working_days
        if first_day is FirstDay.COUNTED:
            days -= _sign(days)
        if working and holidays is None:
            raise ValueError("the holidays of the country are not known: holidays/<country>.yaml")
        if working and holidays:
            is_first = first_day is FirstDay.COUNTED and holidays.is_working(day)
            day = holidays.move(day, working - _sign(working) * is_first)
        if self.weekday:
            # From 1 to 7 days after, or before: the day itself is none of them.
            way = _sign(self.nth)
            first = (way * (WEEK.index(self.weekday) - day.weekday()) - 1) % 7 + 1
            day += timedelta(days=way * first, weeks=self.nth - way)
        return day + timedelta(days=days)


NOT_COUNTED = {"anchor", "sign", "weekday", "clock"}


def _sign(count: int) -> int:
    return (count > 0) - (count < 0)


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        raise OverflowError(years)
    last_day = calendar.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last_day))
