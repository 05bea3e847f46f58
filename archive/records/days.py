"""Days moved along the calendar, which ends with the year 9999."""

from datetime import date, timedelta


def shift_day(day: date, by: timedelta) -> date:
    """A day moved; the first or the last day there is, where it would be moved beyond."""
    try:
        return day + by
    except OverflowError:
        return date.min if by < timedelta() else date.max
